#include "worker/history_reader.h"

#include <limits>
#include <utility>

namespace perdure::worker {
namespace {

namespace service = temporal::api::workflowservice::v1;
using workflow_core::HistoryEvents;

std::int64_t first_brought(const HistoryReader::WorkflowTask& task) {
  const HistoryEvents& brought = task.history().events();
  if (!brought.empty()) {
    return brought.Get(0).event_id();
  }
  // A query brings no event when its worker should know them all; which is the last, it does not say.
  return task.has_query() ? std::numeric_limits<std::int64_t>::max() : task.started_event_id() + 1;
}

}  // namespace

bool HistoryReader::brought_all(const WorkflowTask& task, bool whole) {
  return task.next_page_token().empty() && !(whole && first_brought(task) > 1);
}

void HistoryReader::read(std::shared_ptr<const WorkflowTask> task, bool whole, Done done) {
  const std::int64_t first = first_brought(*task);
  const auto reading = std::make_shared<Reading>(Reading{std::move(task), std::move(done), {}});
  if (whole && first > 1) {
    read_pages(reading, "", first, [this, reading] { append_brought(reading); });
  } else {
    append_brought(reading);
  }
}

void HistoryReader::append_brought(const std::shared_ptr<Reading>& reading) {
  const WorkflowTask& task = *reading->task;
  reading->events.MergeFrom(task.history().events());
  const auto finish = [reading] { reading->done(Status(), std::move(reading->events)); };
  if (task.next_page_token().empty()) {
    finish();
  } else {
    const bool to_the_end = task.has_query();
    read_pages(reading, task.next_page_token(),
               to_the_end ? std::numeric_limits<std::int64_t>::max() : task.started_event_id() + 1, finish);
  }
}

void HistoryReader::read_pages(const std::shared_ptr<Reading>& reading, const std::string& token,
                               std::int64_t before_event_id, std::function<void()> next) {
  auto request = std::make_shared<service::GetWorkflowExecutionHistoryRequest>();
  request->set_namespace_(calls_.connection().namespace_name());
  *request->mutable_execution() = reading->task->workflow_execution();
  request->set_next_page_token(token);
  calls_.send<service::GetWorkflowExecutionHistoryResponse, service::GetWorkflowExecutionHistoryRequest>(
      "GetWorkflowExecutionHistory", std::move(request),
      [this, reading, before_event_id, next = std::move(next)](const Status& status, auto& response) {
        if (!status.ok()) {
          reading->done(status, {});
          return;
        }
        HistoryEvents& events = reading->events;
        for (auto& event : *response.mutable_history()->mutable_events()) {
          if (event.event_id() < before_event_id) {
            events.Add(std::move(event));
          }
        }
        const bool more = events.empty() || events.Get(events.size() - 1).event_id() + 1 < before_event_id;
        if (more && !response.next_page_token().empty()) {
          read_pages(reading, response.next_page_token(), before_event_id, next);
        } else {
          next();
        }
      });
}

}  // namespace perdure::worker
