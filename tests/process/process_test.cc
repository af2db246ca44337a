// Activities in processes of their own: what crosses, and what happens when such a process dies.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <map>
#include <set>
#include <stdexcept>

#include "perdure/process_activities.h"
#include "tests/process/worker_program.h"
#include "tests/sdk/fixture.h"
#include "tests/support/heartbeating.h"
#include "tests/support/kept_log.h"

namespace process_test {

using namespace sdk_test;
using test_support::field;
using ::testing::HasSubstr;

struct Point {
  int x = 0;
  int y = 0;
  friend bool operator==(const Point&, const Point&) = default;
};

struct Seen {
  std::vector<Point> mirrored;
  std::string text;
  std::string bytes;
  int process = 0;
};

struct Facts {
  std::string activity_id, activity_type, workflow_id, workflow_type, task_queue, namespace_name;
  int attempt = 0;
  bool has_token = false;
  std::chrono::milliseconds start_to_close{};
  std::chrono::milliseconds heartbeat{};
  int maximum_attempts = 0;
};

// Activities.
Seen look(std::vector<Point> points, std::string text) {
  Seen seen{.text = text + "!", .bytes = std::string(3'000'00, 'x'), .process = getpid()};
  for (const Point& point : points) {
    seen.mirrored.push_back({point.y, point.x});
  }
  return seen;
}
void nothing() {}
int process_id() { return getpid(); }
void refuses() {
  throw perdure::ApplicationError(
      "no such picture",
      {.type = "PictureError", .non_retryable = true, .details = perdure::to_payloads("picture", 17)});
}
void goes_wrong() { throw std::out_of_range("index 7 of 3"); }
std::vector<int> step() { return test_support::fail_half_way_and_go_on(); }
std::string until_cancelled() {
  activity::logger().info("waits", {{"process", std::to_string(getpid())}});
  try {
    test_support::heartbeat_until_cancelled();
  } catch (const perdure::CancelledError& error) {
    activity::logger().info(std::string("stops: ") + error.what());
    throw;
  }
}
std::string crashes_once() {
  if (activity::info().attempt == 1) {
    std::raise(SIGSEGV);
  }
  return "attempt " + std::to_string(activity::info().attempt);
}
void crashes(int signal) { std::raise(signal); }
void leaves(int exit_code) { std::exit(exit_code); }
void hangs() {
  activity::logger().info("hangs", {{"process", std::to_string(getpid())}});
  while (true) {
    pause();
  }
}
void lets_others_complete() {
  activity::logger().info("lets others complete");
  activity::complete_async();
}
void asks_for_client() { activity::client(); }
Facts facts() {
  const activity::Info& info = activity::info();
  return {
      .activity_id = info.activity_id,
      .activity_type = info.activity_type,
      .workflow_id = info.workflow_id,
      .workflow_type = info.workflow_type,
      .task_queue = info.task_queue,
      .namespace_name = info.namespace_name,
      .attempt = info.attempt,
      .has_token = !info.task_token.empty(),
      .start_to_close = std::chrono::duration_cast<std::chrono::milliseconds>(*info.start_to_close_timeout),
      .heartbeat = std::chrono::duration_cast<std::chrono::milliseconds>(*info.heartbeat_timeout),
      .maximum_attempts = info.retry_policy ? info.retry_policy->maximum_attempts : -1};
}

const perdure::ActivityOptions kOnce{.start_to_close_timeout = 60s,
                                     .heartbeat_timeout = 30s,
                                     .retry_policy = perdure::RetryPolicy{.maximum_attempts = 1}};
const perdure::ActivityOptions kAgain{
    .start_to_close_timeout = 60s,
    .retry_policy = perdure::RetryPolicy{.initial_interval = 1ms, .maximum_attempts = 3}};

// Workflows.
class Looks {
 public:
  perdure::Task<Seen> run() {
    co_await workflow::execute_activity<nothing>(kOnce);
    co_return co_await workflow::execute_activity<look>({{1, 2}, {3, 4}}, "seen", kOnce);
  }
};
class Asks {
 public:
  perdure::Task<Facts> run() { co_return co_await workflow::execute_activity<facts>(kOnce); }
};
class Steps {
 public:
  perdure::Task<std::vector<int>> run() { co_return co_await workflow::execute_activity<step>(kAgain); }
};
class Process {
 public:
  perdure::Task<int> run() { co_return co_await workflow::execute_activity<process_id>(kOnce); }
};
class Many {
 public:
  perdure::Task<std::vector<int>> run(int count) {
    std::vector<workflow::ActivityHandle<int>> running;
    for (int i = 0; i < count; ++i) {
      running.push_back(workflow::start_activity<process_id>(kOnce));
    }
    std::vector<int> processes;
    for (auto& activity : running) {
      processes.push_back(co_await activity);
    }
    co_return processes;
  }
};
class Survives {
 public:
  perdure::Task<std::string> run() { co_return co_await workflow::execute_activity<crashes_once>(kAgain); }
};
// One activity, by name, that fails.
class Fails {
 public:
  perdure::Task<> run(std::string activity, int argument) {
    co_await workflow::execute_activity_by_name<void>(activity, kOnce, argument);
  }
};
class Cancellable {
 public:
  perdure::Task<std::string> run() {
    co_return co_await workflow::execute_activity<until_cancelled>(
        {.start_to_close_timeout = 60s,
         .heartbeat_timeout = 30s,
         .cancellation_type = perdure::ActivityCancellationType::kWaitCancellationCompleted});
  }
};
class OpenEnded {
 public:
  perdure::Task<int> run() {
    auto open = workflow::start_activity<lets_others_complete>(kOnce);
    co_await open;
    co_return 1;
  }
};
class Hangs {
 public:
  perdure::Task<> run() {
    co_await workflow::execute_activity<hangs>(
        {.start_to_close_timeout = 2s, .retry_policy = perdure::RetryPolicy{.maximum_attempts = 1}});
  }
};

class ProcessTest : public SdkTest {
 protected:
  std::unique_ptr<perdure::Worker> processes(int max_processes = 2, std::chrono::nanoseconds throttle = 60s) {
    return worker(
        {.workflows = perdure::workflows<Looks, Asks, Steps, Process, Many, Survives, Fails, Cancellable,
                                         OpenEnded, Hangs>(),
         .activities = perdure::process_activities<look, nothing, process_id, refuses, goes_wrong, step,
                                                   until_cancelled, crashes_once, crashes, leaves, hangs,
                                                   asks_for_client, lets_others_complete, facts>(),
         .max_processes = max_processes,
         .max_heartbeat_throttle_interval = throttle});
  }
  static perdure::WorkflowOptions options(std::string id = "w") {
    return {.id = std::move(id), .task_queue = kQueue};
  }
  // What activity `name` failed with.
  perdure::ApplicationError failure_of(const std::string& name, int argument = 0) {
    const auto error = error_of<perdure::WorkflowFailureError>(
        [&] { client().execute_workflow<Fails>(name, argument, options(name + std::to_string(argument))); });
    const auto* failure = cause_at<perdure::ApplicationError>(error.value(), 1);
    return failure != nullptr ? *failure : perdure::ApplicationError(std::string("none: ") + error->what());
  }
  // Waits for a line of the log; none of them repeats.
  perdure::LogRecord line(const std::string& message) {
    perdure::LogRecord found;
    EXPECT_TRUE(eventually([&] {
      const auto line = log_.find(message);
      found = line.value_or(found);
      return line.has_value();
    })) << message;
    return found;
  }

