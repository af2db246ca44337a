#pragma once
// The service under test in one thread (frontend, loop, engine, a store in memory, a clock that is moved by
// hand), fed with bytes as the server reads them, and the oracles: what must be true of every answer.
//
//   answers    each call is answered exactly once, long polls by their deadline, and only with codes that say
//              that the caller is at fault
//   text       what is answered can be parsed again, and messages are UTF-8
//   tokens     only a token that was handed out is accepted, and it changes its own run only
//   namespace  a request that names another namespace than `default` and those registered is never carried out
//   history    events that are answered are those that were stored for that run
//   store      the simulator's mirror: invariants of every transition, store and memory compared
//   faults     no command on a run threw
#include <google/protobuf/message.h>

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "frontend/frontend.h"
#include "runtime/instance.h"
#include "sim/mirror.h"
#include "sim/report.h"
#include "storage/storage.h"
#include "tests/fuzz/facts.h"
#include "tests/fuzz/methods.h"
#include "tests/fuzz/pool.h"
#include "tests/runtime/harness.h"

namespace perdure::fuzz {

// Tells the mirror of every commit, and can be full.
class WatchedStorage;

struct Call {
  const Method* method = nullptr;
  RequestFacts facts;
  std::unique_ptr<google::protobuf::Message> response;
  std::optional<Status> status;
  int answers = 0;
  std::uint64_t ticket = 0;
  Timestamp asked_at;
};

class Target {
 public:
  Target(std::uint64_t seed, sim::Report& report, Pool& pool);
  ~Target();

  void send(const Method& method, const std::string& bytes, const frontend::CallOptions& options);
  void step();
  void advance(Duration by);
  // The process dies and another one opens the store.
  void restart();
  void cancel_one(std::uint64_t which);
  void set_full(bool full);
  // Compares memory and store with what was committed.
  void compare(const char* when);
  // Ends the service; whoever waits must be answered.
  void stop();

  // After the oracles.
  std::function<void(const Method& method, const Status& status, const std::string& answer)> on_answer;

  const sim::Mirror& mirror() const { return mirror_; }
  std::size_t waiting() const { return calls_.size(); }
  std::size_t committed_bytes() const;
  Timestamp now() const { return clock_.time; }

 private:
  using Calls = std::list<std::shared_ptr<Call>>;

  void open();
  void settle();
  void judge(const Call& call);
  void judge_ok(const Call& call);
  void judge_token(const Call& call);
  void judge_history(const Call& call);
  void judge_poll(const Call& call);
  using History = temporal::api::history::v1::History;
  // Those of `candidates` that have these events.
  std::set<std::string> runs_with(const History& history, const std::set<std::string>& candidates,
                                  bool by_page_token) const;
  std::set<std::string> candidates_of(const Call& call) const;

  sim::Report& report_;
  Pool& pool_;
  std::set<std::string> namespaces_{"default"};
  sim::Mirror mirror_;
  testing::FakeClock clock_;
  std::uint64_t seed_;
  std::int64_t incarnation_ = 1;
  std::shared_ptr<storage::Storage> durable_;
  WatchedStorage* storage_ = nullptr;
  std::unique_ptr<runtime::Instance> instance_;
  std::unique_ptr<frontend::Frontend> frontend_;
  Calls calls_;           // not answered yet
  std::size_t sent_ = 0;  // since the last step
  std::uint64_t thrown_ = 0;
};

}  // namespace perdure::fuzz
