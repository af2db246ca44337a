#pragma once
// Where in a value the codec is at the moment, for messages only: a chain of scopes on the stack, no
// allocation.
#include <cstddef>
#include <string>
#include <string_view>

#include "perdure/data_conversion_error.h"

namespace perdure::detail {

inline constexpr int kMaxDepth = 100;  // of nested arrays and objects, both ways

struct PathStep {
  const PathStep* outer = nullptr;
  std::string_view name;  // of a member; no data pointer: an element of an array
  std::size_t index = 0;
};

inline std::string path_text(const PathStep* step) {
  if (step == nullptr) {
    return "";
  }
  std::string text = path_text(step->outer);
  if (step->name.data() == nullptr) {
    return text + "[" + std::to_string(step->index) + "]";
  }
  return text.empty() ? std::string(step->name) : text + "." + std::string(step->name);
}

// Adds one step to `path` for as long as it lives.
class PathScope {
 public:
  PathScope(const PathStep*& path, std::string_view name) : path_(path), step_{path, name, 0} {
    path = &step_;
  }
  PathScope(const PathStep*& path, std::size_t index) : path_(path), step_{path, {}, index} { path = &step_; }
  ~PathScope() { path_ = step_.outer; }
  PathScope(const PathScope&) = delete;
  PathScope& operator=(const PathScope&) = delete;

 private:
  const PathStep*& path_;
  PathStep step_;
};

}  // namespace perdure::detail
