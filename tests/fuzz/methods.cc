#include "tests/fuzz/methods.h"

#include <map>

#include "base/check.h"

namespace perdure::fuzz {
namespace {

constexpr const char* kServices[] = {"temporal.api.workflowservice.v1.WorkflowService",
                                     "temporal.api.operatorservice.v1.OperatorService"};

const std::map<std::string_view, int>& weights() {
  static const std::map<std::string_view, int> kWeights{
      {"StartWorkflowExecution", 200},
      {"PollWorkflowTaskQueue", 260},
      {"RespondWorkflowTaskCompleted", 320},
      {"RespondWorkflowTaskFailed", 40},
      {"PollActivityTaskQueue", 180},
      {"RespondActivityTaskCompleted", 70},
      {"RespondActivityTaskFailed", 70},
      {"RespondActivityTaskCanceled", 40},
      {"RecordActivityTaskHeartbeat", 70},
      {"RespondActivityTaskCompletedById", 30},
      {"RespondActivityTaskFailedById", 30},
      {"RespondActivityTaskCanceledById", 30},
      {"RecordActivityTaskHeartbeatById", 30},
      {"SignalWorkflowExecution", 120},
      {"RequestCancelWorkflowExecution", 40},
      {"TerminateWorkflowExecution", 15},
      {"DescribeWorkflowExecution", 60},
      {"GetWorkflowExecutionHistory", 100},
      {"GetWorkflowExecutionHistoryReverse", 50},
      {"ShutdownWorker", 15},
      {"GetSystemInfo", 5},
      {"GetClusterInfo", 5},
      {"DescribeNamespace", 10},
      {"ListNamespaces", 5},
      {"RegisterNamespace", 5},
      {"UpdateNamespace", 5},
      {"DeprecateNamespace", 2},
  };
  return kWeights;
}

}  // namespace

Methods::Methods() {
  auto* factory = google::protobuf::MessageFactory::generated_factory();
  for (const char* name : kServices) {
    const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
    check(service != nullptr, "the generated API is linked whole");
    for (int i = 0; i < service->method_count(); ++i) {
      const auto& descriptor = *service->method(i);
      Method method{descriptor.name(), factory->GetPrototype(descriptor.input_type()),
                    factory->GetPrototype(descriptor.output_type())};
      const auto weight = weights().find(method.name);
      method.weight = weight == weights().end() ? 1 : weight->second;
      method.may_wait = method.name == "PollWorkflowTaskQueue" || method.name == "PollActivityTaskQueue" ||
                        method.name == "GetWorkflowExecutionHistory" || method.name == "QueryWorkflow" ||
                        method.name == "UpdateWorkflowExecution" ||
                        method.name == "PollWorkflowExecutionUpdate" ||
                        method.name == "ExecuteMultiOperation";
      total_weight_ += static_cast<std::uint64_t>(method.weight);
      all_.push_back(std::move(method));
    }
  }
}

const Method* Methods::find(std::string_view name) const {
  for (const Method& method : all_) {
    if (method.name == name) {
      return &method;
    }
  }
  return nullptr;
}

std::size_t Methods::pick(Random& random) const {
  std::uint64_t left = random.below(total_weight_);
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const auto weight = static_cast<std::uint64_t>(all_[i].weight);
    if (left < weight) {
      return i;
    }
    left -= weight;
  }
  return 0;
}

}  // namespace perdure::fuzz
