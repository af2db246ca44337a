#include "frontend/frontend.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>

#include <atomic>
#include <mutex>
#include <set>
#include <utility>

#include "api/convert.h"
#include "frontend/core.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::frontend {
namespace {

constexpr const char* kService = "temporal.api.workflowservice.v1.WorkflowService";

Methods all_methods() {
  Methods methods;
  add_workflow_methods(methods);
  add_signal_with_start_methods(methods);
  add_reset_methods(methods);
  add_history_methods(methods);
  add_poll_methods(methods);
  add_workflow_task_methods(methods);
  add_activity_methods(methods);
  add_query_methods(methods);
  add_update_methods(methods);
  add_multi_operation_methods(methods);
  add_namespace_methods(methods);
  add_system_methods(methods);
  add_worker_methods(methods);
  const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(kService);
  check(service != nullptr, "the generated API is linked whole");
  for (const auto& [name, method] : methods) {
    check(service->FindMethodByName(name) != nullptr, "a method has the name of an RPC");
  }
  return methods;
}

Status no_such_method(std::string_view name) {
  const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(kService);
  if (service->FindMethodByName(std::string(name)) == nullptr) {
    return Status(Code::kUnimplemented, fmt::format("unknown method {}", name));
  }
  return Status(Code::kUnimplemented, fmt::format("{} is not implemented by this version of Perdure", name));
}

}  // namespace

Status with_usual_detail(Status status) {
  if (status.code() != Code::kNotFound || !status.detail_type().empty()) {
    return status;
  }
  return api::with_detail(Code::kNotFound, status.message(),
                          temporal::api::errordetails::v1::NotFoundFailure());
}

struct Frontend::Impl {
  explicit Impl(runtime::Instance& instance) : core(instance), methods(all_methods()) {}

  Core core;
  const Methods methods;
  std::atomic<std::uint64_t> next_ticket{1};
  std::mutex mutex;
  std::set<std::uint64_t> being_cancelled;  // tickets; guarded by mutex
};

Frontend::Frontend(runtime::Instance& instance) : impl_(std::make_unique<Impl>(instance)) {}

Frontend::~Frontend() = default;

std::uint64_t Frontend::call(std::string_view method, const google::protobuf::Message& request,
                             google::protobuf::Message* response, const CallOptions& options,
                             std::function<void(Status)> done) {
  const RequestReader copy = [&request](google::protobuf::Message* to) {
    check(request.GetDescriptor() == to->GetDescriptor(), "a method is called with its own request type");
    return copy_checked(request, to);
  };
  return call(method, copy, response, options, std::move(done));
}

std::uint64_t Frontend::call(std::string_view method, const RequestReader& read,
                             google::protobuf::Message* response, const CallOptions& options,
                             std::function<void(Status)> done) {
  const std::uint64_t ticket = impl_->next_ticket.fetch_add(1, std::memory_order_relaxed);
  const auto found = impl_->methods.find(method);
  if (found == impl_->methods.end()) {
    done(no_such_method(method));
    return ticket;
  }
  response->Clear();
  found->second.invoke(impl_->core, read, response, options, ticket, std::move(done));
  return ticket;
}

void Frontend::cancel(std::uint64_t ticket) {
  // Never dropped, or a poll whose caller has gone would take a task; so each is asked for once at a time.
  {
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->being_cancelled.insert(ticket).second) {
      return;
    }
  }
  const bool posted = impl_->core.instance.post(
      [impl = impl_.get(), ticket](runtime::Service& service) {
        {
          const std::lock_guard lock(impl->mutex);
          impl->being_cancelled.erase(ticket);
        }
        service.cancel(ticket);
      },
      runtime::Admission::kAlways);
  if (!posted) {  // the engine has ended, and answered what waited
    const std::lock_guard lock(impl_->mutex);
    impl_->being_cancelled.erase(ticket);
  }
}

const google::protobuf::FieldDescriptor* namespace_field(const google::protobuf::Descriptor& request,
                                                         NamespaceRule rule) {
  if (rule == NamespaceRule::kNone) {
    return nullptr;
  }
  const auto* field = request.FindFieldByName("namespace");
  check(field != nullptr, "a method that needs a namespace has a field for it");
  return field;
}

Status check_namespace(const Namespaces& namespaces, const google::protobuf::Message& request,
                       const google::protobuf::FieldDescriptor* field, NamespaceRule rule) {
  if (field == nullptr) {
    return {};
  }
  std::string scratch;
  const std::string& name = request.GetReflection()->GetStringReference(request, field, &scratch);
  if (name.empty()) {
    return rule == NamespaceRule::kFromToken ? Status() : invalid_argument("Namespace is empty.");
  }
  const auto found = namespaces.find(name);
  if (!found.ok()) {
    return found.status();
  }
  const auto state = (*found)->namespace_info().state();
  if (rule == NamespaceRule::kRegistered && state != temporal::api::enums::v1::NAMESPACE_STATE_REGISTERED) {
    temporal::api::errordetails::v1::NamespaceInvalidStateFailure detail;
    detail.set_namespace_(name);
    detail.set_state(state);
    detail.add_allowed_states(temporal::api::enums::v1::NAMESPACE_STATE_REGISTERED);
    return api::with_detail(Code::kFailedPrecondition,
                            "Namespace has invalid state: Deprecated. Must be Registered.", detail);
  }
  return {};
}

Status Core::not_accepted() const {
  if (Status health = instance.health(); !health.ok()) {
    return health;
  }
  temporal::api::errordetails::v1::ResourceExhaustedFailure detail;
  detail.set_cause(temporal::api::enums::v1::RESOURCE_EXHAUSTED_CAUSE_SYSTEM_OVERLOADED);
  detail.set_scope(temporal::api::enums::v1::RESOURCE_EXHAUSTED_SCOPE_SYSTEM);
  return api::with_detail(Code::kResourceExhausted, "the service is overloaded; try again later", detail);
}

runtime::RunTarget target_of(const std::string& namespace_name,
                             const temporal::api::common::v1::WorkflowExecution& run) {
  return {{}, {NamespaceName(namespace_name), WorkflowId(run.workflow_id())}, RunId(run.run_id())};
}

Status check_token_namespace(const std::string& on_request, const NamespaceName& in_token) {
  if (!on_request.empty() && on_request != in_token.value) {
    return invalid_argument("Operation requested with a token from a different namespace.");
  }
  return {};
}

Duration longest_wait(const CallOptions& options, Duration limit) {
  constexpr std::chrono::seconds kTail{1};  // for the answer's way back
  if (!options.timeout) {
    return limit;
  }
  return std::clamp<Duration>(*options.timeout - kTail, Duration::zero(), limit);
}

}  // namespace perdure::frontend
