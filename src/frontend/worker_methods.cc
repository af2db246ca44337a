// Workers that say that they are there, and who asks for them.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "frontend/core.h"
#include "frontend/validate.h"

namespace perdure::frontend {
namespace {

using RecordCall = CallPointer<wire::RecordWorkerHeartbeatRequest, wire::RecordWorkerHeartbeatResponse>;
using ListCall = CallPointer<wire::ListWorkersRequest, wire::ListWorkersResponse>;
using CountCall = CallPointer<wire::CountWorkersRequest, wire::CountWorkersResponse>;
using DescribeCall = CallPointer<wire::DescribeWorkerRequest, wire::DescribeWorkerResponse>;

Status validate_heartbeats(const wire::RecordWorkerHeartbeatRequest& request) {
  if (Status status = validate_identity(request.identity()); !status.ok()) {
    return status;
  }
  for (const WorkerHeartbeat& heartbeat : request.worker_heartbeat()) {
    if (heartbeat.worker_instance_key().size() > limits::kIdLength) {
      return invalid_argument(fmt::format("a worker_instance_key has {} bytes, at most {} are allowed",
                                          heartbeat.worker_instance_key().size(), limits::kIdLength));
    }
    if (const std::size_t bytes = heartbeat.ByteSizeLong(); bytes > limits::kWorkerHeartbeat) {
      return invalid_argument(
          fmt::format("the heartbeat of the worker {:?} has {} bytes, at most {} are allowed",
                      heartbeat.worker_instance_key(), bytes, limits::kWorkerHeartbeat));
    }
  }
  return {};
}

void record_worker_heartbeat(Core& core, RecordCall call) {
  if (Status status = validate_heartbeats(call->request); !status.ok()) {
    call->answer(status);
    return;
  }
  core.post(call, [&core, call](runtime::Service& service) {
    for (const WorkerHeartbeat& heartbeat : call->request.worker_heartbeat()) {
      core.workers.record(NamespaceName(call->request.namespace_()), heartbeat, service.now());
    }
    call->finish();
  });
}

temporal::api::worker::v1::WorkerListInfo brief(const WorkerHeartbeat& worker) {
  temporal::api::worker::v1::WorkerListInfo info;
  info.set_worker_instance_key(worker.worker_instance_key());
  info.set_worker_identity(worker.worker_identity());
  info.set_task_queue(worker.task_queue());
  if (worker.has_deployment_version()) {
    *info.mutable_deployment_version() = worker.deployment_version();
  }
  info.set_sdk_name(worker.sdk_name());
  info.set_sdk_version(worker.sdk_version());
  info.set_status(worker.status());
  if (worker.has_start_time()) {
    *info.mutable_start_time() = worker.start_time();
  }
  info.set_host_name(worker.host_info().host_name());
  info.set_worker_grouping_key(worker.host_info().worker_grouping_key());
  info.set_process_id(worker.host_info().process_id());
  *info.mutable_plugins() = worker.plugins();
  *info.mutable_drivers() = worker.drivers();
  return info;
}

// The field is deprecated, but clients of today read it.
WorkerHeartbeat* add_full_info(wire::ListWorkersResponse* response) {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
  return response->add_workers_info()->mutable_worker_heartbeat();
#pragma clang diagnostic pop
}

std::string name_of_list(const wire::ListWorkersRequest& request) { return "workers:" + request.query(); }

Result<std::string> position_of(const Core& core, const wire::ListWorkersRequest& request) {
  if (request.next_page_token().empty()) {
    return std::string();
  }
  auto token = core.tokens.open_list(request.next_page_token());
  if (!token.ok()) {
    return token.status();
  }
  if (token->namespace_name.value != request.namespace_() || token->list != name_of_list(request)) {
    return invalid_argument("Invalid NextPageToken.");
  }
  return std::move(token->position);
}

void list_workers(Core& core, ListCall call) {
  auto filter = worker_filter(call->request.query());
  auto after = position_of(core, call->request);
  if (!filter.ok() || !after.ok()) {
    call->answer(filter.ok() ? after.status() : filter.status());
    return;
  }
  core.post(
      call, [&core, call, filter = *std::move(filter), after = *std::move(after)](runtime::Service& service) {
        const auto& request = call->request;
        const NamespaceName namespace_name(request.namespace_());
        const auto workers = core.workers.list(namespace_name, after, filter, service.now());
        const std::size_t asked =
            request.page_size() > 0 ? static_cast<std::size_t>(request.page_size()) : workers.size();
        std::size_t page = 0;
        for (std::size_t bytes = 0;
             page < std::min(asked, workers.size()) && bytes < limits::kWorkersPageBytes; ++page) {
          *add_full_info(call->response) = *workers[page];
          *call->response->add_workers() = brief(*workers[page]);
          bytes += 2 * workers[page]->ByteSizeLong();
        }
        if (page < workers.size()) {
          call->response->set_next_page_token(core.tokens.seal(
              ListToken{namespace_name, name_of_list(request), workers[page - 1]->worker_instance_key()}));
        }
        call->finish();
      });
}

void count_workers(Core& core, CountCall call) {
  auto filter = worker_filter(call->request.query());
  if (!filter.ok()) {
    call->answer(filter.status());
    return;
  }
  core.post(call, [&core, call, filter = *std::move(filter)](runtime::Service& service) {
    const auto workers =
        core.workers.list(NamespaceName(call->request.namespace_()), "", filter, service.now());
    call->response->set_count(static_cast<std::int64_t>(workers.size()));
    call->finish();
  });
}

void describe_worker(Core& core, DescribeCall call) {
  core.post(call, [&core, call](runtime::Service& service) {
    const std::string& key = call->request.worker_instance_key();
    const WorkerHeartbeat* worker =
        core.workers.find(NamespaceName(call->request.namespace_()), key, service.now());
    if (worker == nullptr) {
      call->answer(not_found(fmt::format("Worker {} not found", key)));
      return;
    }
    *call->response->mutable_worker_info()->mutable_worker_heartbeat() = *worker;
    call->finish();
  });
}

}  // namespace

void add_worker_methods(Methods& methods) {
  add_method(methods, "RecordWorkerHeartbeat", NamespaceRule::kRequired, &record_worker_heartbeat);
  add_method(methods, "ListWorkers", NamespaceRule::kRequired, &list_workers);
  add_method(methods, "CountWorkers", NamespaceRule::kRequired, &count_workers);
  add_method(methods, "DescribeWorker", NamespaceRule::kRequired, &describe_worker);
}

}  // namespace perdure::frontend
