// crash-load TARGET LEDGER CALLERS: callers that start workflows on TARGET, signal them, and wait for their
// results, each call with a request id of its own that is repeated until it is answered; and the worker that
// they need. Whoever runs it kills the server meanwhile. After a line on standard input it starts nothing
// new, waits for the end of what it started, and compares the server's histories with its ledger: nothing
// that was acknowledged may be missing, nothing may have happened twice.
#include <fmt/core.h>
#include <perdure/perdure.h>

#include <atomic>
#include <chrono>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "api/payload_conversion.h"
#include "client/connection.h"
#include "client/remote.h"
#include "ledger.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::crash_loop {

using namespace std::chrono_literals;
namespace wire = temporal::api::workflowservice::v1;
namespace history = temporal::api::history::v1;

constexpr const char* kQueue = "crash-loop";
std::atomic<std::int64_t> activity_runs = 0;

int book(int number) {
  ++activity_runs;
  return number;
}

// Books what each of its signals brings; gives the sum.
class Account {
 public:
  Task<int> run(int expected_signals) {
    int sum = 0;
    std::size_t booked = 0;
    while (booked < static_cast<std::size_t>(expected_signals)) {
      if (booked == brought_.size()) {
        co_await workflow::sleep(100ms);
        continue;
      }
      sum += co_await workflow::execute_activity<book>(
          brought_[booked++],
          {.start_to_close_timeout = 2s,
           .retry_policy = RetryPolicy{.initial_interval = 50ms, .maximum_interval = 500ms}});
    }
    co_return sum;
  }
  void bring(int number) { brought_.push_back(number); }
  static constexpr auto signals = perdure::signals<&Account::bring>();

 private:
  std::vector<int> brought_;
};

namespace {

struct Expected {
  std::string workflow_id;
  std::string run_id;
  std::vector<int> signals;  // acknowledged, in this order
};

// A caller's pause before it asks a server again that may just be starting.
void pause(std::chrono::milliseconds time) {
  std::this_thread::sleep_for(time);  // perdure-allow: real callers of a real process wait in real time
}

bool may_pass(const Status& status) {
  return status.code() == Code::kUnavailable || status.code() == Code::kDeadlineExceeded ||
         status.code() == Code::kResourceExhausted || status.code() == Code::kCancelled;
}

// Problems found, with what they are about.
class Findings {
 public:
  void add(const std::string& text) {
    const std::lock_guard lock(mutex_);
    std::cerr << "FINDING: " << text << std::endl;
    ++count_;
  }
  int count() const { return count_; }

 private:
  std::mutex mutex_;
  std::atomic<int> count_ = 0;
};

class Caller {
 public:
  Caller(client::Transport& transport, Ledger& ledger, Findings& findings, int index,
         std::atomic<bool>& stopping)
      : transport_(transport), ledger_(ledger), findings_(findings), index_(index), stopping_(stopping) {}

  void run() {
    for (int number = 0; !stopping_; ++number) {
      one_workflow(number);
    }
  }
  const std::vector<Expected>& done() const { return done_; }

 private:
  void one_workflow(int number) {
    Expected expected{fmt::format("account-{}-{}", index_, number), "", {}};
    const int signals = 1 + number % 3;
    start(expected, signals);
    int sum = 0;
    for (int i = 0; i < signals; ++i) {
      const int value = 100 * number + i;
      signal(expected, value);
      sum += value;
    }
    wait_for_result(expected, sum);
    done_.push_back(std::move(expected));
  }

  void start(Expected& expected, int signals) {
    wire::StartWorkflowExecutionRequest request;
    request.set_namespace_("default");
    request.set_workflow_id(expected.workflow_id);
    request.set_request_id(expected.workflow_id + "-start");
    request.set_workflow_id_reuse_policy(temporal::api::enums::v1::WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE);
    request.mutable_workflow_type()->set_name("Account");
    request.mutable_task_queue()->set_name(kQueue);
    api::set_payload(request.mutable_input()->add_payloads(), to_payload(signals));
    ledger_.write("start " + expected.workflow_id);
    wire::StartWorkflowExecutionResponse response;
    until_answered("StartWorkflowExecution", request, &response, expected.workflow_id);
    expected.run_id = response.run_id();
    ledger_.write("started " + expected.workflow_id + " " + expected.run_id);
  }

