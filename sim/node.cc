#include "node.h"

#include <exception>

#include "storage/sqlite/sqlite_storage.h"

namespace perdure::sim {
namespace {

constexpr const char* kDirectory = "state";

std::shared_ptr<google::protobuf::Message> clone(const google::protobuf::Message& message) {
  std::shared_ptr<google::protobuf::Message> copy(message.New());
  copy->CopyFrom(message);
  return copy;
}

}  // namespace

Node::Node(const Plan& plan, Schedule& schedule, SimClock& clock, Report& report)
    : plan_(plan),
      schedule_(schedule),
      clock_(clock),
      report_(report),
      random_(plan.seed ^ 0x6e6f6465ULL),
      disk_("perdure-sim-disk"),
      record_(plan.in_process_worker, report),
      lossy_(plan.lost_replies) {
  SimDisk::seed_sqlite(static_cast<std::uint32_t>(plan.seed * 2'654'435'761U));
}

Node::~Node() {
  pending_.clear();
  if (instance_) {
    instance_->abandon();
  }
  frontend_.reset();
  instance_.reset();
}

Result<std::unique_ptr<storage::Storage>> Node::open(bool read_only) {
  storage::SqliteOptions options;
  options.directory = kDirectory;
  options.vfs = disk_.vfs_name();
  options.holder = "simulator";
  options.program_version = "0.1.0";
  options.read_only = read_only;
  options.token_key = std::string(32, 'k');
  options.checkpoint_pages = 100;  // often: checkpoints are where a write-ahead log is won or lost
  options.mark_interval = 8;
  return storage::open_sqlite(options);
}

void Node::boot() {
  ++boot_order_;
  auto store = open(false);
  if (!store.ok()) {
    const bool expected = disk_.powered_off() || disk_full_ || store.status().code() == Code::kUnavailable;
    report_.log(schedule_.now(), "boot failed: {}", store.status().to_string());
    report_.mark("boot failed");
    report_.expect(expected, "D1", "the store does not open after a crash: {}", store.status().to_string());
    disk_.crash(random_);
    schedule_.after(std::chrono::milliseconds(200 + random_.below(2'000)), [this] { boot(); });
    return;
  }
  check_recovered((*store)->info());
  record_.failed = false;
  record_.under_way = false;
  fatal_ = false;
  die_after_commit_ = false;
  replies_dropped_ = false;
  step_planned_ = false;
  record_.mirror.compare(**store, "after recovery");
  ++generation_;
  runtime::InstanceOptions options;
  options.seed = plan_.seed * 1'000 + static_cast<std::uint64_t>(boot_order_);
  options.cache_bytes = plan_.cache_bytes;
  options.history_cache_bytes = plan_.cache_bytes;
  options.history_page_events = plan_.history_page_events;
  options.on_fatal = [this](const Status& status) {
    report_.log(schedule_.now(), "fatal: {}", status.to_string());
    fatal_ = true;
  };
  instance_ = std::make_unique<runtime::Instance>(
      std::make_unique<RecordingStorage>(std::move(*store), record_, report_,
                                         [this] {
                                           if (die_after_commit_) {
                                             replies_dropped_ = true;
                                           }
                                         }),
      clock_, options);
  frontend_ = std::make_unique<frontend::Frontend>(*instance_);
  instance_->set_waker([this] { want_step(); });
  report_.log(schedule_.now(), "boot {}: {} transitions", generation_, record_.mirror.last_sequence());
  for (auto& call : std::exchange(waiting_, {})) {
    const int generation = generation_;
    schedule_.after(std::chrono::microseconds(random_.below(300'000)),
                    [this, generation, call = std::move(call)] {
                      if (generation == generation_ && up()) {
                        call();
                      } else {
                        waiting_.push_back(call);
                      }
                    });
  }
  want_step();
}

void Node::check_recovered(const storage::StoreInfo& info) {
  Mirror& mirror = record_.mirror;
  const std::int64_t committed = mirror.last_sequence();
  const auto possible = committed + static_cast<std::int64_t>(record_.unknown.size());
  report_.expect(info.last_sequence >= committed, "D1",
                 "{} confirmed transitions, {} are in the store after a crash", committed,
                 info.last_sequence);
  report_.expect(info.last_sequence <= possible, "D3", "{} transitions were handed over, {} are in the store",
                 possible, info.last_sequence);
  for (const Transition& transition : record_.unknown) {
    if (transition.sequence <= info.last_sequence) {
      mirror.apply(transition);
      report_.mark("unknown commit turned out durable");
    } else {
      report_.mark("unknown commit turned out lost");
    }
  }
  record_.unknown.clear();
  report_.expect(info.last_time == mirror.last_time(), "T5",
                 "the store's time is {}, that of its last transition {}", info.last_time.nanos,
                 mirror.last_time().nanos);
  report_.expect(info.incarnation > incarnation_, "D1", "incarnation {} follows {}", info.incarnation,
                 incarnation_);
  incarnation_ = info.incarnation;
  for (const auto& [id, run] : mirror.runs()) {
    report_.expect(info.next_execution_id > id, "D1", "execution id {} would be used twice",
                   info.next_execution_id);
  }
}

std::uint64_t Node::send(std::string_view method, const google::protobuf::Message& request,
                         std::shared_ptr<google::protobuf::Message> response, bool in_process,
                         std::function<void(const Status&, google::protobuf::Message&)> done) {
  const std::uint64_t call = next_call_++;
  pending_.emplace(call, Pending{std::move(response), std::move(done), 0, std::string(method)});
  if (!up() && !in_process && random_.chance(0.7)) {
    // As a client that goes on trying to connect.
    waiting_.push_back([this, call, method = std::string(method), copy = clone(request)] {
      if (pending_.contains(call)) {
        forward(call, method, *copy, false);
      }
    });
    return call;
  }
  if (!up()) {
    schedule_.after(std::chrono::milliseconds(100 + random_.below(900)),
                    [this, call] { answer(call, unavailable("no process listens")); });
    return call;
  }
  forward(call, method, request, in_process);
  return call;
}

void Node::forward(std::uint64_t call, std::string_view method, const google::protobuf::Message& request,
                   bool in_process) {
  google::protobuf::Message* out = pending_.at(call).response.get();
  frontend::CallOptions options;
  options.in_process = in_process;
  const int generation = generation_;
  const std::uint64_t ticket =
      frontend_->call(method, request, out, options, [this, call, generation](const Status& status) {
        if (generation != generation_ || dying()) {
          return;  // nobody hears a process that is dead
        }
        report_.expect(pending_.contains(call), "X1", "a call is answered twice");
        report_.expect(!status.ok() || !record_.failed, "D4",
                       "a call is answered OK after a commit failed: {}",
                       pending_.contains(call) ? pending_.at(call).method : "");
        answer(call, status);
      });
  if (const auto found = pending_.find(call); found != pending_.end()) {
    found->second.ticket = ticket;
  }
}

void Node::answer(std::uint64_t call, const Status& status) {
  const auto found = pending_.find(call);
  if (found == pending_.end()) {
    return;
  }
  Pending pending = std::move(found->second);
  pending_.erase(found);
  if (lossy_ && random_.chance(0.01)) {
    report_.mark("reply lost");
    pending.done(unavailable("the reply was lost"), *pending.response);
    return;
  }
  pending.done(status, *pending.response);
}

void Node::cancel(std::uint64_t call) {
  const auto found = pending_.find(call);
  if (found != pending_.end() && up() && found->second.ticket != 0) {
    frontend_->cancel(found->second.ticket);
  }
}

void Node::want_step() {
  if (step_planned_ || !instance_) {
    return;
  }
  step_planned_ = true;
  const int generation = generation_;
  // Some delay lets several commands gather, as a running sync would.
  schedule_.after(std::chrono::microseconds(random_.below(random_.chance(0.2) ? 3'000 : 300)),
                  [this, generation] {
                    if (generation == generation_ && up()) {
                      step_planned_ = false;
                      step();
                    }
                  });
}

void Node::step() {
  if (schedule_.now() < paused_until_) {
    const int generation = generation_;
    step_planned_ = true;
    schedule_.at(paused_until_, [this, generation] {
      if (generation == generation_ && up()) {
        step_planned_ = false;
        step();
      }
    });
    return;
  }
  try {
    instance_->step();
  } catch (const std::exception& failure) {
    report_.violate("Z1", std::string("step() threw: ") + failure.what());
    return;
  }
  if (disk_.powered_off()) {
    die(true, "power cut inside a disk operation");
  } else if (replies_dropped_) {
    die(random_.chance(0.5), "death between commit and reply");
  } else if (fatal_) {
    // Alone or with the machine: bytes whose sync failed may still be in the page cache, and are read as
    // good.
    die(random_.chance(0.5), "fatal error");
  } else {
    plan_wake();
  }
}

void Node::plan_wake() {
  const std::optional<Timestamp> wake = instance_->wake_at();
  const std::uint64_t order = ++wake_order_;
  if (!wake) {
    return;
  }
  const int generation = generation_;
  // At least a microsecond later: a shell that asks to be woken again and again at once must not stop the
  // time.
  const Timestamp earliest = schedule_.now() + std::chrono::microseconds(1);
  const Timestamp at = clock_.true_time_of(*wake);
  schedule_.at(at < earliest ? earliest : at, [this, generation, order] {
    if (generation == generation_ && up() && order == wake_order_) {
      step();
    }
  });
}

void Node::clock_stepped() {
  if (up() && !dying()) {
    plan_wake();
  }
}

bool Node::dying() const { return replies_dropped_ || disk_.powered_off(); }

void Node::die(bool power, const char* why) {
  report_.log(schedule_.now(), "crash: {}", why);
  report_.mark(std::string("crash: ") + why);
  ++crashes_;
  instance_->abandon();
  // First the disk: what the process's objects do while they are destroyed must not reach it.
  if (power) {
    disk_.crash(random_);
  } else {
    disk_.kill_process();
  }
  frontend_.reset();
  instance_.reset();
  fail_pending("the process ended");
  for (const auto& listener : death_listeners_) {
    listener();
  }
  schedule_.after(std::chrono::milliseconds(20 + random_.below(1'500)), [this] { boot(); });
}

void Node::fail_pending(const char* why) {
  std::map<std::uint64_t, Pending> lost = std::move(pending_);
  waiting_.clear();
  pending_.clear();
  for (auto& [call, pending] : lost) {
    auto shared = std::make_shared<Pending>(std::move(pending));
    schedule_.after(std::chrono::milliseconds(1 + random_.below(30)),
                    [shared, why] { shared->done(unavailable(why), *shared->response); });
  }
}

void Node::kill() {
  if (up()) {
    die(false, "kill between two steps");
  }
}

void Node::power_cut() {
  if (up()) {
    die(true, "power cut between two steps");
  }
}

void Node::cut_power_in(std::uint64_t operations) { disk_.power_off_after(operations); }
void Node::die_after_next_commit() { die_after_commit_ = up(); }
void Node::fail_next_sync() { disk_.fail_next_syncs(1); }

void Node::set_disk_full(bool full) {
  disk_full_ = full;
  disk_was_full_ = disk_was_full_ || full;
  disk_.set_full(full);
}

void Node::pause(Duration duration) { paused_until_ = schedule_.now() + duration; }

void Node::heal() {
  disk_.power_off_after(0);
  disk_.fail_next_syncs(0);
  disk_.set_full(false);
  disk_full_ = false;
  die_after_commit_ = false;
  lossy_ = false;
  paused_until_ = schedule_.now();
}

void Node::compare_store(const char* when) {
  if (up() && !dying()) {
    record_.mirror.compare(instance_->storage(), when);
    instance_->visit_cached(
        [&](const engine::Execution& run) { record_.mirror.compare_execution(run, when); });
  }
}

std::optional<Timestamp> Node::next_due() {
  const auto due = instance_->storage().next_due();
  report_.expect(due.ok(), "T4", "next_due: {}", due.status().to_string());
  return due.ok() ? *due : std::nullopt;
}

void Node::stop() {
  const Status status = instance_->stop();
  report_.expect(status.ok(), "D1", "stop: {}", status.to_string());
  frontend_.reset();
  instance_.reset();
  pending_.clear();
}

void Node::check_bit_flips(int flips) {
  {
    const auto store = open(true);
    report_.expect(store.ok(), "D1", "a closed directory does not open: {}", store.status().to_string());
    if (!store.ok()) {
      return;
    }
    record_.mirror.compare(**store, "after a clean stop");
  }
  std::map<std::string, std::string> image;
  for (const std::string& file : disk_.files()) {
    image[file] = *disk_.read_file(file);
  }
  for (int i = 0; i < flips; ++i) {
    auto victim = image.begin();
    std::advance(victim, static_cast<std::ptrdiff_t>(random_.below(image.size())));
    if (victim->second.empty()) {
      continue;
    }
    const std::uint64_t bit = random_.below(victim->second.size() * 8);
    disk_.flip_bit(victim->first, static_cast<std::int64_t>(bit / 8), static_cast<int>(bit % 8));
    report_.log(schedule_.now(), "flip bit {} of {}", bit, victim->first);
    {
      const auto store = open(true);
      if (!store.ok()) {
        report_.mark("bit flip: refused at open");
      } else {
        record_.mirror.check_damaged(**store, fmt::format("bit {} of {} flipped", bit, victim->first));
      }
    }
    for (const auto& [file, bytes] : image) {
      disk_.put_file(file, bytes);
    }
  }
}

}  // namespace perdure::sim
