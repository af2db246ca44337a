// What the service says about itself. Capabilities are true only for what works.
#include "frontend/core.h"

namespace perdure::frontend {
namespace {

using SystemCall = CallPointer<wire::GetSystemInfoRequest, wire::GetSystemInfoResponse>;
using ClusterCall = CallPointer<wire::GetClusterInfoRequest, wire::GetClusterInfoResponse>;

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
  capabilities->set_eager_workflow_start(true);
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

}  // namespace

void add_system_methods(Methods& methods) {
  add_method(methods, "GetSystemInfo", NamespaceRule::kNone, &system_info);
  add_method(methods, "GetClusterInfo", NamespaceRule::kNone, &cluster_info);
}

}  // namespace perdure::frontend