  test_support::KeptLog log_;
};

TEST_F(ProcessTest, ArgumentsAndResultsCross) {
  const auto running = processes();
  const Seen seen = client().execute_workflow<Looks>(options());
  EXPECT_EQ(seen.mirrored, (std::vector<Point>{{2, 1}, {4, 3}}));
  EXPECT_EQ(seen.text, "seen!");
  EXPECT_EQ(seen.bytes.size(), 300'000U);
  EXPECT_NE(seen.process, getpid());
}

TEST_F(ProcessTest, FactsAboutTheAttemptCross) {
  const auto running = processes();
  const Facts seen = client().execute_workflow<Asks>(options("the workflow"));
  EXPECT_EQ(seen.activity_id, "1");
  EXPECT_EQ(seen.activity_type, "facts");
  EXPECT_EQ(seen.workflow_id, "the workflow");
  EXPECT_EQ(seen.workflow_type, "Asks");
  EXPECT_EQ(seen.task_queue, kQueue);
  EXPECT_EQ(seen.namespace_name, "default");
  EXPECT_EQ(seen.attempt, 1);
  EXPECT_TRUE(seen.has_token);
  EXPECT_EQ(seen.start_to_close, 60s);
  EXPECT_EQ(seen.heartbeat, 30s);
  EXPECT_EQ(seen.maximum_attempts, 1);
}

TEST_F(ProcessTest, ErrorsCrossWithTypeAndDetails) {
  const auto running = processes();
  const auto refused = failure_of("refuses");
  EXPECT_EQ(refused.message(), "no such picture");
  EXPECT_EQ(refused.type(), "PictureError");
  EXPECT_TRUE(refused.non_retryable());
  EXPECT_EQ(refused.details(), perdure::to_payloads("picture", 17));
  const auto wrong = failure_of("goes_wrong");
  EXPECT_EQ(wrong.message(), "index 7 of 3");
  EXPECT_EQ(wrong.type(), "out_of_range");
  EXPECT_THAT(failure_of("asks_for_client").message(), HasSubstr("process_activities"));
}

TEST_F(ProcessTest, HeartbeatDetailsCrossAndReachTheNextAttempt) {
  const auto running = processes();
  EXPECT_EQ(client().execute_workflow<Steps>(options()), (std::vector<int>{2, 1, 2}));
}

TEST_F(ProcessTest, CancellationAndLogLinesCross) {
  const auto running = processes(2, /*throttle=*/20ms);
  const auto handle = client().start_workflow<Cancellable>(options());
  const perdure::LogRecord waits = line("waits");
  EXPECT_EQ(field(waits, "workflow_id"), "w");
  EXPECT_EQ(field(waits, "activity_type"), "until_cancelled");
  EXPECT_NE(field(waits, "process"), std::to_string(getpid()));
  handle.cancel();
  EXPECT_TRUE(error_of<perdure::WorkflowFailureError>([&] { handle.result(); }));
  line("stops: Cancelled");
}

TEST_F(ProcessTest, AnActivityCanBeLeftOpenForOthersToComplete) {
  const auto running = processes(1);
  const auto handle = client().start_workflow<OpenEnded>(options());
  line("lets others complete");
  // In the same process: the other function has ended by then.
  client().execute_workflow<Process>(options("after it"));
  client().get_async_activity_handle("w", "", "1").complete();
  EXPECT_EQ(handle.result(), 1);
}

TEST_F(ProcessTest, ANegativeNumberOfProcessesIsRefused) {
  EXPECT_TRUE(error_of<perdure::OptionsError>([&] { processes(-1); }));
}

TEST_F(ProcessTest, ASegmentationFaultIsAFailedAttemptAndTheNextOneSucceeds) {
  const auto running = processes(1);
  EXPECT_EQ(client().execute_workflow<Survives>(options()), "attempt 2");
}

TEST_F(ProcessTest, AFailureNamesTheSignalOrTheExitCode) {
  const auto running = processes(1);
  const auto fault = failure_of("crashes", SIGSEGV);
  EXPECT_EQ(fault.type(), "ActivityProcessDied");
  EXPECT_THAT(fault.message(), HasSubstr("of activity crashes was ended by SIGSEGV (Segmentation fault"));
  EXPECT_THAT(failure_of("crashes", SIGABRT).message(), HasSubstr("was ended by SIGABRT"));
  EXPECT_THAT(failure_of("leaves", 7).message(), HasSubstr("ended itself with exit code 7"));
  EXPECT_NE(client().execute_workflow<Process>(options()), 0);  // with another process
}

TEST_F(ProcessTest, AProcessThatIsKilledWhileItIsIdleIsReplacedUnnoticed) {
  const auto running = processes(1);
  const int first = client().execute_workflow<Process>(options("first"));
  EXPECT_EQ(client().execute_workflow<Process>(options("second")), first);
  ASSERT_EQ(kill(first, SIGKILL), 0);
  siginfo_t ended{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(first), &ended, WEXITED | WNOWAIT), 0);
  EXPECT_NE(client().execute_workflow<Process>(options("third")), first);
}

TEST_F(ProcessTest, AProcessThatIsKilledWhileItRunsIsAFailedAttempt) {
  const auto running = processes(1);
  const auto handle = client().start_workflow<Fails>("hangs", 0, options());
  ASSERT_EQ(kill(std::stoi(field(line("hangs"), "process")), SIGKILL), 0);
  const auto error = error_of<perdure::WorkflowFailureError>([&] { handle.result(); });
  EXPECT_THAT(cause_at<perdure::ApplicationError>(error.value(), 1)->message(), HasSubstr("SIGKILL"));
}

TEST_F(ProcessTest, AnAttemptWhoseTimeIsOverIsKilled) {
  auto running = processes(1);
  const auto error =
      error_of<perdure::WorkflowFailureError>([&] { client().execute_workflow<Hangs>(options()); });
  EXPECT_NE(cause_at<perdure::TimeoutError>(error.value(), 1), nullptr);
  const int hanging = std::stoi(field(line("hangs"), "process"));
  EXPECT_NE(client().execute_workflow<Process>(options("next")), hanging);  // its place is free again
}

TEST_F(ProcessTest, ThereAreNoMoreProcessesThanAllowed) {
  const auto running = processes(2);
  const std::vector<int> seen = client().execute_workflow<Many>(20, options());
  EXPECT_LE(std::set<int>(seen.begin(), seen.end()).size(), 2U);
}

TEST_F(ProcessTest, ProcessesEndWithTheirWorker) {
  auto running = processes(1);
  const int process = client().execute_workflow<Process>(options());
  running.reset();
  EXPECT_EQ(kill(process, 0), -1);
}

TEST_F(ProcessTest, AWorkerThatStopsCancelsWhatRunsAndWhatWaitsForAProcess) {
  auto running = processes(1);
  client().start_workflow<Cancellable>(options("runs"));
  line("waits");
  client().start_workflow<Cancellable>(options("queued"));
  running.reset();
  line("stops: the worker shuts down");
}

// The state directory belongs to the other program; its output says who is who.
TEST_F(ProcessTest, ProcessesEndWhenTheirWorkerIsKilled) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe");
  FILE* output = popen(("exec " + program + " --be-a-worker " + directory_.string()).c_str(), "r");
  ASSERT_NE(output, nullptr);
  int worker_process = 0;
  int activity_process = 0;
  ASSERT_EQ(std::fscanf(output, "worker %d activity %d", &worker_process, &activity_process), 2);
  EXPECT_NE(worker_process, activity_process);
  ASSERT_EQ(kill(worker_process, SIGKILL), 0);
  // Ends when nobody has the other end of the pipe any more.
  char rest[64];
  while (std::fread(rest, 1, sizeof(rest), output) > 0) {
  }
  EXPECT_EQ(pclose(output), SIGKILL);  // as waitpid() tells it
}

void announces() {
  std::printf(" activity %d\n", static_cast<int>(getpid()));
  std::fflush(stdout);
  while (true) {
    pause();
  }
}

class Announces {
 public:
  perdure::Task<> run() { co_await workflow::execute_activity<announces>({.start_to_close_timeout = 600s}); }
};

int be_a_worker(const char* state_directory) {
  std::printf("worker %d", static_cast<int>(getpid()));
  std::fflush(stdout);
  const perdure::Client client = perdure::Client::connect(std::string("file:") + state_directory);
  perdure::Worker worker(client, {.task_queue = kQueue,
                                  .workflows = perdure::workflows<Announces>(),
                                  .activities = perdure::process_activities<announces>()});
  worker.start();
  client.execute_workflow<Announces>({.id = "w", .task_queue = kQueue});
  return 0;
}

}  // namespace process_test
