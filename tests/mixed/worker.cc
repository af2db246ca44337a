// perdure-mixed-worker TARGET QUEUE: workflows and activities in C++ on QUEUE, until SIGTERM.
// perdure-mixed-worker replay FOLDER: the twins of Python's workflows follow the histories in FOLDER.
// The workflows call activities that a Python worker serves on a queue that they are told. See test_mixed.py.
#include <google/protobuf/source_context.pb.h>

#include <iostream>

#include "perdure/testing.h"
#include "tests/mixed/scan.h"

namespace mixed {

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;
namespace activity = perdure::activity;
using google::protobuf::SourceContext;

// Activities, called by Python's workflows.
ScanReport cpp_scan(ScanInput input) {
  return {.account_id = input.account_id,
          .region = input.region,
          .severity = input.severity.value_or("none") + (input.approval_required ? ", to be approved" : ""),
          .findings = 3};
}

Everything cpp_change(Everything value) {
  value.text += "!";
  value.count += 1;
  value.share /= 2;
  value.flag = !value.flag;
  value.maybe = value.maybe ? std::nullopt : std::optional<std::string>("now");
  value.places.push_back({.city = "Köln", .latitude = 50.9375});
  value.numbers["two"] = 2;
  std::get<1>(value.pair) += 1;
  value.either = std::holds_alternative<int>(value.either) ? std::variant<int, std::string>("text")
                                                           : std::variant<int, std::string>(7);
  value.lasts *= 3;
  value.at += 1h;
  value.type = ScanType::kQuick;
  return value;
}

SourceContext cpp_message(SourceContext message) {
  message.set_file_name(message.file_name() + ".cc");
  return message;
}

void cpp_refuse(const std::string& account) {
  throw perdure::ApplicationError(
      "no account " + account,
      {.type = "AccountError", .non_retryable = true, .details = perdure::to_payloads(account, 17)});
}

std::string cpp_wait() {
  while (true) {
    activity::heartbeat("waiting");
    activity::wait_for_cancelled(20ms);
  }
}

// Workflows, whose activities are Python's.
struct OnQueue {
  std::string queue;
  ScanInput input;
};

inline perdure::ActivityOptions on(const std::string& queue) {
  return {.task_queue = queue,
          .start_to_close_timeout = 20s,
          .heartbeat_timeout = 5s,
          .retry_policy = perdure::RetryPolicy{.maximum_attempts = 1}};
}

// [by_name]
class ScanByPython {
 public:
  perdure::Task<ScanReport> run(OnQueue scan) {
    co_return co_await workflow::execute_activity_by_name<ScanReport>("python_scan", on(scan.queue),
                                                                      scan.input);
  }
};
// [by_name]

class ChangeByPython {
 public:
  perdure::Task<Everything> run(std::string queue, Everything value) {
    co_return co_await workflow::execute_activity_by_name<Everything>("python_change", on(queue), value);
  }
};

class MessageByPython {
 public:
  perdure::Task<std::string> run(std::string queue, SourceContext message) {
    const auto answer =
        co_await workflow::execute_activity_by_name<SourceContext>("python_message", on(queue), message);
    co_return answer.file_name();
  }
};

class RefusedByPython {
 public:
  perdure::Task<std::vector<std::string>> run(std::string queue) {
    try {
      co_await workflow::execute_activity_by_name<void>("python_refuse", on(queue), "a-9");
    } catch (const perdure::ActivityError& error) {
      const auto* cause = dynamic_cast<const perdure::ApplicationError*>(error.cause().get());
      const auto [account, number] = perdure::from_payloads<std::string, int>(cause->details());
      co_return std::vector<std::string>{cause->message(), cause->type(), account, std::to_string(number)};
    }
    co_return std::vector<std::string>{};
  }
};

class CancelsPython {
 public:
  perdure::Task<std::string> run(std::string queue) {
    auto options = on(queue);
    options.cancellation_type = perdure::ActivityCancellationType::kWaitCancellationCompleted;
    const auto waiting = workflow::start_activity_by_name<std::string>("python_wait", options);
    co_await workflow::sleep(200ms);
    waiting.cancel();
    try {
      co_return co_await waiting;
    } catch (const perdure::CancelledError&) {
      co_return "cancelled";
    }
  }
};

// Python's workflows of python_side.py once more: what those recorded, these replay.
class ScanByCpp {
 public:
  perdure::Task<ScanReport> run(std::string queue, ScanInput input) {
    co_return co_await workflow::execute_activity_by_name<ScanReport>("cpp_scan", on(queue), input);
  }
};

class RefusedByCpp {
 public:
  perdure::Task<std::vector<std::string>> run(std::string queue) {
    try {
      co_await workflow::execute_activity_by_name<void>("cpp_refuse", on(queue), "a-9");
    } catch (const perdure::ActivityError& error) {
      co_return std::vector<std::string>{error.cause()->message()};
    }
    co_return std::vector<std::string>{};
  }
};

class CancelsCpp {
 public:
  perdure::Task<std::string> run(std::string queue) {
    auto options = on(queue);
    options.cancellation_type = perdure::ActivityCancellationType::kWaitCancellationCompleted;
    const auto waiting = workflow::start_activity_by_name<std::string>("cpp_wait", options);
    co_await workflow::sleep(200ms);
    waiting.cancel();
    const auto outcome = co_await workflow::outcome(waiting);
    co_return outcome ? outcome.value() : "cancelled";
  }
};

int replay(const std::string& folder) {
  const perdure::testing::Replayer replayer(perdure::workflows<ScanByCpp, RefusedByCpp, CancelsCpp>());
  int failures = 0;
  for (const perdure::testing::ReplayResult& result : replayer.replay_folder(folder)) {
    std::cout << result.workflow_type << ": " << result.failure.value_or("follows") << "\n";
    failures += result ? 0 : 1;
  }
  return failures;
}

}  // namespace mixed

int main(int argc, char** argv) try {
  using namespace mixed;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.at(0) == "replay") {
    return replay(arguments.at(1));
  }
  const auto client = perdure::Client::connect(arguments.at(0));
  perdure::Worker worker(
      client, {.task_queue = arguments.at(1),
               .workflows = perdure::workflows<ScanByPython, ChangeByPython, MessageByPython, RefusedByPython,
                                               CancelsPython>(),
               .activities = perdure::activities<cpp_scan, cpp_change, cpp_message, cpp_refuse, cpp_wait>(),
               .max_heartbeat_throttle_interval = 100ms});
  worker.run();
} catch (const std::exception& error) {
  std::cerr << "perdure-mixed-worker: " << error.what() << "\n";
  return 1;
}