  void signal(Expected& expected, int value) {
    wire::SignalWorkflowExecutionRequest request;
    request.set_namespace_("default");
    request.mutable_workflow_execution()->set_workflow_id(expected.workflow_id);
    request.mutable_workflow_execution()->set_run_id(expected.run_id);
    request.set_signal_name("bring");
    request.set_request_id(fmt::format("{}-signal-{}", expected.workflow_id, value));
    api::set_payload(request.mutable_input()->add_payloads(), to_payload(value));
    ledger_.write(fmt::format("signal {} {}", expected.workflow_id, value));
    wire::SignalWorkflowExecutionResponse response;
    until_answered("SignalWorkflowExecution", request, &response, expected.workflow_id);
    expected.signals.push_back(value);
    ledger_.write(fmt::format("signalled {} {}", expected.workflow_id, value));
  }

  void wait_for_result(const Expected& expected, int sum) {
    wire::GetWorkflowExecutionHistoryRequest request;
    request.set_namespace_("default");
    request.mutable_execution()->set_workflow_id(expected.workflow_id);
    request.mutable_execution()->set_run_id(expected.run_id);
    request.set_wait_new_event(true);
    request.set_history_event_filter_type(temporal::api::enums::v1::HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT);
    wire::GetWorkflowExecutionHistoryResponse response;
    do {
      until_answered("GetWorkflowExecutionHistory", request, &response, expected.workflow_id);
    } while (response.history().events().empty());
    const history::HistoryEvent& event = response.history().events(0);
    const auto& payloads = event.workflow_execution_completed_event_attributes().result().payloads();
    if (payloads.empty() || from_payload<int>(api::payload_from_proto(payloads[0])) != sum) {
      findings_.add(fmt::format("{} ended with {}, its signals add up to {}", expected.workflow_id,
                                event.ShortDebugString(), sum));
    }
    ledger_.write("closed " + expected.workflow_id);
  }

  // The same request again and again until the server says something about it.
  template <class Request, class Response>
  void until_answered(std::string_view method, const Request& request, Response* response,
                      const std::string& about) {
    while (true) {
      const Status status = client::call_and_wait(transport_, method, request, response, Duration(5s));
      if (status.ok()) {
        return;
      }
      if (!may_pass(status)) {
        findings_.add(fmt::format("{} of {}: {}", method, about, status.to_string()));
        pause(1s);
        if (stopping_) {
          return;
        }
      }
      pause(30ms);
    }
  }

