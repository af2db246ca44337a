#include "frontend/workers.h"

#include <chrono>
#include <optional>
#include <string_view>

#include "api/convert.h"
#include "base/limits.h"
#include "visibility/evaluate.h"

namespace perdure::frontend {
namespace {

using visibility::Value;
using visibility::ValueType;

constexpr std::chrono::minutes kSilence{5};

// A field of a heartbeat as filters name it; no text: the worker does not say.
std::optional<Value> value_of(const WorkerHeartbeat& worker, std::string_view name) {
  const auto text = [](const std::string& value) {
    return value.empty() ? std::nullopt : std::optional<Value>(value);
  };
  const auto time = [](bool has, const google::protobuf::Timestamp& value) {
    return has ? std::optional<Value>(api::from_proto(value)) : std::nullopt;
  };
  if (name == "WorkerInstanceKey") {
    return text(worker.worker_instance_key());
  }
  if (name == "WorkerIdentity") {
    return text(worker.worker_identity());
  }
  if (name == "HostName") {
    return text(worker.host_info().host_name());
  }
  if (name == "TaskQueue") {
    return text(worker.task_queue());
  }
  if (name == "DeploymentName") {
    return text(worker.deployment_version().deployment_name());
  }
  if (name == "BuildId") {
    return text(worker.deployment_version().build_id());
  }
  if (name == "SdkName") {
    return text(worker.sdk_name());
  }
  if (name == "SdkVersion") {
    return text(worker.sdk_version());
  }
  if (name == "StartTime") {
    return time(worker.has_start_time(), worker.start_time());
  }
  if (name == "HeartbeatTime") {
    return time(worker.has_heartbeat_time(), worker.heartbeat_time());
  }
  switch (worker.status()) {  // WorkerStatus, Status
    case temporal::api::enums::v1::WORKER_STATUS_RUNNING:
      return std::string("Running");
    case temporal::api::enums::v1::WORKER_STATUS_SHUTTING_DOWN:
      return std::string("ShuttingDown");
    case temporal::api::enums::v1::WORKER_STATUS_SHUTDOWN:
      return std::string("Shutdown");
    default:
      return std::string("Unspecified");
  }
}

class WorkerFields final : public visibility::AttributeTypes {
 public:
  std::optional<ValueType> type_of(std::string_view name) const override {
    for (const std::string_view text :
         {"WorkerInstanceKey", "WorkerIdentity", "HostName", "TaskQueue", "DeploymentName", "BuildId",
          "SdkName", "SdkVersion", "WorkerStatus", "Status"}) {
      if (name == text) {
        return ValueType::kKeyword;
      }
    }
    return name == "StartTime" || name == "HeartbeatTime" ? std::optional(ValueType::kDatetime)
                                                          : std::nullopt;
  }
};

}  // namespace

void Workers::record(const NamespaceName& namespace_name, const WorkerHeartbeat& heartbeat, Timestamp now) {
  forget_silent(now);
  const Key key{namespace_name.value, heartbeat.worker_instance_key()};
  forget(key);
  if (heartbeat.status() == temporal::api::enums::v1::WORKER_STATUS_SHUTDOWN) {
    return;
  }
  if (workers_.size() >= limits::kWorkers) {
    forget(Key(by_silence_.begin()->second));
  }
  workers_.emplace(key, Entry{heartbeat, now});
  by_silence_.emplace(now, key);
}

const WorkerHeartbeat* Workers::find(const NamespaceName& namespace_name, const std::string& instance_key,
                                     Timestamp now) {
  forget_silent(now);
  const auto found = workers_.find({namespace_name.value, instance_key});
  return found == workers_.end() ? nullptr : &found->second.heartbeat;
}

std::vector<const WorkerHeartbeat*> Workers::list(const NamespaceName& namespace_name,
                                                  const std::string& after,
                                                  const visibility::BoundFilter& filter, Timestamp now) {
  forget_silent(now);
  std::vector<const WorkerHeartbeat*> found;
  for (auto worker = workers_.upper_bound({namespace_name.value, after});
       worker != workers_.end() && worker->first.first == namespace_name.value; ++worker) {
    const WorkerHeartbeat& heartbeat = worker->second.heartbeat;
    if (!filter.where || visibility::matches(*filter.where, [&heartbeat](std::string_view name) {
          return value_of(heartbeat, name);
        })) {
      found.push_back(&heartbeat);
    }
  }
  return found;
}

void Workers::forget(const Key& key) {
  const auto worker = workers_.find(key);
  if (worker != workers_.end()) {
    by_silence_.erase({worker->second.seen, key});
    workers_.erase(worker);
  }
}

void Workers::forget_silent(Timestamp now) {
  while (!by_silence_.empty() && by_silence_.begin()->first + kSilence < now) {
    forget(Key(by_silence_.begin()->second));
  }
}

Result<visibility::BoundFilter> worker_filter(const std::string& query) {
  auto filter = visibility::parse_filter(query);
  if (!filter.ok()) {
    return filter.status();
  }
  if (!filter->group_by.empty() || !filter->order_by.empty()) {
    return visibility::invalid_query("operation is not supported: workers are neither grouped nor ordered");
  }
  return visibility::bind_filter(*filter, WorkerFields());
}

}  // namespace perdure::frontend
