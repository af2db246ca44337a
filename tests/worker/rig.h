#pragma once
// A worker whose service is played by the test.

#include <memory>
#include <string>
#include <utility>

#include "client/connection.h"
#include "perdure/perdure.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"
#include "tests/worker/scripted_transport.h"
#include "worker/worker_core.h"

namespace perdure::testing {

namespace wire = temporal::api::workflowservice::v1;

inline constexpr const char* kQueue = "test-queue";

// Returns who signalled, once somebody did.
class Approval {
 public:
  Task<std::string> run() {
    co_await workflow::wait_condition([this] { return !by_.empty(); });
    co_return by_;
  }
  void approve(std::string by) { by_ = std::move(by); }
  std::string approver() const { return by_; }
  std::string rename(std::string by) { return std::exchange(by_, std::move(by)); }
  void check_name(const std::string& by) const {
    if (by.empty()) {
      throw ApplicationError("nobody");
    }
  }
  static constexpr auto signals = perdure::signals<&Approval::approve>();
  static constexpr auto queries = perdure::queries<&Approval::approver>();
  static constexpr auto updates =
      perdure::updates<perdure::validated_by<&Approval::rename, &Approval::check_name>>();

 private:
  std::string by_;
};

struct Rig {
  Rig() : Rig(std::make_unique<ScriptedTransport>()) {}

  ScriptedTransport& service;
  worker::WorkerCore worker;

 private:
  explicit Rig(std::unique_ptr<ScriptedTransport> transport)
      : service(*transport),
        worker(std::make_shared<client::Connection>(std::move(transport), "default", "tester",
                                                    /*in_process=*/false),
               {.task_queue = kQueue,
                .workflows = workflows<Approval>(),
                .max_concurrent_workflow_task_polls = 2}) {
    service.always("ShutdownWorker", std::make_unique<wire::ShutdownWorkerResponse>());
  }
};

}  // namespace perdure::testing
