#pragma once
// What was called, how often, and how it was answered.
#include <cstdint>
#include <map>
#include <string>

#include "base/status.h"
#include "tests/fuzz/methods.h"

namespace perdure::fuzz {

class Figures {
 public:
  void count(const std::string& method, const Status& status, std::size_t answer_bytes);
  // Processor time of one call with all that it set off, in seconds.
  void note_cost(const std::string& method, double seconds, std::size_t request_bytes);

  std::uint64_t answers() const { return answers_; }
  // One line for each method that was called.
  void print(const Methods& methods) const;

 private:
  std::uint64_t answers_ = 0;
  std::map<std::string, std::map<Code, std::uint64_t>> by_method_;
  std::size_t largest_answer_ = 0;
  double slowest_ = 0;
  std::string slowest_method_;
  std::size_t slowest_bytes_ = 0;
};

// Processor time of this process, in seconds.
double processor_seconds();
// Memory of this process, in bytes.
std::size_t resident_bytes();
std::size_t most_resident_bytes();

}  // namespace perdure::fuzz
