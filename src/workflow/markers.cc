#include "workflow/markers.h"

#include "api/payload_conversion.h"

namespace perdure::workflow_core {
namespace {

using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name

constexpr const char* kPatchData = "patch-data";
constexpr const char* kSideEffectId = "side-effect-id";
constexpr const char* kSideEffectData = "data";

// As it is written in the marker.
struct PatchData {
  std::string id{};
  bool deprecated = false;
};

const temporal::api::common::v1::Payload* detail_of(const HistoryEvent& event, const char* marker_name,
                                                    const char* key) {
  const auto& attributes = event.marker_recorded_event_attributes();
  if (event.event_type() != EVENT_TYPE_MARKER_RECORDED || attributes.marker_name() != marker_name) {
    return nullptr;
  }
  const auto found = attributes.details().find(key);
  return found == attributes.details().end() || found->second.payloads().empty() ? nullptr
                                                                                 : &found->second.payloads(0);
}

Command marker_command(const char* name) {
  Command command;
  command.set_command_type(COMMAND_TYPE_RECORD_MARKER);
  command.mutable_record_marker_command_attributes()->set_marker_name(name);
  return command;
}

void add_detail(Command* command, const char* key, const Payload& value) {
  auto& details = *command->mutable_record_marker_command_attributes()->mutable_details();
  api::set_payload(details[key].add_payloads(), value);
}

}  // namespace

std::optional<PatchMarker> patch_marker(const HistoryEvent& event) {
  const auto* data = detail_of(event, kPatchMarker, kPatchData);
  if (data == nullptr) {
    return std::nullopt;
  }
  const auto patch = from_payload<PatchData>(api::payload_from_proto(*data));
  return PatchMarker{patch.id, patch.deprecated};
}

std::optional<SideEffectMarker> side_effect_marker(const HistoryEvent& event) {
  const auto* id = detail_of(event, kSideEffectMarker, kSideEffectId);
  const auto* data = detail_of(event, kSideEffectMarker, kSideEffectData);
  if (id == nullptr || data == nullptr) {
    return std::nullopt;
  }
  return SideEffectMarker{from_payload<std::int64_t>(api::payload_from_proto(*id)),
                          api::payload_from_proto(*data)};
}

bool is_change_version_upsert(const HistoryEvent& event) {
  return event.event_type() == EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES &&
         event.upsert_workflow_search_attributes_event_attributes()
             .search_attributes()
             .indexed_fields()
             .contains(kChangeVersion);
}

Command make_patch_marker(const PatchMarker& marker) {
  Command command = marker_command(kPatchMarker);
  add_detail(&command, kPatchData, to_payload(PatchData{marker.id, marker.deprecated}));
  return command;
}

Command make_side_effect_marker(const SideEffectMarker& marker) {
  Command command = marker_command(kSideEffectMarker);
  add_detail(&command, kSideEffectId, to_payload(marker.id));
  add_detail(&command, kSideEffectData, marker.value);
  return command;
}

}  // namespace perdure::workflow_core
