// What the service says about itself. Capabilities are true only for what works.
#include <utility>

#include "api/convert.h"
#include "frontend/core.h"

namespace perdure::frontend {
namespace {

using SystemCall = CallPointer<wire::GetSystemInfoRequest, wire::GetSystemInfoResponse>;
using ClusterCall = CallPointer<wire::GetClusterInfoRequest, wire::GetClusterInfoResponse>;
using NamespaceCall = CallPointer<wire::DescribeNamespaceRequest, wire::DescribeNamespaceResponse>;

constexpr const char* kServerVersion = "1.32.0";  // of the Temporal server whose behaviour this one follows
constexpr const char* kCluster = "active";

void system_info(Core&, SystemCall call) {
  call->response->set_server_version(kServerVersion);
  auto* capabilities = call->response->mutable_capabilities();
  capabilities->set_signal_and_query_header(true);
  capabilities->set_internal_error_differentiation(true);
  capabilities->set_activity_failure_include_heartbeat(true);
  capabilities->set_encoded_failure_attributes(true);
  capabilities->set_upsert_memo(true);
  capabilities->set_sdk_metadata(true);
  call->finish();
}

void cluster_info(Core&, ClusterCall call) {
  auto& clients = *call->response->mutable_supported_clients();
  for (const char* client :
       {"temporal-go", "temporal-java", "temporal-php", "temporal-typescript", "temporal-cli",
        "temporal-server", "temporal-python", "temporal-dotnet", "temporal-ruby"}) {
    clients[client] = "<2.0.0";
  }
  clients["temporal-ui"] = "<3.0.0";
  call->response->set_server_version(kServerVersion);
  call->response->set_cluster_id("perdure");
  call->response->set_cluster_name(kCluster);
  call->response->set_history_shard_count(1);
  call->response->set_persistence_store("sqlite");
  call->response->set_visibility_store("sqlite");
  call->finish();
}

void describe_namespace(Core&, NamespaceCall call) {
  const auto& request = call->request;
  auto entry = request.namespace_().empty() && !request.id().empty() ? find_namespace_by_id(request.id())
                                                                     : find_namespace(request.namespace_());
  if (!entry.ok()) {
    call->answer(entry.status());
    return;
  }
  auto* info = call->response->mutable_namespace_info();
  info->set_name(std::string((*entry)->name));
  info->set_id(std::string((*entry)->id));
  info->set_description(std::string((*entry)->description));
  info->set_state(temporal::api::enums::v1::NAMESPACE_STATE_REGISTERED);
  info->mutable_capabilities();
  auto* config = call->response->mutable_config();
  api::set_duration(config->mutable_workflow_execution_retention_ttl(), (*entry)->retention);
  config->set_history_archival_state(temporal::api::enums::v1::ARCHIVAL_STATE_DISABLED);
  config->set_visibility_archival_state(temporal::api::enums::v1::ARCHIVAL_STATE_DISABLED);
  auto* replication = call->response->mutable_replication_config();
  replication->set_active_cluster_name(kCluster);
  replication->add_clusters()->set_cluster_name(kCluster);
  call->finish();
}

}  // namespace

void add_system_methods(Methods& methods) {
  add_method(methods, "GetSystemInfo", NamespaceRule::kNone, &system_info);
  add_method(methods, "GetClusterInfo", NamespaceRule::kNone, &cluster_info);
  add_method(methods, "DescribeNamespace", NamespaceRule::kNone, &describe_namespace);
}

}  // namespace perdure::frontend
