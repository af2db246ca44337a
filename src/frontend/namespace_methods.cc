// Namespaces: registered, described, listed, changed, deprecated. As Temporal's namespace_handler.go for a
// service of one cluster.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "api/convert.h"
#include "base/limits.h"
#include "base/random.h"
#include "frontend/core.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::frontend {
namespace {

namespace enums = temporal::api::enums::v1;

using DescribeCall = CallPointer<wire::DescribeNamespaceRequest, wire::DescribeNamespaceResponse>;
using ListCall = CallPointer<wire::ListNamespacesRequest, wire::ListNamespacesResponse>;
using RegisterCall = CallPointer<wire::RegisterNamespaceRequest, wire::RegisterNamespaceResponse>;
using UpdateCall = CallPointer<wire::UpdateNamespaceRequest, wire::UpdateNamespaceResponse>;
using DeprecateCall = CallPointer<wire::DeprecateNamespaceRequest, wire::DeprecateNamespaceResponse>;

constexpr std::chrono::hours kRetentionLeast{1};
constexpr std::chrono::hours kRetentionMost{24 * 365 * 250};
constexpr int kPageSize = 100;
constexpr std::string_view kPageToken = "namespaces after ";  // and a name
constexpr const char* kGlobal = "Cannot register global namespace when not enabled";

// The retention that a request names, as it is kept.
Result<Duration> valid_retention(const google::protobuf::Duration& retention) {
  const bool signs_differ = (retention.seconds() > 0 && retention.nanos() < 0) ||
                            (retention.seconds() < 0 && retention.nanos() > 0);
  const Duration value = api::from_proto(retention);
  if (signs_differ || value < kRetentionLeast) {
    return invalid_argument("A valid retention period is not set on request.");
  }
  return std::min<Duration>(value, kRetentionMost);
}

Status already_exists(const std::string& name) {
  return api::with_detail(Code::kAlreadyExists, fmt::format("Namespace \"{}\" already exists", name),
                          temporal::api::errordetails::v1::NamespaceAlreadyExistsFailure());
}

// Makes it durable, then visible.
Status keep(Core& core, runtime::Service& service, NamespaceDescription description) {
  const std::string record = Namespaces::record_of(description);
  if (record.size() > limits::kNamespaceBytes) {
    return invalid_argument(
        fmt::format("what is said about namespace {} has {} bytes, more than the {} allowed",
                    description.namespace_info().name(), record.size(), limits::kNamespaceBytes));
  }
  Status status = service.put_record(Namespaces::record_key(description.namespace_info().name()), record);
  if (status.ok()) {
    core.namespaces.put(std::move(description));
  }
  return status;
}

// By name or by id, not both.
Result<NamespacePointer> named_namespace(const Core& core, const wire::DescribeNamespaceRequest& request) {
  if (request.id().empty()) {
    return core.namespaces.find(request.namespace_());
  }
  if (!request.namespace_().empty()) {
    return invalid_argument("GetNamespace operation failed.  Both ID and Name specified in request.");
  }
  return core.namespaces.find_by_id(request.id());
}

void describe_namespace(Core& core, DescribeCall call) {
  auto found = named_namespace(core, call->request);
  if (found.ok()) {
    *call->response = **found;
  }
  call->answer(found.status());
}

void list_namespaces(Core& core, ListCall call) {
  const std::string& token = call->request.next_page_token();
  if (!token.empty() && token.rfind(kPageToken, 0) != 0) {
    call->answer(invalid_argument("Invalid NextPageToken."));
    return;
  }
  const std::string after = token.empty() ? "" : token.substr(kPageToken.size());
  const int page_size = call->request.page_size() > 0 ? call->request.page_size() : kPageSize;
  for (const NamespacePointer& description : core.namespaces.all()) {
    if (description->namespace_info().name() <= after) {
      continue;
    }
    auto* namespaces = call->response->mutable_namespaces();
    if (namespaces->size() == page_size) {
      call->response->set_next_page_token(
          fmt::format("{}{}", kPageToken, namespaces->rbegin()->namespace_info().name()));
      break;
    }
    *namespaces->Add() = *description;
  }
  call->finish();
}

Result<NamespaceDescription> described_by(const wire::RegisterNamespaceRequest& request) {
  if (request.is_global_namespace()) {
    return invalid_argument(kGlobal);
  }
  const auto retention = valid_retention(request.workflow_execution_retention_period());
  if (!retention.ok()) {
    return retention.status();
  }
  NamespaceDescription description;
  auto* info = description.mutable_namespace_info();
  info->set_name(request.namespace_());
  info->set_description(request.description());
  info->set_owner_email(request.owner_email());
  info->set_state(enums::NAMESPACE_STATE_REGISTERED);
  *info->mutable_data() = request.data();
  api::set_duration(description.mutable_config()->mutable_workflow_execution_retention_ttl(), *retention);
  return description;
}

void register_namespace(Core& core, RegisterCall call) {
  const std::string& name = call->request.namespace_();
  // Not found is what is hoped for; anything else says what is wrong with the name, or that it is taken.
  const Status lookup = core.namespaces.find(name).status();
  auto description = described_by(call->request);
  if (lookup.code() == Code::kInvalidArgument || !description.ok()) {
    call->answer(lookup.code() == Code::kInvalidArgument ? lookup : description.status());
    return;
  }
  core.post(call, [&core, call, description = std::move(*description)](runtime::Service& service) mutable {
    const std::string& wanted = description.namespace_info().name();
    if (core.namespaces.find(wanted).status().code() != Code::kNotFound) {
      call->answer(already_exists(wanted));
      return;
    }
    if (core.namespaces.all().size() >= limits::kNamespaces) {
      call->answer(Status(
          Code::kResourceExhausted,
          fmt::format("there are {} namespaces, the most that this service keeps", limits::kNamespaces)));
      return;
    }
    description.mutable_namespace_info()->set_id(uuid4(service.random()));
    call->answer(keep(core, service, std::move(description)));
  });
}

Status change_state(enums::NamespaceState wanted, temporal::api::namespace_::v1::NamespaceInfo* info) {
  if (wanted == enums::NAMESPACE_STATE_UNSPECIFIED || wanted == info->state()) {
    return {};
  }
  if (wanted == enums::NAMESPACE_STATE_DELETED && info->state() != enums::NAMESPACE_STATE_DELETED) {
    return Status(Code::kUnimplemented, "namespaces cannot be deleted by this version of Perdure");
  }
  if (wanted != enums::NAMESPACE_STATE_DEPRECATED || info->state() != enums::NAMESPACE_STATE_REGISTERED) {
    return invalid_argument("Invalid namespace state update.");
  }
  info->set_state(wanted);
  return {};
}

Status apply_update(const wire::UpdateNamespaceRequest& request, NamespaceDescription* description) {
  if (request.promote_namespace()) {
    return invalid_argument(fmt::format(
        "global namespace is not enabled on this cluster, cannot update global namespace or promote "
        "local namespace: {}",
        request.namespace_()));
  }
  auto* info = description->mutable_namespace_info();
  const auto& update = request.update_info();
  if (!update.description().empty()) {
    info->set_description(update.description());
  }
  if (!update.owner_email().empty()) {
    info->set_owner_email(update.owner_email());
  }
  for (const auto& [key, value] :
       std::map<std::string, std::string>(update.data().begin(), update.data().end())) {
    (*info->mutable_data())[key] = value;
  }
  if (Status status = change_state(update.state(), info); !status.ok()) {
    return status;
  }
  if (request.config().has_workflow_execution_retention_ttl()) {
    const auto retention = valid_retention(request.config().workflow_execution_retention_ttl());
    if (!retention.ok()) {
      return retention.status();
    }
    api::set_duration(description->mutable_config()->mutable_workflow_execution_retention_ttl(), *retention);
  }
  return {};
}

// Keeps what `change` makes of the namespace that the call names.
template <class CallType>
void change_namespace(Core& core, const std::shared_ptr<CallType>& call,
                      std::function<Status(NamespaceDescription*)> change) {
  core.post(call, [&core, call, change = std::move(change)](runtime::Service& service) {
    const auto found = core.namespaces.find(call->request.namespace_());
    if (!found.ok()) {
      call->answer(found.status());
      return;
    }
    NamespaceDescription description = **found;
    Status status = change(&description);
    call->answer(status.ok() ? keep(core, service, std::move(description)) : status);
  });
}

void update_namespace(Core& core, UpdateCall call) {
  change_namespace(core, call, [call = call.get()](NamespaceDescription* description) {
    Status status = apply_update(call->request, description);
    *call->response->mutable_namespace_info() = description->namespace_info();
    *call->response->mutable_config() = description->config();
    *call->response->mutable_replication_config() = description->replication_config();
    return status;
  });
}

void deprecate_namespace(Core& core, DeprecateCall call) {
  change_namespace(core, call, [](NamespaceDescription* description) {
    description->mutable_namespace_info()->set_state(enums::NAMESPACE_STATE_DEPRECATED);
    return Status();
  });
}

}  // namespace

void add_namespace_methods(Methods& methods) {
  add_method(methods, "DescribeNamespace", NamespaceRule::kNone, &describe_namespace);
  add_method(methods, "ListNamespaces", NamespaceRule::kNone, &list_namespaces);
  add_method(methods, "RegisterNamespace", NamespaceRule::kNone, &register_namespace);
  add_method(methods, "UpdateNamespace", NamespaceRule::kNone, &update_namespace);
  add_method(methods, "DeprecateNamespace", NamespaceRule::kNone, &deprecate_namespace);
}

}  // namespace perdure::frontend
