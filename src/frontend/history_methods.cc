// Reading histories. As Temporal's api/getworkflowexecutionhistory: a first request pins the run and how far
// it goes; page tokens lead there; with wait_new_event the reading goes on behind it until the run has
// closed. Differs in one point: a request for the close event that does not ask to wait, does not wait.
#include <algorithm>
#include <optional>
#include <utility>

#include "api/convert.h"
#include "base/limits.h"
#include "frontend/core.h"
#include "frontend/validate.h"

namespace perdure::frontend {
namespace {

using HistoryCall =
    CallPointer<wire::GetWorkflowExecutionHistoryRequest, wire::GetWorkflowExecutionHistoryResponse>;
using ReverseCall = CallPointer<wire::GetWorkflowExecutionHistoryReverseRequest,
                                wire::GetWorkflowExecutionHistoryReverseResponse>;

int page_size(int asked) {
  return asked <= 0 ? limits::kHistoryPageEvents : std::min(asked, limits::kHistoryPageEvents);
}

bool close_event_only(const wire::GetWorkflowExecutionHistoryRequest& request) {
  return request.history_event_filter_type() ==
         temporal::api::enums::v1::HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT;
}

// The token of a request; none: it begins a reading.
template <class Request>
Result<std::optional<HistoryToken>> token_of(const Core& core, const Request& request, bool reverse) {
  if (request.next_page_token().empty()) {
    return std::optional<HistoryToken>();
  }
  auto token = core.tokens.open_history(request.next_page_token());
  if (!token.ok() || token->reverse != reverse || token->namespace_name.value != request.namespace_()) {
    return invalid_argument("Invalid NextPageToken.");
  }
  if (!request.execution().run_id().empty() && request.execution().run_id() != token->run_id.value) {
    return invalid_argument("RunId in the request does not match the NextPageToken.");
  }
  return std::optional<HistoryToken>(std::move(token).value());
}

runtime::HistoryQuery query_of(const HistoryCall& call, const std::optional<HistoryToken>& token) {
  const auto& request = call->request;
  runtime::HistoryQuery query;
  query.id = call->ticket;
  query.max_events = page_size(request.maximum_page_size());
  query.max_wait = longest_wait(call->options, limits::kHistoryLongPoll);
  query.close_event_only = close_event_only(request);
  query.wait = request.wait_new_event();
  query.target = target_of(request.namespace_(), request.execution());
  if (!token) {
    return query;
  }
  query.target = {token->execution, {}, token->run_id};
  query.from = token->next;
  if (token->paging) {
    query.end = token->end;
    query.wait = false;
  } else if (!query.wait || !token->running) {
    query.end = token->end;
  }
  return query;
}

// What the reader needs to go on; empty when it has everything.
std::string next_token(const Core& core, const HistoryCall& call, const std::optional<HistoryToken>& previous,
                       const runtime::HistoryAnswer& answer) {
  const bool waits = call->request.wait_new_event();
  HistoryToken token;
  token.namespace_name = NamespaceName(call->request.namespace_());
  token.execution = answer.execution;
  token.run_id = answer.run_id;
  token.end = answer.end;
  token.next = answer.end;
  token.running = answer.running;
  if (close_event_only(call->request)) {
    return answer.running && waits ? core.tokens.seal(token) : std::string();
  }
  if (previous && previous->paging) {
    token.running = previous->running;  // what came after the pinned end is read by waiting for it
    token.suffix = previous->suffix;
  }
  if (answer.next < answer.end) {
    token.next = answer.next;
    token.paging = true;
    return core.tokens.seal(token);
  }
  token.suffix.clear();
  return token.running && waits ? core.tokens.seal(token) : std::string();
}

Status write_answer(const Core& core, const HistoryCall& call, const std::optional<HistoryToken>& previous,
                    runtime::HistoryAnswer answer) {
  *call->response->mutable_history() = std::move(answer.history);
  const bool last_page = answer.next >= answer.end;
  if (previous && !previous->suffix.empty() && last_page &&
      !call->response->mutable_history()->MergeFromString(previous->suffix)) {
    return internal_error("the events in the page token cannot be read");
  }
  call->response->set_next_page_token(next_token(core, call, previous, answer));
  return {};
}

void read(Core& core, HistoryCall call) {
  if (Status status = validate_execution(call->request.has_execution(), call->request.execution());
      !status.ok()) {
    call->answer(status);
    return;
  }
  auto token = token_of(core, call->request, /*reverse=*/false);
  if (!token.ok()) {
    call->answer(token.status());
    return;
  }
  core.post(call, [&core, call, token = std::move(*token)](runtime::Service& service) {
    service.read_history(query_of(call, token), [&core, call, token](Result<runtime::HistoryAnswer> answer) {
      call->answer(answer.ok() ? write_answer(core, call, token, *answer) : answer.status());
    });
  });
}

void read_reverse(Core& core, ReverseCall call) {
  if (Status status = validate_execution(call->request.has_execution(), call->request.execution());
      !status.ok()) {
    call->answer(status);
    return;
  }
  auto token = token_of(core, call->request, /*reverse=*/true);
  if (!token.ok()) {
    call->answer(token.status());
    return;
  }
  runtime::ReverseHistoryQuery query;
  query.target = target_of(call->request.namespace_(), call->request.execution());
  query.max_events = page_size(call->request.maximum_page_size());
  if (token->has_value()) {
    query.target = {(*token)->execution, {}, (*token)->run_id};
    query.before = (*token)->next;
  }
  core.post(call, [&core, call, query](runtime::Service& service) {
    service.read_history_reverse(query, [&core, call](Result<runtime::HistoryAnswer> answer) {
      if (!answer.ok()) {
        call->answer(answer.status());
        return;
      }
      *call->response->mutable_history() = std::move(answer->history);
      if (answer->next > 1) {
        HistoryToken next;
        next.namespace_name = NamespaceName(call->request.namespace_());
        next.execution = answer->execution;
        next.run_id = answer->run_id;
        next.next = answer->next;
        next.paging = true;
        next.reverse = true;
        call->response->set_next_page_token(core.tokens.seal(next));
      }
      call->finish();
    });
  });
}

}  // namespace

void add_history_methods(Methods& methods) {
  add_method(methods, "GetWorkflowExecutionHistory", NamespaceRule::kRequired, &read);
  add_method(methods, "GetWorkflowExecutionHistoryReverse", NamespaceRule::kRequired, &read_reverse);
}

}  // namespace perdure::frontend
