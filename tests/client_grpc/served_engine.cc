#include "tests/client_grpc/served_engine.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>
#include <utility>

#include "storage/memory/memory_storage.h"

namespace client_grpc_test {
namespace {

using google::protobuf::Message;
using google::protobuf::MessageFactory;

std::unique_ptr<Message> make_message(const google::protobuf::Descriptor* type) {
  return std::unique_ptr<Message>(MessageFactory::generated_factory()->GetPrototype(type)->New());
}

// Lives until the call is answered.
struct Exchange {
  std::unique_ptr<Message> request;
  std::unique_ptr<Message> response;
};

}  // namespace

ServedEngine::ServedEngine() : engine_(perdure::storage::open_memory_storage()) {}

void ServedEngine::serve(const std::shared_ptr<ServedCall>& call) {
  const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
      "temporal.api.workflowservice.v1.WorkflowService");
  const auto* method = service->FindMethodByName(call->method());
  if (method == nullptr) {
    call->answer(grpc::Status(grpc::UNIMPLEMENTED, "unknown method " + call->method()), "");
    return;
  }
  const auto exchange = std::make_shared<Exchange>(
      Exchange{make_message(method->input_type()), make_message(method->output_type())});
  exchange->request->ParseFromString(call->request());
  const std::uint64_t ticket = engine_.frontend().call(
      call->method(), *exchange->request, exchange->response.get(), {call->timeout(), /*in_process=*/false},
      [call, exchange](const Status& status) {
        call->answer(to_wire(status), status.ok() ? exchange->response->SerializeAsString() : "");
      });
  call->on_cancel([this, ticket] { engine_.frontend().cancel(ticket); });
}

perdure::Timestamp InstantPacer::now() {
  const std::lock_guard lock(mutex_);
  return now_;
}

void InstantPacer::pause(Duration duration) {
  const std::lock_guard lock(mutex_);
  now_ = now_ + duration;
  pauses_.push_back(duration);
}

std::vector<Duration> InstantPacer::pauses() const {
  const std::lock_guard lock(mutex_);
  return pauses_;
}

}  // namespace client_grpc_test
