// The names of activity types. It prints
//   compose
//   charge-card
//   send
//   carrier-pigeon
#include <perdure/perdure.h>

#include <iostream>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;
namespace activity = perdure::activity;

// [names]
namespace shop {

std::string compose() { return activity::info().activity_type; }  // "compose": without its namespaces
std::string charge() { return activity::info().activity_type; }

class Mailer {
 public:
  std::string send() { return activity::info().activity_type; }  // "send"
};

std::string anything_else(const perdure::Payloads&) { return activity::info().activity_type; }

}  // namespace shop

template <>
inline constexpr std::string_view perdure::activity_name<&shop::charge> = "charge-card";
// [names]

class Names {
 public:
  perdure::Task<std::vector<std::string>> run() {
    const perdure::ActivityOptions options{.start_to_close_timeout = 10s};
    std::vector<std::string> names;
    names.push_back(co_await workflow::execute_activity<shop::compose>(options));
    names.push_back(co_await workflow::execute_activity<shop::charge>(options));
    names.push_back(co_await workflow::execute_activity<&shop::Mailer::send>(options));
    // [by_name]
    names.push_back(co_await workflow::execute_activity_by_name<std::string>("carrier-pigeon", options));
    // [by_name]
    co_return names;
  }
};

int main(int argc, char** argv) {
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  // [register]
  shop::Mailer mailer;
  perdure::Worker worker(client, {.task_queue = "names",
                                  .workflows = perdure::workflows<Names>(),
                                  .activities = perdure::activities<shop::compose, shop::charge>() +
                                                perdure::activities<&shop::Mailer::send>(mailer) +
                                                perdure::dynamic_activity<shop::anything_else>()});
  // [register]
  worker.start();
  for (const std::string& name : client.execute_workflow<Names>({.id = "names", .task_queue = "names"})) {
    std::cout << name << "\n";
  }
}