  client::Transport& transport_;
  Ledger& ledger_;
  Findings& findings_;
  const int index_;
  std::atomic<bool>& stopping_;
  std::vector<Expected> done_;
};

// The server lives: what may pass has passed after so many tries.
Status call_patiently(client::Transport& transport, const wire::GetWorkflowExecutionHistoryRequest& request,
                      wire::GetWorkflowExecutionHistoryResponse* page) {
  constexpr int kTries = 6;
  Status status;
  for (int tries = 0; tries < kTries; ++tries) {
    status = client::call_and_wait(transport, "GetWorkflowExecutionHistory", request, page, Duration(10s));
    if (status.ok() || !may_pass(status)) {
      break;
    }
    pause(1s);
  }
  return status;
}

Result<std::vector<history::HistoryEvent>> read_history(client::Transport& transport,
                                                        const Expected& expected) {
  wire::GetWorkflowExecutionHistoryRequest request;
  request.set_namespace_("default");
  request.mutable_execution()->set_workflow_id(
      expected.workflow_id);  // the current run: there must be no other
  std::vector<history::HistoryEvent> events;
  do {
    wire::GetWorkflowExecutionHistoryResponse page;
    if (const Status status = call_patiently(transport, request, &page); !status.ok()) {
      return status;
    }
    events.insert(events.end(), page.history().events().begin(), page.history().events().end());
    request.set_next_page_token(page.next_page_token());
  } while (!request.next_page_token().empty());
  return events;
}

void compare(client::Transport& transport, const Expected& expected, Findings& findings) {
  const auto read = read_history(transport, expected);
  if (!read.ok()) {
    findings.add(fmt::format("{} was acknowledged and cannot be read: {}", expected.workflow_id,
                             read.status().to_string()));
    return;
  }
  const auto& events = *read;
  std::vector<int> signals;
  std::map<std::int64_t, int> completions;
  int closed = 0;
  for (const auto& event : events) {
    if (event.has_workflow_execution_signaled_event_attributes()) {
      const auto& input = event.workflow_execution_signaled_event_attributes().input();
      signals.push_back(from_payload<int>(api::payload_from_proto(input.payloads(0))));
    }
    if (event.has_activity_task_completed_event_attributes()) {
      ++completions[event.activity_task_completed_event_attributes().scheduled_event_id()];
    }
    closed += event.has_workflow_execution_completed_event_attributes() ? 1 : 0;
  }
  if (events.empty()) {
    findings.add(expected.workflow_id + " was acknowledged and is lost");
    return;
  }
  const std::string& run_id =
      events[0].workflow_execution_started_event_attributes().original_execution_run_id();
  if (run_id != expected.run_id) {
    findings.add(fmt::format("{} was acknowledged as run {} and is now run {}", expected.workflow_id,
                             expected.run_id, run_id));
  }
  if (signals != expected.signals) {
    findings.add(fmt::format("{}: {} signals acknowledged, {} in the history, or in another order",
                             expected.workflow_id, expected.signals.size(), signals.size()));
  }
  for (const auto& [scheduled, times] : completions) {
    if (times != 1) {
      findings.add(fmt::format("{}: activity {} completed {} times", expected.workflow_id, scheduled, times));
    }
  }
  if (completions.size() != expected.signals.size() || closed != 1) {
    findings.add(fmt::format("{}: {} activities for {} signals, closed {} times", expected.workflow_id,
                             completions.size(), expected.signals.size(), closed));
  }
}

int run(const std::string& target, const std::string& ledger_path, int callers) {
  Ledger ledger(ledger_path);
  Findings findings;
  std::atomic<bool> stopping = false;
  const auto transport = client::make_grpc_transport({.address = target});
  Client client = Client::connect(target, {.lazy = true});
  Worker worker(client,
                {.task_queue = kQueue, .workflows = workflows<Account>(), .activities = activities<book>()});
  std::vector<Caller> all;
  all.reserve(static_cast<std::size_t>(callers));
  std::vector<std::thread> threads;
  for (int i = 0; i < callers; ++i) {
    all.emplace_back(*transport, ledger, findings, i, stopping);
    threads.emplace_back([&caller = all.back()] { caller.run(); });
  }
  while (true) {
    try {
      worker.start();
      break;
    } catch (const RpcError&) {
      pause(100ms);  // the server is just being killed
    }
  }
  std::string line;
  std::getline(std::cin, line);
  stopping = true;
  for (std::thread& thread : threads) {
    thread.join();
  }
  std::size_t workflows = 0;
  std::size_t signals = 0;
  for (const Caller& caller : all) {
    for (const Expected& expected : caller.done()) {
      ++workflows;
      signals += expected.signals.size();
      compare(*transport, expected, findings);
    }
  }
  worker.stop();
  fmt::print("{{\"workflows\": {}, \"signals\": {}, \"activity_runs\": {}, \"findings\": {}}}\n", workflows,
             signals, activity_runs.load(), findings.count());
  return findings.count() == 0 && workflows > 0 ? 0 : 1;
}

}  // namespace
}  // namespace perdure::crash_loop

int main(int argc, char** argv) try {
  if (argc != 4) {
    std::cerr << "usage: crash-load TARGET LEDGER CALLERS\n";
    return 2;
  }
  return perdure::crash_loop::run(argv[1], argv[2], std::stoi(argv[3]));
} catch (const std::exception& error) {
  std::cerr << "crash-load: " << error.what() << "\n";
  return 1;
}
