// One struct as the parameter of a workflow. It prints
//   acme in eu-west-1: quick scan of 2 services, severity any, to be approved
#include <perdure/perdure.h>

#include <iostream>
#include <stdexcept>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

// [input]
enum class ScanType { kFull, kQuick };

struct ScanInput {
  std::string account_id;
  std::string region;
  std::optional<std::string> severity;
  bool notify = false;
  bool approval_required = true;
  std::vector<std::string> services;
  ScanType type = ScanType::kFull;
};
// [input]

// [codec]
template <>
struct perdure::Codec<ScanType> {
  static std::string encode(ScanType type) { return type == ScanType::kFull ? "full" : "quick"; }
  static ScanType decode(const std::string& text) {
    if (text != "full" && text != "quick") {
      throw std::invalid_argument("a scan is \"full\" or \"quick\"");
    }
    return text == "full" ? ScanType::kFull : ScanType::kQuick;
  }
};
// [codec]

std::string scan_account(const ScanInput& input) {
  return input.account_id + " in " + input.region + (input.type == ScanType::kQuick ? ": quick" : ": full") +
         " scan of " + std::to_string(input.services.size()) + " services, severity " +
         input.severity.value_or("any") + (input.approval_required ? ", to be approved" : "");
}

// [workflow]
class ScanWorkflow {
 public:
  perdure::Task<std::string> run(ScanInput input) {
    co_return co_await workflow::execute_activity<scan_account>(input, {.start_to_close_timeout = 5min});
  }
};
// [workflow]

int main(int argc, char** argv) {
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  perdure::Worker worker(client, {.task_queue = "scans",
                                  .workflows = perdure::workflows<ScanWorkflow>(),
                                  .activities = perdure::activities<scan_account>()});
  worker.start();
  // [start]
  const std::string report = client.execute_workflow<ScanWorkflow>(
      {.account_id = "acme", .region = "eu-west-1", .services = {"s3", "ec2"}, .type = ScanType::kQuick},
      {.id = "scan-acme", .task_queue = "scans"});
  // [start]
  std::cout << report << "\n";
}
