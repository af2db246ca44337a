#include "tests/fuzz/target.h"

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <algorithm>
#include <utility>

#include "server/wire_bytes.h"
#include "storage/memory/memory_storage.h"

namespace perdure::fuzz {

namespace {

constexpr std::chrono::seconds kLongestWait{71};  // of a long poll: a minute, or what its caller has

// Events beyond the stored ones are those of a task that is started in memory only. The page token of such a
// task holds them, and may be used when something else has been stored in their place.
bool holds_events(const sim::MirrorRun& run, const temporal::api::history::v1::History& history,
                  bool by_page_token) {
  namespace enums = temporal::api::enums::v1;
  for (const auto& event : history.events()) {
    const auto index = static_cast<std::size_t>(event.event_id() - 1);
    const bool of_task = event.event_type() == enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED ||
                         event.event_type() == enums::EVENT_TYPE_WORKFLOW_TASK_STARTED;
    if (event.event_id() < 1 || (index < run.events.size() && !(of_task && by_page_token) &&
                                 sim::fnv(api::serialize(event)) != run.events[index].digest)) {
      return false;
    }
  }
  return true;
}

}  // namespace

class WatchedStorage : public testing::TestStorage {
 public:
  WatchedStorage(std::shared_ptr<storage::Storage> inner, sim::Mirror& mirror)
      : TestStorage(std::move(inner)), mirror_(mirror) {}

  void commit(std::vector<Transition> transitions, std::function<void(Status)> done) override {
    auto kept = std::make_shared<std::vector<Transition>>(transitions);
    TestStorage::commit(std::move(transitions), [this, kept, done = std::move(done)](Status status) {
      if (status.ok()) {
        for (const Transition& transition : *kept) {
          note(transition);
          mirror_.apply(transition);
        }
      }
      done(std::move(status));
    });
  }

  std::set<std::string> touched;  // workflow ids, since it was last cleared
  std::size_t bytes = 0;

 private:
  void note(const Transition& transition) {
    for (const RunWrite& write : transition.writes) {
      touched.insert(write.key.workflow_id.value);
      bytes += write.state.size();
      for (const HistoryBatch& batch : write.append) {
        bytes += batch.events.size();
      }
    }
  }

