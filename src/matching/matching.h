#pragma once
// Task queues: which waiting task goes to which waiting poller. A queue is a bounded window, in order, over
// the items that wait on it in the store, plus the pollers that wait for them. Nothing here is the only copy
// of anything: a window, or a whole queue, may be forgotten at any time and is read back when a poller wants
// it.
//
// A task found here may be stale (started, timed out, its run closed): the engine decides when it is started,
// and a poller whose task was stale is given back with return_poller().
//
// No clock (time comes with the calls and never goes back), no store, no threads: one thread, the loop's.
// Same calls, same answers.
#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/limits.h"
#include "base/record.h"
#include "base/time.h"
#include "matching/rate_limit.h"

namespace perdure::matching {

using PollerId = std::uint64_t;

// A task and its place in its queue. Zeros: before everything.
struct WaitingTask {
  std::int64_t ready_order = 0;
  ExecutionId execution;
  ItemKey item;
  friend auto operator<=>(const WaitingTask&, const WaitingTask&) = default;
};

struct Match {
  std::string queue;
  PollerId poller = 0;
  WaitingTask task;
};

// The store has to be read: tasks of `queue` after `after`, at most `limit`. Answer with add_page().
struct PageRequest {
  std::string queue;
  WaitingTask after;
  std::size_t limit = 0;
};

struct MatchingOptions {
  std::size_t window = limits::kQueueWindow;
  std::size_t pollers_per_queue = limits::kPollersPerQueue;
  std::size_t idle_queues = 1'024;  // queues without a poller that keep their window
};

class Matching {
 public:
  explicit Matching(MatchingOptions options = {});

  // `task` waits on `queue` and is in the store, or will be before the next page is read. Offering a task
  // twice has no effect. A queue that nobody has polled lately forgets it: its first poller reads it back.
  void offer(const std::string& queue, const WaitingTask& task);

  // False: the queue has limits::kPollersPerQueue pollers already.
  [[nodiscard]] bool add_poller(const std::string& queue, PollerId poller);
  // As the last poller of `queue` said: how many of its tasks may be handed out in a second; none: as many as
  // there are. Forgotten with the queue.
  void set_rate(const std::string& queue, std::optional<double> per_second, Timestamp now);
  // The poller's task was stale: it is first in line again, and the task does not count for the queue's rate.
  void return_poller(const std::string& queue, PollerId poller);
  void remove_poller(const std::string& queue, PollerId poller);
  // The poller that waits longest, for a task that is in no store (a query); none: nobody waits.
  std::optional<PollerId> take_poller(const std::string& queue);

  // The next pair, oldest task and longest waiting poller of a queue; none: nothing fits now.
  std::optional<Match> next_match(Timestamp now);
  // When a pair that its queue's rate holds back may be handed out; never before the `now` of the last
  // next_match().
  std::optional<Timestamp> wake_at() const;

  // Pages wanted since the last call. Ask when everything offered so far is in the store.
  std::vector<PageRequest> take_page_requests();
  bool wants_pages() const { return !page_requests_.empty(); }
  // `tasks`: what a PageRequest asked for, in order; fewer than its limit: the store holds no more.
  void add_page(const PageRequest& request, const std::vector<WaitingTask>& tasks);
  // The page could not be read; the next poller asks again.
  void page_failed(const PageRequest& request);

  std::size_t queues() const { return queues_.size(); }
  std::size_t tasks(const std::string& queue) const;
  std::size_t pollers(const std::string& queue) const;

 private:
  using Identity = std::pair<ExecutionId, ItemKey>;
  struct Queue {
    std::set<WaitingTask> window;
    std::set<Identity> members;  // of the window
    std::deque<PollerId> pollers;
    WaitingTask tail;  // the store was read up to here
    bool more = true;  // the store may hold tasks after `tail`
    bool page_requested = false;
    bool active = false;           // listed in active_
    std::uint64_t idle_since = 0;  // not 0: listed in idle_
    RateLimit rate;
    std::optional<Timestamp> held_until;  // listed in held_
  };
  using Queues = std::map<std::string, Queue, std::less<>>;

  Queue& open(const std::string& name);
  void insert(Queue& queue, const WaitingTask& task);
  void shrink(Queue& queue);
  void activate(const std::string& name, Queue& queue);
  void request_page(const std::string& name, Queue& queue);
  void note_idleness(const std::string& name, Queue& queue);
  void hold(const std::string& name, Queue& queue, Timestamp now);
  void let_go(const std::string& name, Queue& queue);
  void wake_held(Timestamp now);

  MatchingOptions options_;
  Queues queues_;
  std::deque<std::string> active_;                    // queues that may have a pair
  std::set<std::pair<Timestamp, std::string>> held_;  // queues with a pair, by when their rate allows it
  std::vector<PageRequest> page_requests_;
  std::map<std::uint64_t, std::string> idle_;  // queues without pollers, longest first
  std::uint64_t idle_clock_ = 0;
};

}  // namespace perdure::matching
