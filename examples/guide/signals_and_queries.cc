// Telling a running workflow something, and asking it. It prints
//   asked: waiting for approval
//   asked: approved by alice
//   the workflow gave: order 17 was approved by alice
//   signals that were not known beforehand: 1
#include <perdure/perdure.h>

#include <iostream>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

// [workflow]
class Approval {
 public:
  perdure::Task<std::string> run(std::string order) {
    co_await workflow::wait_condition([this] { return !approved_by_.empty(); }, 24h);
    co_return order + " was approved by " + approved_by_;
  }
  void approve(std::string by) { approved_by_ = std::move(by); }
  std::string status() const {
    return approved_by_.empty() ? "waiting for approval" : "approved by " + approved_by_;
  }

  static constexpr auto signals = perdure::signals<&Approval::approve>();
  static constexpr auto queries = perdure::queries<&Approval::status>();

 private:
  std::string approved_by_;
};
// [workflow]

// [dynamic]
class Recorder {
 public:
  perdure::Task<int> run() {
    co_await workflow::wait_condition([this] { return done_; });
    co_return static_cast<int>(lines_.size());
  }
  void finish() { done_ = true; }
  // Every other signal.
  void anything(std::string signal, perdure::Payloads arguments) {
    lines_.push_back(signal + " with " + std::to_string(arguments.size()) + " arguments");
  }

  static constexpr auto signals = perdure::signals<&Recorder::finish>();
  static constexpr auto dynamic_signal = &Recorder::anything;

 private:
  std::vector<std::string> lines_;
  bool done_ = false;
};
// [dynamic]

int main(int argc, char** argv) {
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  perdure::Worker worker(client,
                         {.task_queue = "orders", .workflows = perdure::workflows<Approval, Recorder>()});
  worker.start();
  // [client]
  const auto approval =
      client.start_workflow<Approval>("order 17", {.id = "approval-17", .task_queue = "orders"});
  std::cout << "asked: " << approval.query<&Approval::status>() << "\n";
  approval.signal<&Approval::approve>("alice");
  std::cout << "asked: " << approval.query<&Approval::status>() << "\n";
  // [client]
  std::cout << "the workflow gave: " << approval.result() << "\n";
  const auto recorder = client.start_workflow<Recorder>({.id = "recorder", .task_queue = "orders"});
  recorder.signal("hello", 1, 2);
  recorder.signal<&Recorder::finish>();
  std::cout << "signals that were not known beforehand: " << recorder.result() << "\n";
}
