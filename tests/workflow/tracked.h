#pragma once
// Counts live objects, so that a frame which leaks or destroys twice is seen without a sanitizer.
#include <memory>
#include <string>
#include <utility>

namespace perdure::testing {

class Tracked {
 public:
  explicit Tracked(std::string text = "a text that is too long for the small string buffer")
      : text_(std::make_unique<std::string>(std::move(text))) {
    ++live_;
  }
  Tracked(const Tracked& other) : text_(std::make_unique<std::string>(*other.text_)) { ++live_; }
  Tracked(Tracked&& other) noexcept : text_(std::move(other.text_)) { ++live_; }
  Tracked& operator=(Tracked other) noexcept {
    std::swap(text_, other.text_);
    return *this;
  }
  ~Tracked() { --live_; }

  const std::string& text() const { return *text_; }
  static int live() { return live_; }

 private:
  std::unique_ptr<std::string> text_;
  static inline int live_ = 0;
};

}  // namespace perdure::testing
