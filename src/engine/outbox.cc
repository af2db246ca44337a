#include "engine/outbox.h"

#include <utility>
#include <vector>

#include "base/check.h"
#include "engine/commit.h"
#include "engine/machines/child.h"
#include "engine/machines/external.h"

namespace perdure::engine {

bool outlives_close(ItemKind kind) {
  return kind == ItemKind::kSignalRequestIds || kind == ItemKind::kUpdate ||
         kind == ItemKind::kReportToParent || kind == ItemKind::kParentClose;
}

void leave_outgoing(Step& step, const history::HistoryEvent& closing, std::string_view successor_run_id) {
  Execution& run = step.run;
  const bool replaced =
      closing.workflow_execution_terminated_event_attributes().identity() == kHistoryResetter;
  const bool keeps_children = replaced && !run.info().reset_run_id().empty();
  std::vector<std::pair<std::int64_t, state::ParentCloseState>> told;
  run.for_each([&](ItemKey key, const Pending& pending) {
    const auto* child = std::get_if<state::ChildState>(&pending);
    if (child != nullptr && child->started() && !keeps_children &&
        child->parent_close_policy() != enums::PARENT_CLOSE_POLICY_ABANDON) {
      told.emplace_back(key.id, parent_close_of(*child, step.now()));
    }
  });
  for (auto& [id, close] : told) {
    run.add({ItemKind::kParentClose, id}, std::move(close));
  }
  if (run.info().has_parent() && successor_run_id.empty() && !replaced) {
    state::ReportState report;
    *report.mutable_close_event() = closing;
    report.set_due_time(step.now().nanos);
    run.add({ItemKind::kReportToParent, 0}, std::move(report));
  }
}

bool is_outgoing(ItemKind kind) {
  switch (kind) {
    case ItemKind::kChild:
    case ItemKind::kExternalSignal:
    case ItemKind::kExternalCancel:
    case ItemKind::kReportToParent:
    case ItemKind::kParentClose:
      return true;
    default:
      return false;
  }
}

std::optional<Address> address_of(const Execution& source, ItemKey item) {
  const Pending* pending = source.find(item);
  if (pending == nullptr) {
    return std::nullopt;
  }
  if (const auto* child = std::get_if<state::ChildState>(pending)) {
    return child->start_at() == 0 ? std::nullopt : std::optional(address_of(source, *child));
  }
  if (const auto* signal = std::get_if<state::ExternalSignalState>(pending)) {
    return address_of(source, *signal);
  }
  if (const auto* cancel = std::get_if<state::ExternalCancelState>(pending)) {
    return address_of(source, *cancel);
  }
  if (std::holds_alternative<state::ReportState>(*pending)) {
    return address_of_parent(source);
  }
  if (const auto* close = std::get_if<state::ParentCloseState>(pending)) {
    return address_of(source, *close);
  }
  return std::nullopt;
}

RunId deliver(Outcome& out, Execution& source, ItemKey item, Execution* target, const Context& context) {
  check(address_of(source, item).has_value(), "what is delivered is still to be sent");
  Step step{out, source, context};
  switch (item.kind) {
    case ItemKind::kChild:
      deliver_start(step, item, target);
      break;
    case ItemKind::kExternalSignal:
      deliver_signal(step, item, target);
      break;
    case ItemKind::kExternalCancel:
      deliver_cancel(step, item, target);
      break;
    case ItemKind::kReportToParent:
      return deliver_report(step, item, target);
    case ItemKind::kParentClose:
      deliver_parent_close(step, item, target);
      break;
    default:
      check(false, "this kind of item is sent to no other run");
  }
  return {};
}

}  // namespace perdure::engine
