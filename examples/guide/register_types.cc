// What a worker can run. It prints
//   greeted 2 times: Hello, Ada! Hello, Bob!
//   WorkerOptions: at least one workflow or activity has to be registered
//   WorkerOptions: two activities are registered under the name "farewell" (farewell and polite::farewell)
#include <perdure/perdure.h>

#include <atomic>
#include <iostream>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

// [types]
class Greeter {  // activities with state: one object for all their calls, on several threads
 public:
  explicit Greeter(std::string greeting) : greeting_(std::move(greeting)) {}
  std::string greet(const std::string& name) {
    ++count_;
    return greeting_ + ", " + name + "!";
  }
  int count() const { return count_; }

 private:
  std::string greeting_;
  std::atomic<int> count_ = 0;
};

std::string farewell(const std::string& name) { return "Bye, " + name; }
namespace polite {
std::string farewell(const std::string& name) { return "Goodbye, " + name; }
}  // namespace polite
// [types]

class Greets {
 public:
  perdure::Task<std::string> run() {
    const perdure::ActivityOptions options{.start_to_close_timeout = 10s};
    const std::string ada = co_await workflow::execute_activity<&Greeter::greet>("Ada", options);
    co_return ada + " " + co_await workflow::execute_activity<&Greeter::greet>("Bob", options);
  }
};
class Idle {
 public:
  perdure::Task<> run() { co_return; }
};

void print_refusal(const perdure::Client& client, perdure::WorkerOptions options) {
  try {
    const perdure::Worker worker(client, std::move(options));
  } catch (const perdure::OptionsError& error) {
    const std::string message = error.what();
    std::cout << message.substr(0, message.find(';')) << "\n";
  }
}

int main(int argc, char** argv) {
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  // [register]
  const auto greeter = std::make_shared<Greeter>("Hello");
  perdure::Worker worker(client, {.task_queue = "types",
                                  .workflows = perdure::workflows<Greets, Idle>(),
                                  .activities = perdure::activities<&Greeter::greet>(greeter) +
                                                perdure::activities<farewell>()});
  // [register]
  worker.start();
  const std::string greeted = client.execute_workflow<Greets>({.id = "greets", .task_queue = "types"});
  std::cout << "greeted " << greeter->count() << " times: " << greeted << "\n";
  // [refused]
  print_refusal(client, {.task_queue = "types"});
  print_refusal(client,
                {.task_queue = "types",
                 .activities = perdure::activities<farewell>() + perdure::activities<polite::farewell>()});
  // [refused]
}
