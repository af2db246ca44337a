#include "matching/matching.h"

#include <algorithm>

#include "base/check.h"

namespace perdure::matching {

Matching::Matching(MatchingOptions options) : options_(options) {
  check(options_.window > 0, "a queue needs a window");
}

Matching::Queue& Matching::open(const std::string& name) { return queues_.try_emplace(name).first->second; }

void Matching::offer(const std::string& queue, const WaitingTask& task) {
  auto found = queues_.find(queue);
  if (found == queues_.end()) {
    return;
  }
  Queue& q = found->second;
  if (q.more && task > q.tail) {
    return;  // the page that reads it back keeps the order
  }
  insert(q, task);
  shrink(q);
  activate(queue, q);
}

void Matching::insert(Queue& queue, const WaitingTask& task) {
  queue.tail = std::max(queue.tail, task);
  if (queue.members.insert({task.execution, task.item}).second) {
    queue.window.insert(task);
  }
}

void Matching::shrink(Queue& queue) {
  while (queue.window.size() > options_.window) {
    const auto last = std::prev(queue.window.end());
    queue.members.erase({last->execution, last->item});
    queue.window.erase(last);
    queue.tail = *queue.window.rbegin();
    queue.more = true;
  }
}

void Matching::activate(const std::string& name, Queue& queue) {
  if (queue.pollers.empty() || queue.active) {
    return;
  }
  queue.active = true;
  active_.push_back(name);
}

void Matching::request_page(const std::string& name, Queue& queue) {
  if (queue.more && !queue.page_requested && queue.window.empty() && !queue.pollers.empty()) {
    queue.page_requested = true;
    page_requests_.push_back({name, queue.tail, options_.window});
  }
}

bool Matching::add_poller(const std::string& queue, PollerId poller) {
  Queue& q = open(queue);
  if (q.pollers.size() >= options_.pollers_per_queue) {
    return false;
  }
  q.pollers.push_back(poller);
  note_idleness(queue, q);
  activate(queue, q);
  return true;
}

void Matching::set_rate(const std::string& queue, std::optional<double> per_second, Timestamp now) {
  auto found = queues_.find(queue);
  if (found == queues_.end() || (!per_second && !found->second.rate.is_limited())) {
    return;
  }
  found->second.rate.set(per_second, now);
  let_go(queue, found->second);
  activate(queue, found->second);
}

void Matching::return_poller(const std::string& queue, PollerId poller) {
  Queue& q = open(queue);
  q.pollers.push_front(poller);
  q.rate.give_back();
  let_go(queue, q);
  note_idleness(queue, q);
  activate(queue, q);
}

void Matching::remove_poller(const std::string& queue, PollerId poller) {
  auto found = queues_.find(queue);
  if (found == queues_.end()) {
    return;
  }
  std::erase(found->second.pollers, poller);
  if (found->second.pollers.empty()) {
    let_go(queue, found->second);  // the next poller looks again
  }
  note_idleness(queue, found->second);
}

std::optional<PollerId> Matching::take_poller(const std::string& queue) {
  auto found = queues_.find(queue);
  if (found == queues_.end() || found->second.pollers.empty()) {
    return std::nullopt;
  }
  const PollerId poller = found->second.pollers.front();
  remove_poller(queue, poller);
  return poller;
}

std::optional<Match> Matching::next_match(Timestamp now) {
  wake_held(now);
  while (!active_.empty()) {
    const std::string name = active_.front();
    auto found = queues_.find(name);
    check(found != queues_.end(), "an active queue is a known queue");
    Queue& queue = found->second;
    if (queue.pollers.empty() || queue.window.empty()) {
      active_.pop_front();
      queue.active = false;
      request_page(name, queue);
      continue;
    }
    if (const auto ready = queue.rate.ready_at(); !ready || *ready > now) {
      active_.pop_front();
      queue.active = false;
      hold(name, queue, now);
      continue;
    }
    queue.rate.take(now);
    Match match{name, queue.pollers.front(), *queue.window.begin()};
    queue.pollers.pop_front();
    queue.window.erase(queue.window.begin());
    queue.members.erase({match.task.execution, match.task.item});
    note_idleness(name, queue);
    return match;
  }
  return std::nullopt;
}

std::optional<Timestamp> Matching::wake_at() const {
  return held_.empty() ? std::nullopt : std::optional(held_.begin()->first);
}

// Until its rate allows the next pair; where that is never, until its rate changes.
void Matching::hold(const std::string& name, Queue& queue, Timestamp now) {
  let_go(name, queue);
  if (const auto ready = queue.rate.ready_at()) {
    check(*ready > now, "a queue is held by its rate");
    queue.held_until = *ready;
    held_.emplace(*ready, name);
  }
}

void Matching::let_go(const std::string& name, Queue& queue) {
  if (queue.held_until) {
    held_.erase({*queue.held_until, name});
    queue.held_until.reset();
  }
}

void Matching::wake_held(Timestamp now) {
  while (!held_.empty() && held_.begin()->first <= now) {
    const std::string name = held_.begin()->second;
    Queue& queue = open(name);
    let_go(name, queue);
    activate(name, queue);
  }
}

std::vector<PageRequest> Matching::take_page_requests() { return std::exchange(page_requests_, {}); }

void Matching::add_page(const PageRequest& request, const std::vector<WaitingTask>& tasks) {
  auto found = queues_.find(request.queue);
  if (found == queues_.end()) {
    return;
  }
  Queue& queue = found->second;
  queue.page_requested = false;
  queue.more = tasks.size() >= request.limit;
  for (const WaitingTask& task : tasks) {
    insert(queue, task);
  }
  shrink(queue);
  activate(request.queue, queue);
}

void Matching::page_failed(const PageRequest& request) {
  auto found = queues_.find(request.queue);
  if (found != queues_.end()) {
    found->second.page_requested = false;
  }
}

// Keeps the list of idle queues right, and forgets the queues that were idle longest when there are too many.
void Matching::note_idleness(const std::string& name, Queue& queue) {
  if (!queue.pollers.empty()) {
    idle_.erase(std::exchange(queue.idle_since, 0));
    return;
  }
  if (queue.idle_since == 0) {
    queue.idle_since = ++idle_clock_;
    idle_.emplace(queue.idle_since, name);
  }
  for (auto oldest = idle_.begin(); idle_.size() > options_.idle_queues && oldest != idle_.end();) {
    auto found = queues_.find(oldest->second);
    if (found->second.active || found->second.page_requested || &found->second == &queue) {
      ++oldest;  // someone still holds its name
      continue;
    }
    queues_.erase(found);
    oldest = idle_.erase(oldest);
  }
}

std::size_t Matching::tasks(const std::string& queue) const {
  auto found = queues_.find(queue);
  return found == queues_.end() ? 0 : found->second.window.size();
}

std::size_t Matching::pollers(const std::string& queue) const {
  auto found = queues_.find(queue);
  return found == queues_.end() ? 0 : found->second.pollers.size();
}

}  // namespace perdure::matching
