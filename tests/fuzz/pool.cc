#include "tests/fuzz/pool.h"

#include <algorithm>

#include "temporal/api/enums/v1/event_type.pb.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::fuzz {
namespace {

namespace wire = temporal::api::workflowservice::v1;
namespace enums = temporal::api::enums::v1;

constexpr std::size_t kRemembered = 200;

template <class T>
void remember(std::vector<T>& values, T value) {
  if (values.size() >= kRemembered) {
    values.erase(values.begin());
  }
  values.push_back(std::move(value));
}

template <class T>
const T* as(const google::protobuf::Message& message) {
  return message.GetDescriptor() == T::descriptor() ? static_cast<const T*>(&message) : nullptr;
}

}  // namespace

void Pool::add_token(TokenKind kind, const std::string& token,
                     const temporal::api::common::v1::WorkflowExecution& run) {
  if (token.empty()) {
    return;
  }
  issued_[token] = IssuedToken{kind, run.workflow_id(), {run.run_id()}};
  remember(tokens_[kind], token);
  remember(unused_[kind], token);
  add_run_id(run.run_id());
}

void Pool::add_page_token(const std::string& token, const std::string& workflow_id,
                          const std::set<std::string>& run_ids) {
  if (!token.empty()) {
    issued_[token] = IssuedToken{TokenKind::kPage, workflow_id, run_ids};
    remember(tokens_[TokenKind::kPage], token);
  }
}

void Pool::add_run_id(const std::string& run_id) {
  if (!run_id.empty() && (run_ids_.empty() || run_ids_.back() != run_id)) {
    remember(run_ids_, run_id);
  }
}

void Pool::learn_events(const temporal::api::history::v1::History& history) {
  for (const auto& event : history.events()) {
    if (event.event_type() == enums::EVENT_TYPE_ACTIVITY_TASK_SCHEDULED) {
      remember(event_ids_, event.event_id());
    }
  }
}

void Pool::learn(const google::protobuf::Message& response) {
  if (const auto* start = as<wire::StartWorkflowExecutionResponse>(response)) {
    add_run_id(start->run_id());
  } else if (const auto* task = as<wire::PollWorkflowTaskQueueResponse>(response)) {
    add_token(TokenKind::kWorkflowTask, task->task_token(), task->workflow_execution());
    add_token(TokenKind::kPage, task->next_page_token(), task->workflow_execution());
    learn_events(task->history());
  } else if (const auto* activity = as<wire::PollActivityTaskQueueResponse>(response)) {
    add_token(TokenKind::kActivityTask, activity->task_token(), activity->workflow_execution());
  } else if (const auto* completed = as<wire::RespondWorkflowTaskCompletedResponse>(response)) {
    for (const auto& eager : completed->activity_tasks()) {
      add_token(TokenKind::kActivityTask, eager.task_token(), eager.workflow_execution());
    }
    const auto& next = completed->workflow_task();
    add_token(TokenKind::kWorkflowTask, next.task_token(), next.workflow_execution());
    add_token(TokenKind::kPage, next.next_page_token(), next.workflow_execution());
  } else if (const auto* history = as<wire::GetWorkflowExecutionHistoryResponse>(response)) {
    learn_events(history->history());
  }
}

const IssuedToken* Pool::find_token(const std::string& token) const {
  const auto found = issued_.find(token);
  return found == issued_.end() ? nullptr : &found->second;
}

std::string Pool::token(TokenKind kind, Random& random) {
  std::vector<std::string>& unused = unused_[kind];
  if (!unused.empty() && random.chance(0.8)) {
    const auto chosen = unused.end() - 1 -
                        static_cast<std::ptrdiff_t>(random.below(std::min<std::uint64_t>(unused.size(), 2)));
    std::string token = *chosen;
    if (random.chance(0.7)) {
      unused.erase(chosen);
    }
    return token;
  }
  const std::vector<std::string>& tokens = tokens_[kind];
  return tokens.empty() ? std::string() : tokens[random.below(tokens.size())];
}

std::string Pool::run_id(Random& random) const {
  if (run_ids_.empty()) {
    return {};
  }
  const std::uint64_t recent =
      std::min<std::uint64_t>(run_ids_.size(), random.chance(0.8) ? 10 : run_ids_.size());
  return run_ids_[run_ids_.size() - 1 - random.below(recent)];
}

std::int64_t Pool::event_id(Random& random) const {
  if (event_ids_.empty() || random.chance(0.4)) {
    return static_cast<std::int64_t>(random.below(24));
  }
  return event_ids_[random.below(event_ids_.size())];
}

std::string Pool::last_token(TokenKind kind) const {
  const auto found = tokens_.find(kind);
  return found == tokens_.end() ? std::string() : found->second.back();
}

std::string Pool::last_run_id() const { return run_ids_.empty() ? std::string() : run_ids_.back(); }

}  // namespace perdure::fuzz
