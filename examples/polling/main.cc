// perdure-polling [TARGET]: exports a table in a pretended service that takes ten seconds. Kill it meanwhile
// and start it again: it goes on with the same job.
#include <iostream>

#include "polling.h"

namespace {

using namespace std::chrono_literals;
using std::chrono::system_clock;

// A job's id says when it is done, so that jobs live on while this program does not.
class TenSeconds : public polling::ExportService {
 public:
  std::string submit(const std::string& table) override {
    const auto done_at = std::chrono::floor<std::chrono::seconds>(system_clock::now() + 10s);
    const std::string job = std::to_string(done_at.time_since_epoch().count());
    std::cout << "submitted " << table << " as job " << job << std::endl;
    return job;
  }
  polling::Status status(const std::string& job) override {
    std::cout << "polled job " << job << std::endl;
    const system_clock::time_point done_at{std::chrono::seconds(std::stoll(job))};
    return {.done = system_clock::now() >= done_at, .rows = 1234};
  }
  void cancel(const std::string& job) override { std::cout << "cancelled job " << job << std::endl; }
};

}  // namespace

int main(int argc, char** argv) try {
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  TenSeconds service;
  polling::Exports exports(service, 1s);
  perdure::Worker worker(client,
                         {.task_queue = "exports",
                          .workflows = perdure::workflows<polling::ExportTable>(),
                          .activities = perdure::activities<&polling::Exports::export_table>(exports)});
  worker.start();
  const auto handle = client.start_workflow<polling::ExportTable>(
      "customers", {.id = "export-customers",
                    .task_queue = "exports",
                    .id_conflict_policy = perdure::WorkflowIdConflictPolicy::kUseExisting});
  std::cout << "exported " << handle.result() << " rows" << std::endl;
} catch (const perdure::PerdureError& error) {
  std::cerr << "perdure-polling: " << error.what() << "\n";
  return 1;
}
