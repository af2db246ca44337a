#include "frontend/namespaces.h"

#include <fmt/format.h>

#include <utility>

#include "api/convert.h"
#include "base/limits.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::frontend {
namespace {

namespace enums = temporal::api::enums::v1;

constexpr std::string_view kRecords = "namespace/";
constexpr const char* kDefaultName = "default";
constexpr const char* kCluster = "active";

NamespaceDescription default_namespace() {
  NamespaceDescription description;
  auto* info = description.mutable_namespace_info();
  info->set_name(kDefaultName);
  info->set_id("9f6f8e6a-6b7c-5d0a-9c52-6d2f0b1f3a10");
  info->set_description("Default namespace.");
  info->set_state(enums::NAMESPACE_STATE_REGISTERED);
  api::set_duration(description.mutable_config()->mutable_workflow_execution_retention_ttl(),
                    limits::kRetentionDefault);
  return description;
}

Status no_such_namespace(std::string_view name) {
  temporal::api::errordetails::v1::NamespaceNotFoundFailure detail;
  detail.set_namespace_(std::string(name));
  return api::with_detail(Code::kNotFound, fmt::format("Namespace {} is not found.", name), detail);
}

}  // namespace

Namespaces::Namespaces(const std::map<std::string, std::string>& records) {
  put(default_namespace());
  for (auto record = records.lower_bound(std::string(kRecords));
       record != records.end() && record->first.rfind(kRecords, 0) == 0; ++record) {
    NamespaceDescription description;
    const std::string name = record->first.substr(kRecords.size());
    if (description.ParseFromString(record->second) && description.namespace_info().name() == name) {
      put(std::move(description));
    } else {
      by_name_[name] = nullptr;
    }
  }
}

Result<NamespacePointer> Namespaces::find(std::string_view name) const {
  if (name.empty()) {
    return invalid_argument("Namespace not set on request.");
  }
  if (name.size() > limits::kIdLength) {
    return invalid_argument("Namespace length exceeds limit.");
  }
  const std::shared_lock lock(mutex_);
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    return no_such_namespace(name);
  }
  if (found->second == nullptr) {
    return data_loss(fmt::format(
        "the record of the namespace {} cannot be read; run `perdure fsck` on the state directory", name));
  }
  return found->second;
}

Result<NamespacePointer> Namespaces::find_by_id(std::string_view id) const {
  const std::shared_lock lock(mutex_);
  for (const auto& [name, description] : by_name_) {
    if (description != nullptr && description->namespace_info().id() == id) {
      return description;
    }
  }
  return no_such_namespace(id);
}

std::vector<NamespacePointer> Namespaces::all() const {
  const std::shared_lock lock(mutex_);
  std::vector<NamespacePointer> all;
  for (const auto& [name, description] : by_name_) {
    if (description != nullptr) {
      all.push_back(description);
    }
  }
  return all;
}

void Namespaces::put(NamespaceDescription description) {
  std::string name = description.namespace_info().name();
  complete_description(&description);
  auto shared = std::make_shared<const NamespaceDescription>(std::move(description));
  const std::unique_lock lock(mutex_);
  by_name_[std::move(name)] = std::move(shared);
}

std::string Namespaces::record_key(std::string_view name) { return fmt::format("{}{}", kRecords, name); }

// Without what complete_description() adds: another version may know better.
std::string Namespaces::record_of(const NamespaceDescription& description) {
  NamespaceDescription stored = description;
  stored.clear_replication_config();
  stored.mutable_namespace_info()->clear_capabilities();
  stored.mutable_namespace_info()->clear_limits();
  return api::serialize(stored);
}

void complete_description(NamespaceDescription* description) {
  auto* info = description->mutable_namespace_info();
  info->mutable_capabilities()->set_worker_heartbeats(true);
  info->mutable_capabilities()->set_sync_update(true);
  info->mutable_capabilities()->set_async_update(true);
  info->mutable_limits()->set_blob_size_limit_error(limits::kBlobError);
  info->mutable_limits()->set_memo_size_limit_error(limits::kMemoError);
  auto* config = description->mutable_config();
  config->mutable_bad_binaries();
  config->set_history_archival_state(enums::ARCHIVAL_STATE_DISABLED);
  config->set_visibility_archival_state(enums::ARCHIVAL_STATE_DISABLED);
  auto* replication = description->mutable_replication_config();
  replication->set_active_cluster_name(kCluster);
  if (info->name() != kDefaultName) {
    replication->set_state(enums::REPLICATION_STATE_NORMAL);  // as Temporal, whose own default has none
  }
  replication->clear_clusters();
  replication->add_clusters()->set_cluster_name(kCluster);
}

}  // namespace perdure::frontend
