#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "greeting.h"
#include "prometheus_sink.h"
#include "tracing.h"

namespace observability {
namespace {

int run(const std::string& target, const std::string& spans_file) {
  std::ofstream file(spans_file, std::ios::app);
  // [connect]
  const auto registry = std::make_shared<prometheus::Registry>();
  const auto spans = std::make_shared<SpanWriter>(file, "greeter");
  const auto client =
      perdure::Client::connect(target, {.interceptors = {std::make_shared<Tracing>(spans)},
                                        .metrics = std::make_shared<PrometheusSink>(registry)});
  // [connect]
  perdure::Worker worker(client, {.task_queue = "observability",
                                  .workflows = perdure::workflows<Greeting>(),
                                  .activities = perdure::activities<compose>()});
  worker.start();
  std::cout << client.execute_workflow<Greeting>("World", {.id = "greeting", .task_queue = "observability"})
            << '\n';
  worker.stop();
  std::cout << prometheus::TextSerializer().Serialize(registry->Collect());
  return 0;
}

}  // namespace
}  // namespace observability

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: perdure-observability TARGET SPANS-FILE, e.g. file:./state spans.jsonl\n";
    return 2;
  }
  try {
    return observability::run(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