  sim::Mirror& mirror_;
};

Target::Target(std::uint64_t seed, sim::Report& report, Pool& pool)
    : report_(report),
      pool_(pool),
      mirror_(/*orphans=*/true, report, /*hostile_workers=*/true),
      seed_(seed),
      durable_(storage::open_memory_storage()) {
  open();
}

Target::~Target() {
  if (instance_) {
    instance_->abandon();
  }
}

void Target::open() {
  auto opened = std::make_unique<WatchedStorage>(durable_, mirror_);
  opened->set_incarnation(incarnation_);
  storage_ = opened.get();
  runtime::InstanceOptions options;
  options.seed = seed_ + static_cast<std::uint64_t>(incarnation_);
  options.cache_bytes = 1024 * 1024;  // so small that runs are read back all the time
  options.history_cache_bytes = 1024 * 1024;
  options.on_fatal = [this](const Status& status) {
    report_.violate("fatal", "the engine ended: " + status.to_string());
  };
  instance_ = std::make_unique<runtime::Instance>(std::move(opened), clock_, std::move(options));
  frontend_ = std::make_unique<frontend::Frontend>(*instance_);
  thrown_ = 0;
}

void Target::send(const Method& method, const std::string& bytes, const frontend::CallOptions& options) {
  if (sent_ == 0) {
    storage_->touched.clear();
  }
  ++sent_;
  auto call = std::make_shared<Call>();
  call->method = &method;
  call->response.reset(method.response->New());
  call->asked_at = clock_.time;
  const grpc::Slice slice(bytes);
  grpc::ByteBuffer buffer(&slice, 1);
  const frontend::RequestReader read = [&](google::protobuf::Message* request) {
    Status status = server::read_message(&buffer, request);
    if (status.ok()) {
      call->facts = facts_of(*request);
    }
    return status;
  };
  calls_.push_back(call);
  try {
    call->ticket =
        frontend_->call(method.name, read, call->response.get(), options, [call, this](Status status) {
          ++call->answers;
          report_.expect(call->answers == 1, "answers", "{} is answered {} times", call->method->name,
                         call->answers);
          call->status = std::move(status);
        });
  } catch (const std::exception& error) {
    report_.violate("throws", method.name + ": " + error.what());
  }
}

void Target::step() {
  try {
    instance_->step();
  } catch (const std::exception& error) {
    report_.violate("throws", std::string("step(): ") + error.what());
  }
  settle();
  sent_ = 0;
  const auto wake = instance_->wake_at();
  report_.expect(!wake || *wake > clock_.time || !storage_->refuse.ok(), "time",
                 "step() ended although something is due");
}

void Target::advance(Duration by) {
  if (sent_ > 0) {
    step();
  }
  clock_.time = clock_.time + by;
  step();
}

void Target::restart() {
  instance_->abandon();
  frontend_.reset();
  instance_.reset();
  for (const auto& call : calls_) {
    report_.expect(call->answers == 0, "answers", "{} is answered by a process that is gone",
                   call->method->name);
  }
  calls_.clear();
  ++incarnation_;
  open();
  step();
}

void Target::cancel_one(std::uint64_t which) {
  if (calls_.empty()) {
    return;
  }
  const auto chosen = std::next(calls_.begin(), static_cast<std::ptrdiff_t>(which % calls_.size()));
  frontend_->cancel((*chosen)->ticket);
  step();
}

void Target::set_full(bool full) {
  storage_->refuse = full ? Status(Code::kResourceExhausted, "the disk is full") : Status();
}

std::size_t Target::committed_bytes() const { return storage_->bytes; }

void Target::compare(const char* when) {
  mirror_.compare(instance_->storage(), when);
  instance_->visit_cached([&](const engine::Execution& run) { mirror_.compare_execution(run, when); });
}

void Target::stop() {
  const Status stopped = instance_->stop();
  report_.expect(stopped.ok(), "stop", "{}", stopped.to_string());
  for (const auto& call : calls_) {
    report_.expect(call->answers == 1, "answers", "{} is not answered when the service ends",
                   call->method->name);
  }
  calls_.clear();
}

// Looks at what was answered, and at what should have been.
void Target::settle() {
  for (auto next = calls_.begin(); next != calls_.end();) {
    const std::shared_ptr<Call> call = *next;
    if (call->answers > 0) {
      next = calls_.erase(next);
      judge(*call);
      continue;
    }
    report_.expect(call->method->may_wait, "answers", "{} is not answered", call->method->name);
    report_.expect(clock_.time - call->asked_at <= kLongestWait, "answers", "{} waits for {} s",
                   call->method->name, (clock_.time - call->asked_at).count() / 1'000'000'000);
    ++next;
  }
  const std::uint64_t thrown = instance_->stats().commands_thrown;
  report_.expect(thrown == thrown_, "faults", "a command on a run failed inside");
  thrown_ = thrown;
}

void Target::judge(const Call& call) {
  const Status& status = *call.status;
  const std::string& name = call.method->name;
  std::string answer;
  if (status.ok()) {
    answer = call.response->SerializePartialAsString();
    std::unique_ptr<google::protobuf::Message> again(call.method->response->New());
    report_.expect(again->ParsePartialFromString(answer), "text", "the answer of {} cannot be parsed", name);
    judge_ok(call);
  } else {
    const bool ours = status.code() == Code::kInternal || status.code() == Code::kUnknown ||
                      status.code() == Code::kDataLoss || status.code() == Code::kUnavailable;
    report_.expect(!ours || !call.facts.parsed, "code", "{} is answered {}", name, status.to_string());
    report_.expect(is_utf8(status.message()), "text", "the message of {} is not UTF-8: {:?}", name,
                   status.message());
  }
  if (on_answer) {
    on_answer(*call.method, status, answer);
  }
}

void Target::judge_ok(const Call& call) {
  const RequestFacts& facts = call.facts;
  if (call.method->name == "RegisterNamespace") {
    namespaces_.insert(facts.namespace_name);
  }
  report_.expect(facts.namespace_name.empty() || namespaces_.contains(facts.namespace_name), "namespace",
                 "{} is carried out for the namespace {:?}", call.method->name, facts.namespace_name);
  judge_token(call);
  judge_history(call);
  judge_poll(call);
  pool_.learn(*call.response);
}

void Target::judge_token(const Call& call) {
  for (const std::string* token : {&call.facts.task_token, &call.facts.page_token}) {
    if (token->empty()) {
      continue;
    }
    const IssuedToken* issued = pool_.find_token(*token);
    report_.expect(issued != nullptr, "tokens", "{} accepts a token that was never handed out",
                   call.method->name);
    if (issued == nullptr || sent_ != 1 || call.method->may_wait) {
      continue;
    }
    // What a workflow task comes to may reach other runs, in the transition that changes its own.
    const bool reaches_others = call.method->name == "RespondWorkflowTaskCompleted" ||
                                call.method->name == "RespondWorkflowTaskFailed";
    report_.expect(storage_->touched.empty() || storage_->touched.contains(issued->workflow_id), "tokens",
                   "{} with a token of {} changes others only", call.method->name, issued->workflow_id);
    for (const std::string& touched : storage_->touched) {
      report_.expect(reaches_others || touched == issued->workflow_id, "tokens",
                     "{} with a token of {} changes {}", call.method->name, issued->workflow_id, touched);
    }
  }
}

// The runs that the answer to a history request may be about.
std::set<std::string> Target::candidates_of(const Call& call) const {
  if (const IssuedToken* issued = pool_.find_token(call.facts.page_token)) {
    return issued->run_ids;
  }
  std::set<std::string> candidates;
  for (const auto& [id, run] : mirror_.runs()) {
    if (run->key.workflow_id.value == call.facts.workflow_id &&
        run->key.namespace_name.value == call.facts.namespace_name &&
        (call.facts.run_id.empty() || call.facts.run_id == run->run_id.value)) {
      candidates.insert(run->run_id.value);
    }
  }
  return candidates;
}

std::set<std::string> Target::runs_with(const History& history, const std::set<std::string>& candidates,
                                        bool by_page_token) const {
  std::set<std::string> found;
  for (const std::string& run_id : candidates) {
    const sim::MirrorRun* run = mirror_.find_run(run_id);
    if (run != nullptr && holds_events(*run, history, by_page_token)) {
      found.insert(run_id);
    }
  }
  return found;
}

void Target::judge_history(const Call& call) {
  const temporal::api::history::v1::History* history = nullptr;
  std::string next_page;
  if (call.method->name == "GetWorkflowExecutionHistory") {
    const auto& response =
        static_cast<const testing::wire::GetWorkflowExecutionHistoryResponse&>(*call.response);
    history = &response.history();
    next_page = response.next_page_token();
  } else if (call.method->name == "GetWorkflowExecutionHistoryReverse") {
    const auto& response =
        static_cast<const testing::wire::GetWorkflowExecutionHistoryReverseResponse&>(*call.response);
    history = &response.history();
    next_page = response.next_page_token();
  } else {
    return;
  }
  const std::set<std::string> runs = runs_with(*history, candidates_of(call), !call.facts.page_token.empty());
  report_.expect(!runs.empty(), "history", "{} of {:?}, run {:?}, answers events that no such run has",
                 call.method->name, call.facts.workflow_id, call.facts.run_id);
  if (!runs.empty()) {
    pool_.add_page_token(next_page, mirror_.find_run(*runs.begin())->key.workflow_id.value, runs);
  }
}

void Target::judge_poll(const Call& call) {
  if (call.method->name == "PollWorkflowTaskQueue") {
    const auto& task = static_cast<const testing::wire::PollWorkflowTaskQueueResponse&>(*call.response);
    report_.expect(task.task_token().empty() ||
                       !runs_with(task.history(), {task.workflow_execution().run_id()}, false).empty(),
                   "history", "a task of {} holds events that it does not have",
                   task.workflow_execution().workflow_id());
  } else if (call.method->name == "DescribeWorkflowExecution") {
    const auto& told = static_cast<const testing::wire::DescribeWorkflowExecutionResponse&>(*call.response);
    const auto& run = told.workflow_execution_info().execution();
    report_.expect(run.workflow_id() == call.facts.workflow_id &&
                       (call.facts.run_id.empty() || call.facts.run_id == run.run_id()),
                   "history", "asked for {:?} {:?}, described {} {}", call.facts.workflow_id,
                   call.facts.run_id, run.workflow_id(), run.run_id());
  }
}

}  // namespace perdure::fuzz
