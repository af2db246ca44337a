#pragma once
// Takes an aggregate apart: with_members(value, N, visit) calls visit(member…) with references to its N
// members. C++20 has no packs of structured bindings, hence one line for each number. A struct with more
// members than kMaxMembers is refused; put some of them into a struct of their own.
#include <cstddef>

namespace perdure::detail {

inline constexpr std::size_t kMaxMembers = 128;

// clang-format off
#define PERDURE_MEMBERS(n, ...) \
  if constexpr (N == n) {       \
    auto& [__VA_ARGS__] = value; \
    return visit(__VA_ARGS__);  \
  }
#define PERDURE_A a0, a1, a2, a3, a4, a5, a6, a7
#define PERDURE_B PERDURE_A, b0, b1, b2, b3, b4, b5, b6, b7
#define PERDURE_C PERDURE_B, c0, c1, c2, c3, c4, c5, c6, c7
#define PERDURE_D PERDURE_C, d0, d1, d2, d3, d4, d5, d6, d7
#define PERDURE_E PERDURE_D, e0, e1, e2, e3, e4, e5, e6, e7
#define PERDURE_F PERDURE_E, f0, f1, f2, f3, f4, f5, f6, f7
#define PERDURE_G PERDURE_F, g0, g1, g2, g3, g4, g5, g6, g7
#define PERDURE_H PERDURE_G, h0, h1, h2, h3, h4, h5, h6, h7
#define PERDURE_I PERDURE_H, i0, i1, i2, i3, i4, i5, i6, i7
#define PERDURE_J PERDURE_I, j0, j1, j2, j3, j4, j5, j6, j7
#define PERDURE_K PERDURE_J, k0, k1, k2, k3, k4, k5, k6, k7
#define PERDURE_L PERDURE_K, l0, l1, l2, l3, l4, l5, l6, l7
#define PERDURE_M PERDURE_L, m0, m1, m2, m3, m4, m5, m6, m7
#define PERDURE_N PERDURE_M, n0, n1, n2, n3, n4, n5, n6, n7
#define PERDURE_O PERDURE_N, o0, o1, o2, o3, o4, o5, o6, o7

template <std::size_t N, class T, class Visit>
constexpr decltype(auto) with_members(T& value, Visit&& visit) {
  if constexpr (N == 0) {
    return visit();
  }
  PERDURE_MEMBERS(1, a0)
  PERDURE_MEMBERS(2, a0, a1)
  PERDURE_MEMBERS(3, a0, a1, a2)
  PERDURE_MEMBERS(4, a0, a1, a2, a3)
  PERDURE_MEMBERS(5, a0, a1, a2, a3, a4)
  PERDURE_MEMBERS(6, a0, a1, a2, a3, a4, a5)
  PERDURE_MEMBERS(7, a0, a1, a2, a3, a4, a5, a6)
  PERDURE_MEMBERS(8, a0, a1, a2, a3, a4, a5, a6, a7)
  PERDURE_MEMBERS(9, PERDURE_A, b0)
  PERDURE_MEMBERS(10, PERDURE_A, b0, b1)
  PERDURE_MEMBERS(11, PERDURE_A, b0, b1, b2)
  PERDURE_MEMBERS(12, PERDURE_A, b0, b1, b2, b3)
  PERDURE_MEMBERS(13, PERDURE_A, b0, b1, b2, b3, b4)
  PERDURE_MEMBERS(14, PERDURE_A, b0, b1, b2, b3, b4, b5)
  PERDURE_MEMBERS(15, PERDURE_A, b0, b1, b2, b3, b4, b5, b6)
  PERDURE_MEMBERS(16, PERDURE_A, b0, b1, b2, b3, b4, b5, b6, b7)
  PERDURE_MEMBERS(17, PERDURE_B, c0)
  PERDURE_MEMBERS(18, PERDURE_B, c0, c1)
  PERDURE_MEMBERS(19, PERDURE_B, c0, c1, c2)
  PERDURE_MEMBERS(20, PERDURE_B, c0, c1, c2, c3)
  PERDURE_MEMBERS(21, PERDURE_B, c0, c1, c2, c3, c4)
  PERDURE_MEMBERS(22, PERDURE_B, c0, c1, c2, c3, c4, c5)
  PERDURE_MEMBERS(23, PERDURE_B, c0, c1, c2, c3, c4, c5, c6)
  PERDURE_MEMBERS(24, PERDURE_B, c0, c1, c2, c3, c4, c5, c6, c7)
  PERDURE_MEMBERS(25, PERDURE_C, d0)
  PERDURE_MEMBERS(26, PERDURE_C, d0, d1)
  PERDURE_MEMBERS(27, PERDURE_C, d0, d1, d2)
  PERDURE_MEMBERS(28, PERDURE_C, d0, d1, d2, d3)
  PERDURE_MEMBERS(29, PERDURE_C, d0, d1, d2, d3, d4)
  PERDURE_MEMBERS(30, PERDURE_C, d0, d1, d2, d3, d4, d5)
  PERDURE_MEMBERS(31, PERDURE_C, d0, d1, d2, d3, d4, d5, d6)
  PERDURE_MEMBERS(32, PERDURE_C, d0, d1, d2, d3, d4, d5, d6, d7)
  PERDURE_MEMBERS(33, PERDURE_D, e0)
  PERDURE_MEMBERS(34, PERDURE_D, e0, e1)
  PERDURE_MEMBERS(35, PERDURE_D, e0, e1, e2)
  PERDURE_MEMBERS(36, PERDURE_D, e0, e1, e2, e3)
  PERDURE_MEMBERS(37, PERDURE_D, e0, e1, e2, e3, e4)
  PERDURE_MEMBERS(38, PERDURE_D, e0, e1, e2, e3, e4, e5)
  PERDURE_MEMBERS(39, PERDURE_D, e0, e1, e2, e3, e4, e5, e6)
  PERDURE_MEMBERS(40, PERDURE_D, e0, e1, e2, e3, e4, e5, e6, e7)
  PERDURE_MEMBERS(41, PERDURE_E, f0)
  PERDURE_MEMBERS(42, PERDURE_E, f0, f1)
  PERDURE_MEMBERS(43, PERDURE_E, f0, f1, f2)
  PERDURE_MEMBERS(44, PERDURE_E, f0, f1, f2, f3)
  PERDURE_MEMBERS(45, PERDURE_E, f0, f1, f2, f3, f4)
  PERDURE_MEMBERS(46, PERDURE_E, f0, f1, f2, f3, f4, f5)
  PERDURE_MEMBERS(47, PERDURE_E, f0, f1, f2, f3, f4, f5, f6)
  PERDURE_MEMBERS(48, PERDURE_E, f0, f1, f2, f3, f4, f5, f6, f7)
  PERDURE_MEMBERS(49, PERDURE_F, g0)
  PERDURE_MEMBERS(50, PERDURE_F, g0, g1)
  PERDURE_MEMBERS(51, PERDURE_F, g0, g1, g2)
  PERDURE_MEMBERS(52, PERDURE_F, g0, g1, g2, g3)
  PERDURE_MEMBERS(53, PERDURE_F, g0, g1, g2, g3, g4)
  PERDURE_MEMBERS(54, PERDURE_F, g0, g1, g2, g3, g4, g5)
  PERDURE_MEMBERS(55, PERDURE_F, g0, g1, g2, g3, g4, g5, g6)
  PERDURE_MEMBERS(56, PERDURE_F, g0, g1, g2, g3, g4, g5, g6, g7)
  PERDURE_MEMBERS(57, PERDURE_G, h0)
  PERDURE_MEMBERS(58, PERDURE_G, h0, h1)
  PERDURE_MEMBERS(59, PERDURE_G, h0, h1, h2)
  PERDURE_MEMBERS(60, PERDURE_G, h0, h1, h2, h3)
  PERDURE_MEMBERS(61, PERDURE_G, h0, h1, h2, h3, h4)
  PERDURE_MEMBERS(62, PERDURE_G, h0, h1, h2, h3, h4, h5)
  PERDURE_MEMBERS(63, PERDURE_G, h0, h1, h2, h3, h4, h5, h6)
  PERDURE_MEMBERS(64, PERDURE_G, h0, h1, h2, h3, h4, h5, h6, h7)
  PERDURE_MEMBERS(65, PERDURE_H, i0)
  PERDURE_MEMBERS(66, PERDURE_H, i0, i1)
  PERDURE_MEMBERS(67, PERDURE_H, i0, i1, i2)
  PERDURE_MEMBERS(68, PERDURE_H, i0, i1, i2, i3)
  PERDURE_MEMBERS(69, PERDURE_H, i0, i1, i2, i3, i4)
  PERDURE_MEMBERS(70, PERDURE_H, i0, i1, i2, i3, i4, i5)
  PERDURE_MEMBERS(71, PERDURE_H, i0, i1, i2, i3, i4, i5, i6)
  PERDURE_MEMBERS(72, PERDURE_H, i0, i1, i2, i3, i4, i5, i6, i7)
  PERDURE_MEMBERS(73, PERDURE_I, j0)
  PERDURE_MEMBERS(74, PERDURE_I, j0, j1)
  PERDURE_MEMBERS(75, PERDURE_I, j0, j1, j2)
  PERDURE_MEMBERS(76, PERDURE_I, j0, j1, j2, j3)
  PERDURE_MEMBERS(77, PERDURE_I, j0, j1, j2, j3, j4)
  PERDURE_MEMBERS(78, PERDURE_I, j0, j1, j2, j3, j4, j5)
  PERDURE_MEMBERS(79, PERDURE_I, j0, j1, j2, j3, j4, j5, j6)
  PERDURE_MEMBERS(80, PERDURE_I, j0, j1, j2, j3, j4, j5, j6, j7)
  PERDURE_MEMBERS(81, PERDURE_J, k0)
  PERDURE_MEMBERS(82, PERDURE_J, k0, k1)
  PERDURE_MEMBERS(83, PERDURE_J, k0, k1, k2)
  PERDURE_MEMBERS(84, PERDURE_J, k0, k1, k2, k3)
  PERDURE_MEMBERS(85, PERDURE_J, k0, k1, k2, k3, k4)
  PERDURE_MEMBERS(86, PERDURE_J, k0, k1, k2, k3, k4, k5)
  PERDURE_MEMBERS(87, PERDURE_J, k0, k1, k2, k3, k4, k5, k6)
  PERDURE_MEMBERS(88, PERDURE_J, k0, k1, k2, k3, k4, k5, k6, k7)
  PERDURE_MEMBERS(89, PERDURE_K, l0)
  PERDURE_MEMBERS(90, PERDURE_K, l0, l1)
  PERDURE_MEMBERS(91, PERDURE_K, l0, l1, l2)
  PERDURE_MEMBERS(92, PERDURE_K, l0, l1, l2, l3)
  PERDURE_MEMBERS(93, PERDURE_K, l0, l1, l2, l3, l4)
  PERDURE_MEMBERS(94, PERDURE_K, l0, l1, l2, l3, l4, l5)
  PERDURE_MEMBERS(95, PERDURE_K, l0, l1, l2, l3, l4, l5, l6)
  PERDURE_MEMBERS(96, PERDURE_K, l0, l1, l2, l3, l4, l5, l6, l7)
  PERDURE_MEMBERS(97, PERDURE_L, m0)
  PERDURE_MEMBERS(98, PERDURE_L, m0, m1)
  PERDURE_MEMBERS(99, PERDURE_L, m0, m1, m2)
  PERDURE_MEMBERS(100, PERDURE_L, m0, m1, m2, m3)
  PERDURE_MEMBERS(101, PERDURE_L, m0, m1, m2, m3, m4)
  PERDURE_MEMBERS(102, PERDURE_L, m0, m1, m2, m3, m4, m5)
  PERDURE_MEMBERS(103, PERDURE_L, m0, m1, m2, m3, m4, m5, m6)
  PERDURE_MEMBERS(104, PERDURE_L, m0, m1, m2, m3, m4, m5, m6, m7)
  PERDURE_MEMBERS(105, PERDURE_M, n0)
  PERDURE_MEMBERS(106, PERDURE_M, n0, n1)
  PERDURE_MEMBERS(107, PERDURE_M, n0, n1, n2)
  PERDURE_MEMBERS(108, PERDURE_M, n0, n1, n2, n3)
  PERDURE_MEMBERS(109, PERDURE_M, n0, n1, n2, n3, n4)
  PERDURE_MEMBERS(110, PERDURE_M, n0, n1, n2, n3, n4, n5)
  PERDURE_MEMBERS(111, PERDURE_M, n0, n1, n2, n3, n4, n5, n6)
  PERDURE_MEMBERS(112, PERDURE_M, n0, n1, n2, n3, n4, n5, n6, n7)
  PERDURE_MEMBERS(113, PERDURE_N, o0)
  PERDURE_MEMBERS(114, PERDURE_N, o0, o1)
  PERDURE_MEMBERS(115, PERDURE_N, o0, o1, o2)
  PERDURE_MEMBERS(116, PERDURE_N, o0, o1, o2, o3)
  PERDURE_MEMBERS(117, PERDURE_N, o0, o1, o2, o3, o4)
  PERDURE_MEMBERS(118, PERDURE_N, o0, o1, o2, o3, o4, o5)
  PERDURE_MEMBERS(119, PERDURE_N, o0, o1, o2, o3, o4, o5, o6)
  PERDURE_MEMBERS(120, PERDURE_N, o0, o1, o2, o3, o4, o5, o6, o7)
  PERDURE_MEMBERS(121, PERDURE_O, p0)
  PERDURE_MEMBERS(122, PERDURE_O, p0, p1)
  PERDURE_MEMBERS(123, PERDURE_O, p0, p1, p2)
  PERDURE_MEMBERS(124, PERDURE_O, p0, p1, p2, p3)
  PERDURE_MEMBERS(125, PERDURE_O, p0, p1, p2, p3, p4)
  PERDURE_MEMBERS(126, PERDURE_O, p0, p1, p2, p3, p4, p5)
  PERDURE_MEMBERS(127, PERDURE_O, p0, p1, p2, p3, p4, p5, p6)
  PERDURE_MEMBERS(128, PERDURE_O, p0, p1, p2, p3, p4, p5, p6, p7)
}

#undef PERDURE_A
#undef PERDURE_B
#undef PERDURE_C
#undef PERDURE_D
#undef PERDURE_E
#undef PERDURE_F
#undef PERDURE_G
#undef PERDURE_H
#undef PERDURE_I
#undef PERDURE_J
#undef PERDURE_K
#undef PERDURE_L
#undef PERDURE_M
#undef PERDURE_N
#undef PERDURE_O
#undef PERDURE_MEMBERS
// clang-format on

}  // namespace perdure::detail
