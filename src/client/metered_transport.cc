#include "client/metered_transport.h"

#include <utility>

#include "client/connection.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::client {
namespace {

using temporal::api::workflowservice::v1::GetWorkflowExecutionHistoryRequest;

// As the status_code label of Temporal's SDKs.
const char* name_of(Code code) {
  static constexpr const char* kNames[] = {
      "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
      "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
      "DATA_LOSS", "UNAUTHENTICATED"};
  const auto index = static_cast<std::size_t>(code);
  return index < std::size(kNames) ? kNames[index] : "UNKNOWN";
}

// Waits for what a user waits for, so its time says nothing about the service.
bool is_long(std::string_view method, const google::protobuf::Message& request) {
  if (method.starts_with("Poll")) {
    return true;
  }
  const auto* history = method == "GetWorkflowExecutionHistory"
                            ? dynamic_cast<const GetWorkflowExecutionHistoryRequest*>(&request)
                            : nullptr;
  return history != nullptr && history->wait_new_event();
}

class MeteredTransport final : public Transport {
 public:
  MeteredTransport(std::unique_ptr<Transport> transport, std::shared_ptr<MetricsSink> metrics, Pacer& pacer,
                   std::string namespace_name)
      : metrics_(std::move(metrics)),
        pacer_(pacer),
        namespace_name_(std::move(namespace_name)),
        transport_(std::move(transport)) {}

  std::uint64_t call(std::string_view method, const google::protobuf::Message& request,
                     google::protobuf::Message* response, std::optional<Duration> timeout,
                     std::function<void(Status)> done) override {
    return transport_->call(method, request, response, timeout,
                            [this, operation = std::string(method), is_long = is_long(method, request),
                             begun = pacer_.now(), done = std::move(done)](Status status) {
                              measure(operation, is_long, begun, status);
                              done(std::move(status));
                            });
  }
  void cancel(std::uint64_t ticket) override { transport_->cancel(ticket); }
  void drive() override { transport_->drive(); }

 private:
  void measure(const std::string& operation, bool is_long, Timestamp begun, const Status& status) {
    const std::string prefix = is_long ? "temporal_long_request" : "temporal_request";
    MetricLabels labels = {{"namespace", namespace_name_}, {"operation", operation}};
    metrics_->count(prefix, labels, 1);
    metrics_->latency(prefix + "_latency", labels,
                      std::chrono::nanoseconds(pacer_.now().nanos - begun.nanos));
    if (!status.ok()) {
      labels.emplace_back("status_code", name_of(status.code()));
      metrics_->count(prefix + "_failure", labels, 1);
    }
  }

  const std::shared_ptr<MetricsSink> metrics_;
  Pacer& pacer_;
  const std::string namespace_name_;
  // Destroyed first: it ends the calls that are open.
  const std::unique_ptr<Transport> transport_;
};

}  // namespace

std::unique_ptr<Transport> make_metered_transport(std::unique_ptr<Transport> transport,
                                                  std::shared_ptr<MetricsSink> metrics, Pacer& pacer,
                                                  std::string namespace_name) {
  return std::make_unique<MeteredTransport>(std::move(transport), std::move(metrics), pacer,
                                            std::move(namespace_name));
}

}  // namespace perdure::client
