// The same listing for programs: one JSON object.
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include "cli/listing.h"
#include "cli/state_command.h"
#include "perdure/state/v1/state.pb.h"

namespace perdure::cli {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;

void set(Struct* object, const std::string& name, const std::string& value) {
  (*object->mutable_fields())[name].set_string_value(value);
}
void set(Struct* object, const std::string& name, std::int64_t value) {
  (*object->mutable_fields())[name].set_number_value(static_cast<double>(value));
}

const char* kind_text(ItemKind kind) {
  switch (kind) {
    case ItemKind::kWorkflowTask:
      return "workflow task";
    case ItemKind::kActivity:
      return "activity";
    case ItemKind::kTimer:
      return "timer";
    case ItemKind::kRunTimeout:
      return "run timeout";
    case ItemKind::kExecutionTimeout:
      return "execution timeout";
    case ItemKind::kStartBackoff:
      return "start backoff";
    case ItemKind::kSignalRequestIds:
      return "signal request ids";
    case ItemKind::kChild:
      return "child";
    case ItemKind::kExternalSignal:
      return "signal to another workflow";
    case ItemKind::kExternalCancel:
      return "request to cancel another workflow";
    case ItemKind::kReportToParent:
      return "report to the parent";
    case ItemKind::kParentClose:
      return "word to a child of the closed run";
    case ItemKind::kUpdate:
      return "update";
  }
  return "unknown";
}

void add_pending(const std::vector<Item>& items, ListValue* list) {
  for (const Item& item : items) {
    Struct* object = list->add_values()->mutable_struct_value();
    set(object, "kind", kind_text(item.key.kind));
    set(object, "id", item.key.id);
    if (item.due_at) {
      set(object, "due_at_nanos", std::to_string(item.due_at->nanos));
    }
    if (!item.queue.empty()) {
      set(object, "queue", item.queue);
    }
  }
}

Status add_run(storage::Storage& store, const storage::RunSummary& run, ListValue* runs) {
  Struct* object = runs->add_values()->mutable_struct_value();
  set(object, "namespace", run.key.namespace_name.value);
  set(object, "workflow_id", run.key.workflow_id.value);
  set(object, "run_id", run.run_id.value);
  perdure::state::v1::ExecutionState state;
  if (state.ParseFromString(run.state)) {
    set(object, "status", status_text(state.status()));
    set(object, "type", state.workflow_type());
  }
  set(object, "history_events", run.history_events);
  ListValue* pending = (*object->mutable_fields())["pending"].mutable_list_value();
  const auto loaded = store.load(run.execution);
  if (!loaded.ok()) {
    return loaded.status();
  }
  if (loaded->has_value()) {
    add_pending((*loaded)->items, pending);
  }
  return {};
}

}  // namespace

Result<std::string> list_state_json(const std::string& directory) {
  auto store = open_for_listing(directory);
  if (!store.ok()) {
    return store.status();
  }
  Struct listing;
  set(&listing, "commits", (*store)->info().last_sequence);
  set(&listing, "opened", (*store)->info().incarnation);
  ListValue* list = (*listing.mutable_fields())["runs"].mutable_list_value();
  Status listed =
      for_each_run(**store, [&](const storage::RunSummary& run) { return add_run(**store, run, list); });
  if (!listed.ok()) {
    return listed;
  }
  if (Status closed = (*store)->close(); !closed.ok()) {
    return closed;
  }
  std::string text;
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  if (!google::protobuf::util::MessageToJsonString(listing, &text, options).ok()) {
    return internal_error("the listing of " + directory + " holds text that is not UTF-8");
  }
  return text;
}

}  // namespace perdure::cli
