#include "tests/programs/service.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"
#include "client/connection.h"
#include "client/remote.h"
#include "sdk/in_process_transport.h"
#include "storage/memory/memory_storage.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::programs {
namespace {

namespace wire = temporal::api::workflowservice::v1;

// Takes the sticky queue out of what a worker answers.
class WithoutStickyQueue final : public client::Transport {
 public:
  explicit WithoutStickyQueue(std::unique_ptr<client::Transport> inner) : inner_(std::move(inner)) {}

  std::uint64_t call(std::string_view method, const google::protobuf::Message& request,
                     google::protobuf::Message* response, std::optional<Duration> timeout,
                     std::function<void(Status)> done) override {
    if (method != "RespondWorkflowTaskCompleted") {
      return inner_->call(method, request, response, timeout, std::move(done));
    }
    auto changed = static_cast<const wire::RespondWorkflowTaskCompletedRequest&>(request);
    changed.clear_sticky_attributes();
    return inner_->call(method, changed, response, timeout, std::move(done));
  }
  void cancel(std::uint64_t ticket) override { inner_->cancel(ticket); }

 private:
  const std::unique_ptr<client::Transport> inner_;
};

std::unique_ptr<server::Server> serve(host::Engine& engine) {
  server::ServerOptions options;
  options.address = "127.0.0.1:0";
  auto started = server::Server::start(engine.frontend(), options);
  check(started.ok(), "a free port of the loopback can be served");
  return std::move(started).value();
}

Client connect(std::unique_ptr<client::Transport> transport, bool in_process) {
  return Client(std::make_shared<client::Connection>(std::move(transport), "default", "tester", in_process));
}

Client connect_worker(host::Engine& engine, const server::Server* server, bool sticky) {
  std::unique_ptr<client::Transport> transport;
  if (server == nullptr) {
    transport = std::make_unique<sdk::InProcessTransport>(engine.frontend());
  } else {
    client::RemoteOptions options;
    options.address = server->address();
    transport = client::make_grpc_transport(options);
  }
  if (!sticky) {
    transport = std::make_unique<WithoutStickyQueue>(std::move(transport));
  }
  return connect(std::move(transport), server == nullptr);
}

}  // namespace

std::string describe(const Configuration& configuration) {
  return fmt::format("{}, {} cached, {}, pages of {}", configuration.served ? "served" : "embedded",
                     configuration.cached, configuration.sticky ? "sticky" : "not sticky",
                     configuration.page_events);
}

Service::Service(const Configuration& configuration)
    : engine_(storage::open_memory_storage(), nullptr, nullptr, configuration.page_events),
      server_(configuration.served ? serve(engine_) : nullptr),
      client_(connect(std::make_unique<sdk::InProcessTransport>(engine_.frontend()), true)),
      worker_client_(connect_worker(engine_, server_.get(), configuration.sticky)) {}

workflow_core::HistoryEvents Service::history(const std::string& workflow_id,
                                              const std::string& run_id) const {
  workflow_core::HistoryEvents events;
  wire::GetWorkflowExecutionHistoryRequest request;
  request.set_namespace_("default");
  request.mutable_execution()->set_workflow_id(workflow_id);
  request.mutable_execution()->set_run_id(run_id);
  do {
    wire::GetWorkflowExecutionHistoryResponse response;
    const Status status = client::call_and_wait(client_.connection()->transport(),
                                                "GetWorkflowExecutionHistory", request, &response);
    check(status.ok(), "the history of a run can be read");
    events.MergeFrom(response.history().events());
    request.set_next_page_token(response.next_page_token());
  } while (!request.next_page_token().empty());
  return events;
}

}  // namespace perdure::programs
