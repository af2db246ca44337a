#include "server/dispatcher.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/support/server_callback.h>

#include "base/check.h"
#include "server/limits.h"
#include "server/unary_call.h"

namespace perdure::server {
namespace {

using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;
using grpc::ByteBuffer;

std::unique_ptr<Method> describe(const MethodDescriptor& descriptor) {
  MessageFactory* factory = MessageFactory::generated_factory();
  auto method = std::make_unique<Method>();
  method->name = descriptor.name();
  method->path = "/" + descriptor.service()->full_name() + "/" + descriptor.name();
  method->request = factory->GetPrototype(descriptor.input_type());
  method->response = factory->GetPrototype(descriptor.output_type());
  method->empty_ends = descriptor.name().starts_with("Poll") && descriptor.name().ends_with("TaskQueue");
  method->may_wait = method->empty_ends || descriptor.name() == "GetWorkflowExecutionHistory";
  return method;
}

}  // namespace

bool Calls::enter() {
  const bool few = under_way_.fetch_add(1, std::memory_order_relaxed) < limits::kCalls;
  return few && answers_.bytes() < limits::kUnreadAnswers;
}

void Calls::leave() { under_way_.fetch_sub(1, std::memory_order_relaxed); }

bool Calls::add_poll(UnaryCall* call, Polls::iterator* place) {
  const std::lock_guard lock(mutex_);
  if (polls_.size() >= limits::kPolls) {
    return false;
  }
  *place = polls_.insert(polls_.end(), call);
  return true;
}

void Calls::remove_poll(Polls::iterator place) {
  const std::lock_guard lock(mutex_);
  polls_.erase(place);
  if (polls_.empty()) {
    no_polls_.notify_all();
  }
}

std::size_t Calls::open_polls() const {
  const std::lock_guard lock(mutex_);
  return polls_.size();
}

void Calls::end_polls(std::chrono::milliseconds longest) {
  // The engine's mailbox may be full of earlier cancellations, so each is asked for until it happens.
  constexpr std::chrono::milliseconds kAgain{20};
  const auto end = std::chrono::steady_clock::now() + longest;
  draining_.store(true);
  std::unique_lock lock(mutex_);
  do {
    for (UnaryCall* call : polls_) {
      call->cancel();
    }
    no_polls_.wait_for(lock, kAgain, [this] { return polls_.empty(); });
  } while (!polls_.empty() && std::chrono::steady_clock::now() < end);
}

ApiService::ApiService(Calls& calls, const std::string& service, ExtraService* handler) {
  const auto* descriptor = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(service);
  check(descriptor != nullptr, "the generated API is linked whole");
  for (int i = 0; i < descriptor->method_count(); ++i) {
    methods_.push_back(describe(*descriptor->method(i)));
    methods_.back()->service = handler;
    methods_.back()->may_wait |= handler != nullptr;
    const Method& method = *methods_.back();
    AddMethod(new grpc::internal::RpcServiceMethod(method.path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC,
                                                   nullptr));
    MarkMethodRawCallback(
        i, new grpc::internal::CallbackUnaryHandler<ByteBuffer, ByteBuffer>(
               [&calls, &method](grpc::CallbackServerContext* context, const ByteBuffer* request,
                                 ByteBuffer* response) -> grpc::ServerUnaryReactor* {
                 return UnaryCall::begin(calls, method, context, request, response);
               }));
  }
}

void ApiService::list_metrics(std::vector<MethodMetrics>* out) const {
  for (const auto& method : methods_) {
    out->push_back({method->name, &method->counters});
  }
}

}  // namespace perdure::server
