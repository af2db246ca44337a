#pragma once
// The version of Perdure, semantic (https://semver.org).
namespace perdure {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace perdure
