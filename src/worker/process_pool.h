#pragma once
// The processes that run a worker's process activities: this program again, one activity at a time in each.
#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "perdure/detail/activity_definition.h"
#include "worker/activity_attempt.h"
#include "worker/process_channel.h"

namespace perdure::worker {

// Throws OptionsError when one of `definitions` needs a process and main() does not begin as it must
// (perdure/process_activities.h): the process would run the whole program again.
void check_process_activities(const std::vector<detail::ActivityDefinition>& definitions);

// One descriptor of the kernel's that counts, for poll().
class EventCounter {
 public:
  // `semaphore`: take() takes one, otherwise all.
  EventCounter(unsigned initial, bool semaphore);
  ~EventCounter();
  EventCounter(const EventCounter&) = delete;
  EventCounter& operator=(const EventCounter&) = delete;

  int descriptor() const { return descriptor_; }
  void add() const;
  // False: there is nothing to take.
  bool take() const;

 private:
  const int descriptor_;
};

// One process, from its start to its end.
class ActivityProcess {
 public:
  // Throws ApplicationError when the system cannot start it.
  explicit ActivityProcess(const std::string& task_queue);
  // Waits for its end: it ends by itself when its channel does.
  ~ActivityProcess();
  ActivityProcess(const ActivityProcess&) = delete;
  ActivityProcess& operator=(const ActivityProcess&) = delete;

  ProcessChannel& channel() { return *channel_; }
  pid_t id() const { return id_; }
  // False: it ended while it had nothing to do.
  bool alive() const;
  void kill() const;
  // Waits for the end and says how it came: "was ended by SIGSEGV (Segmentation fault)".
  std::string wait_for_end();

 private:
  std::unique_ptr<ProcessChannel> channel_;
  pid_t id_ = -1;
  bool reaped_ = false;
};

// Thread-safe.
class ProcessPool {
 public:
  // At most `max_processes`, 0: as many as there are processors. Each is started when it is needed first.
  ProcessPool(std::size_t max_processes, std::string task_queue);
  // Nothing runs any more. Ends the processes.
  ~ProcessPool() = default;

  // Runs the activity in one of the processes and waits for it. Throws what it threw, CancelledError when it
  // was cancelled while it waited for a process, ApplicationError of type ActivityProcessDied when its
  // process ended.
  Payload run(const detail::ActivityDefinition& definition, ActivityAttempt& activity,
              const Payloads& arguments);

 private:
  void wait_for_turn(const ActivityAttempt& activity, const EventCounter& stopped);
  std::unique_ptr<ActivityProcess> take_idle();
  std::unique_ptr<ActivityProcess> start(const std::string& run_request);

  const std::string task_queue_;
  const EventCounter free_;  // processes that are idle or not started yet
  std::mutex mutex_;
  std::vector<std::unique_ptr<ActivityProcess>> idle_;  // guarded by mutex_
};

}  // namespace perdure::worker
