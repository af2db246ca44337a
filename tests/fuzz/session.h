#pragma once
// One episode: a fresh service and a few thousand random requests, all decided by one number.
#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "sim/report.h"
#include "tests/fuzz/figures.h"
#include "tests/fuzz/generator.h"
#include "tests/fuzz/methods.h"
#include "tests/fuzz/pool.h"
#include "tests/fuzz/target.h"

namespace perdure::fuzz {

struct Limits {
  int calls = 3'000;                                   // of an episode
  std::size_t committed_bytes = 96 * 1024 * 1024;      // kept by the store of an episode
  std::size_t resident_bytes = 1024ULL * 1024 * 1024;  // of the process, store included
};

class Session {
 public:
  Session(std::uint64_t seed, const Limits& limits, const Methods& methods, Figures& figures, bool trace);

  // False: a finding; see report() and last().
  bool run(const std::function<bool()>& stop_early);

  const sim::Report& report() const { return report_; }
  // The last thing that was done, for the finding.
  const std::string& last_method() const { return last_method_; }
  std::string last_request() const;
  int calls() const { return calls_; }

 private:
  void act();
  void act_rarely();
  void toggle_full();
  void say(const std::string& step) const;
  void send();
  std::string request_bytes(const Method& method);
  void pass_time();
  void keep(const std::string& bytes);
  void check_memory();

  Random random_;
  const Limits limits_;
  const Methods& methods_;
  Figures& figures_;
  sim::Report report_;
  Pool pool_;
  Generator generator_;
  Target target_;
  const bool trace_;
  bool full_ = false;
  int calls_ = 0;
  std::string last_method_;
  std::string last_bytes_;
  std::vector<std::string> corpus_;  // requests of this episode, to take pieces from
};

}  // namespace perdure::fuzz
