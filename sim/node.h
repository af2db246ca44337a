#pragma once
// One machine: its disk, and the process on it that serves until something kills it and is then started
// again.
#include <google/protobuf/message.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "disk/sim_disk.h"
#include "frontend/frontend.h"
#include "plan.h"
#include "recording_storage.h"
#include "report.h"
#include "runtime/instance.h"
#include "schedule.h"
#include "sim_clock.h"

namespace perdure::sim {

class Node {
 public:
  Node(const Plan& plan, Schedule& schedule, SimClock& clock, Report& report);
  ~Node();

  // Opens the store and serves. If the disk does not let it, tries again later.
  void boot();
  bool up() const { return instance_ != nullptr; }
  // Counts the processes that served so far.
  int generation() const { return generation_; }
  int crashes() const { return crashes_; }
  const Mirror& mirror() const { return record_.mirror; }
  std::uint64_t commits() const { return record_.commits; }

  // Calls the frontend. `done` gets the answer; kUnavailable, later, if the process dies first or is not
  // there. Returns a ticket for cancel().
  std::uint64_t send(std::string_view method, const google::protobuf::Message& request,
                     std::shared_ptr<google::protobuf::Message> response, bool in_process,
                     std::function<void(const Status&, google::protobuf::Message&)> done);
  void cancel(std::uint64_t call);

  // Faults.
  void kill();                                  // the process; the disk keeps what it was given
  void power_cut();                             // the machine, between two events
  void cut_power_in(std::uint64_t operations);  // the machine, inside the n-th disk operation from now
  void die_after_next_commit();
  void fail_next_sync();
  void set_disk_full(bool full);
  bool disk_was_full() const { return disk_was_full_; }  // since the last call of clear_disk_was_full()
  void clear_disk_was_full() { disk_was_full_ = disk_full_; }
  void pause(Duration duration);
  // Ends every fault that lasts or is yet to come.
  void heal();

  // Called when a process ended.
  void on_death(std::function<void()> listener) { death_listeners_.push_back(std::move(listener)); }
  void clock_stepped();
  // Compares the store with the mirror, if the process serves.
  void compare_store(const char* when);
  // Ends the process in order; afterwards the disk holds a closed directory.
  void stop();
  // Opens the closed directory after flipping bits, and expects the damage to be found (D6).
  void check_bit_flips(int flips);
  // The earliest due item, by the store's own index.
  std::optional<Timestamp> next_due();

 private:
  struct Pending {
    std::shared_ptr<google::protobuf::Message> response;
    std::function<void(const Status&, google::protobuf::Message&)> done;
    std::uint64_t ticket = 0;
    std::string method;
  };

  void forward(std::uint64_t call, std::string_view method, const google::protobuf::Message& request,
               bool in_process);
  void answer(std::uint64_t call, const Status& status);
  void want_step();
  void step();
  void plan_wake();
  void die(bool power, const char* why);
  void fail_pending(const char* why);
  bool dying() const;
  Result<std::unique_ptr<storage::Storage>> open(bool read_only);
  void check_recovered(const storage::StoreInfo& info);

  const Plan& plan_;
  Schedule& schedule_;
  SimClock& clock_;
  Report& report_;
  Random random_;
  SimDisk disk_;
  CommitRecord record_;
  std::unique_ptr<runtime::Instance> instance_;
  std::unique_ptr<frontend::Frontend> frontend_;
  std::vector<std::function<void()>> death_listeners_;

  std::map<std::uint64_t, Pending> pending_;
  std::vector<std::function<void()>> waiting_;  // calls until a process listens
  std::uint64_t next_call_ = 1;
  int generation_ = 0;
  int crashes_ = 0;
  int boot_order_ = 0;
  std::int64_t incarnation_ = 0;
  bool step_planned_ = false;
  std::uint64_t wake_order_ = 0;  // only the wake-up planned last counts
  bool fatal_ = false;
  bool die_after_commit_ = false;
  bool replies_dropped_ = false;
  bool disk_full_ = false;
  bool disk_was_full_ = false;
  bool lossy_ = false;
  Timestamp paused_until_;
};

}  // namespace perdure::sim
