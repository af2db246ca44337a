#pragma once
// The types of the Python guide, in C++: the same data on both sides of a queue.
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "perdure/perdure.h"

namespace mixed {

// [enum]
enum class ScanType { kFull, kQuick };
// [enum]

// [input]
struct ScanInput {
  std::string account_id;
  std::string region;
  std::optional<std::string> severity;
  bool notify = false;
  bool approval_required = true;
};
// [input]

struct Place {
  std::string city;
  double latitude = 0;
};

// One field of every kind.
struct Everything {
  std::string text;
  std::int64_t count = 0;
  double share = 0;
  bool flag = false;
  std::optional<std::string> maybe;
  std::vector<Place> places;
  std::map<std::string, int> numbers;
  std::tuple<std::string, int> pair;
  std::variant<int, std::string> either;
  std::chrono::milliseconds lasts{};
  std::chrono::system_clock::time_point at;
  ScanType type = ScanType::kFull;
};

struct ScanReport {
  std::string account_id;
  std::string region;
  std::string severity;
  int findings = 0;
};

}  // namespace mixed

// [codec]
template <>
struct perdure::Codec<mixed::ScanType> {
  static std::string encode(mixed::ScanType type) {
    return type == mixed::ScanType::kFull ? "full" : "quick";
  }
  static mixed::ScanType decode(const std::string& text) {
    if (text != "full" && text != "quick") {
      throw std::invalid_argument("a scan is \"full\" or \"quick\"");
    }
    return text == "full" ? mixed::ScanType::kFull : mixed::ScanType::kQuick;
  }
};
// [codec]
