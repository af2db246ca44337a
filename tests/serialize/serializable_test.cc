// What may cross, decided at compile time.
#include <gtest/gtest.h>

#include <any>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <thread>

#include "perdure/payload.h"

namespace {

using perdure::Serializable;
using perdure::detail::Kind;
using perdure::detail::kKind;

template <class T>
struct With {
  int before = 0;
  T member;
  std::string after;
};

template <class T>
constexpr bool kCrosses = Serializable<T> && Serializable<std::vector<T>> && Serializable<With<T>> &&
                          Serializable<std::map<std::string, With<T>>>;
template <class T>
constexpr bool kRefused = !Serializable<T> && !Serializable<With<T>> && !Serializable<std::optional<With<T>>>;

struct Node {
  std::vector<Node> children;
  std::unique_ptr<Node> next;
};
struct Base {
  int a = 0;
};
struct Derived : Base {
  int b = 0;
};
class Private {
 public:
  int get() const { return value_; }

 private:
  int value_ = 0;
};
union Either {
  int a;
  float b;
};

static_assert(kCrosses<int> && kCrosses<bool> && kCrosses<double> && kCrosses<std::string>);
static_assert(kCrosses<std::byte> && kCrosses<std::chrono::nanoseconds> &&
              kCrosses<std::chrono::system_clock::time_point>);
static_assert(kCrosses<Node> && kCrosses<std::variant<std::monostate, int, Node>> &&
              kCrosses<std::tuple<int, Base>>);
static_assert(kCrosses<perdure::required<std::vector<int>>>);

static_assert(kRefused<int*> && kKind<int*> == Kind::kPointer && kKind<const char*> == Kind::kPointer);
static_assert(kKind<int&> == Kind::kPointer && !Serializable<With<int&>>);
static_assert(kRefused<std::string_view> && kKind<std::span<int>> == Kind::kView);
static_assert(kRefused<std::function<void()>> && kKind<std::function<void()>> == Kind::kCode);
static_assert(kKind<decltype([] {})> == Kind::kCode && kKind<decltype([x = 1] { return x; })> == Kind::kCode);
static_assert(kKind<void (*)()> == Kind::kCode);
static_assert(!Serializable<With<std::mutex>> && kKind<std::mutex> == Kind::kLock);
static_assert(kKind<std::shared_mutex> == Kind::kLock && kKind<std::unique_lock<std::mutex>> == Kind::kLock);
static_assert(kKind<std::condition_variable> == Kind::kLock);
static_assert(!Serializable<With<std::atomic<int>>> && kKind<std::atomic<int>> == Kind::kAtomic);
static_assert(kRefused<std::thread> && kKind<std::thread> == Kind::kThread &&
              kKind<std::jthread> == Kind::kThread);
static_assert(kKind<std::future<int>> == Kind::kThread && kKind<std::promise<void>> == Kind::kThread);
static_assert(kRefused<std::ofstream> && kKind<std::ofstream> == Kind::kStream);
static_assert(kRefused<std::shared_ptr<int>> && kKind<std::shared_ptr<int>> == Kind::kSharedPtr);
static_assert(kRefused<Derived> && kKind<Derived> == Kind::kHasBase);
static_assert(kRefused<Private> && kKind<Private> == Kind::kOpaqueClass &&
              kKind<std::any> == Kind::kOpaqueClass);
static_assert(kKind<std::filesystem::path> != Kind::kStruct);
static_assert(kRefused<Either> && kKind<Either> == Kind::kUnion);
static_assert(kRefused<char> && kRefused<long double>);
static_assert(!Serializable<With<char[8]>> && kKind<With<int[2][3]>> == Kind::kArrayOfC);
static_assert(!Serializable<With<const int>>);
static_assert((kKind<std::map<double, int>>) == Kind::kMapKey);
static_assert(!Serializable<std::vector<std::vector<std::optional<int*>>>>);

TEST(Serializable, IsDecidedAtCompileTime) {
  EXPECT_EQ(perdure::detail::kMemberCount<With<int>>, 3U);
  EXPECT_EQ(perdure::detail::member_names<With<int>>()[2], "after");
}

struct Wide {
#define PERDURE_TEST_TEN(p) \
  int p##0 = 0, p##1 = 1, p##2 = 2, p##3 = 3, p##4 = 4, p##5 = 5, p##6 = 6, p##7 = 7, p##8 = 8, p##9 = 9
  PERDURE_TEST_TEN(a);
  PERDURE_TEST_TEN(b);
  PERDURE_TEST_TEN(c);
  PERDURE_TEST_TEN(d);
  PERDURE_TEST_TEN(e);
  PERDURE_TEST_TEN(f);
  PERDURE_TEST_TEN(g);
#undef PERDURE_TEST_TEN
};

TEST(Serializable, WideStructsCross) {
  EXPECT_EQ(perdure::detail::kMemberCount<Wide>, 70U);
  Wide wide;
  wide.g9 = 99;
  EXPECT_EQ(perdure::from_payload<Wide>(perdure::to_payload(wide)).g9, 99);
}

}  // namespace
