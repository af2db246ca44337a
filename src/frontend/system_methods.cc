// What the service says about itself. Capabilities are true only for what works.
#include <utility>

#include "api/convert.h"
#include "base/limits.h"
#include "frontend/core.h"

namespace perdure::frontend {
namespace {

using SystemCall = CallPointer<wire::GetSystemInfoRequest, wire::GetSystemInfoResponse>;
using ClusterCall = CallPointer<wire::GetClusterInfoRequest, wire::GetClusterInfoResponse>;
using NamespaceCall = CallPointer<wire::DescribeNamespaceRequest, wire::DescribeNamespaceResponse>;
using NamespacesCall = CallPointer<wire::ListNamespacesRequest, wire::ListNamespacesResponse>;

constexpr const char* kServerVersion = "1.32.0";  // of the Temporal server whose behaviour this one follows
constexpr const char* kCluster = "active";

void system_info(Core&, SystemCall call) {
  call->response->set_server_version(kServerVersion);
  auto* capabilities = call->response->mutable_capabilities();
  capabilities->set_signal_and_query_header(true);
  capabilities->set_internal_error_differentiation(true);
  capabilities->set_activity_failure_include_heartbeat(true);
  capabilities->set_encoded_failure_attributes(true);
  // Without it workers do not tell which build they are. Polls that want tasks routed by it are refused.
  capabilities->set_build_id_based_versioning(true);
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

void write_namespace(const NamespaceEntry& entry, wire::DescribeNamespaceResponse* out) {
  auto* info = out->mutable_namespace_info();
  info->set_name(std::string(entry.name));
  info->set_id(std::string(entry.id));
  info->set_description(std::string(entry.description));
  info->set_state(temporal::api::enums::v1::NAMESPACE_STATE_REGISTERED);
  info->mutable_capabilities();
  info->mutable_limits()->set_blob_size_limit_error(limits::kBlobError);
  info->mutable_limits()->set_memo_size_limit_error(limits::kMemoError);
  auto* config = out->mutable_config();
  api::set_duration(config->mutable_workflow_execution_retention_ttl(), entry.retention);
  config->mutable_bad_binaries();
  config->set_history_archival_state(temporal::api::enums::v1::ARCHIVAL_STATE_DISABLED);
  config->set_visibility_archival_state(temporal::api::enums::v1::ARCHIVAL_STATE_DISABLED);
  auto* replication = out->mutable_replication_config();
  replication->set_active_cluster_name(kCluster);
  replication->add_clusters()->set_cluster_name(kCluster);
}

// By name or by id, not both.
Result<const NamespaceEntry*> named_namespace(const wire::DescribeNamespaceRequest& request) {
  if (request.id().empty()) {
    return find_namespace(request.namespace_());
  }
  if (!request.namespace_().empty()) {
    return invalid_argument("GetNamespace operation failed.  Both ID and Name specified in request.");
  }
  return find_namespace_by_id(request.id());
}

void describe_namespace(Core&, NamespaceCall call) {
  auto entry = named_namespace(call->request);
  if (entry.ok()) {
    write_namespace(**entry, call->response);
  }
  call->answer(entry.status());
}

// All of them are one page, of any size; so no token was ever handed out.
void list_namespaces(Core&, NamespacesCall call) {
  if (!call->request.next_page_token().empty()) {
    call->answer(invalid_argument("Invalid NextPageToken."));
    return;
  }
  for (const NamespaceEntry& entry : all_namespaces()) {
    write_namespace(entry, call->response->add_namespaces());
  }
  call->finish();
}

}  // namespace

void add_system_methods(Methods& methods) {
  add_method(methods, "GetSystemInfo", NamespaceRule::kNone, &system_info);
  add_method(methods, "GetClusterInfo", NamespaceRule::kNone, &cluster_info);
  add_method(methods, "DescribeNamespace", NamespaceRule::kNone, &describe_namespace);
  add_method(methods, "ListNamespaces", NamespaceRule::kNone, &list_namespaces);
}

}  // namespace perdure::frontend
