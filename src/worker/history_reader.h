#pragma once
// Reads what a workflow task did not bring of its run's history. No thread waits meanwhile: a service that is
// slow or away keeps this run waiting and no other.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"
#include "worker/calls.h"
#include "workflow/run.h"

namespace perdure::worker {

class HistoryReader {
 public:
  using WorkflowTask = temporal::api::workflowservice::v1::PollWorkflowTaskQueueResponse;
  using Done = std::function<void(const Status&, workflow_core::HistoryEvents)>;

  // `calls` outlive the reader and its reads.
  explicit HistoryReader(Calls& calls) : calls_(calls) {}

  // The task brought all events that it is about; `whole`: and all events before them.
  static bool brought_all(const WorkflowTask& task, bool whole);

  // Gives `done` the events of the task, `whole`: preceded by all events before them. `done` runs on any
  // thread and must not block.
  void read(std::shared_ptr<const WorkflowTask> task, bool whole, Done done);

 private:
  struct Reading {
    std::shared_ptr<const WorkflowTask> task;
    Done done;
    workflow_core::HistoryEvents events;
  };

  // Appends the pages from `token` on (empty: from the first event), up to the event before
  // `before_event_id`; then calls `next`.
  void read_pages(const std::shared_ptr<Reading>& reading, const std::string& token,
                  std::int64_t before_event_id, std::function<void()> next);
  void append_brought(const std::shared_ptr<Reading>& reading);

  Calls& calls_;
};

}  // namespace perdure::worker
