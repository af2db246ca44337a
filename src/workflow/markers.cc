#include "workflow/markers.h"

#include <chrono>
#include <string>

#include "api/payload_conversion.h"

namespace perdure::workflow_core {

// As they are written in the marker.
namespace marker_data {

struct SplitTime {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
};
struct LocalActivityData {
  std::uint32_t seq = 0;
  std::uint32_t attempt = 0;
  std::string activity_id{};
  std::string activity_type{};
  std::optional<SplitTime> complete_time{};
  std::optional<SplitTime> backoff{};
  std::optional<SplitTime> original_schedule_time{};
  std::optional<std::uint32_t> activation_index{};
};

}  // namespace marker_data

namespace {

using marker_data::LocalActivityData;
using marker_data::SplitTime;

using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name

constexpr const char* kPatchData = "patch-data";
constexpr const char* kSideEffectId = "side-effect-id";
constexpr const char* kSideEffectData = "data";
constexpr const char* kLocalActivityData = "data";
constexpr const char* kLocalActivityResult = "result";

// As it is written in the marker.
struct PatchData {
  std::string id{};
  bool deprecated = false;
};

constexpr std::int64_t kNanosInSecond = 1'000'000'000;

SplitTime split(std::chrono::nanoseconds time) {
  // Rounds down: `nanos` is never negative.
  const std::int64_t seconds = std::chrono::floor<std::chrono::seconds>(time).count();
  return {seconds, static_cast<std::int32_t>(time.count() - seconds * kNanosInSecond)};
}
std::chrono::nanoseconds join(SplitTime time) {
  return std::chrono::nanoseconds(time.seconds * kNanosInSecond + time.nanos);
}

using OptionalTime = std::optional<std::chrono::system_clock::time_point>;

std::optional<SplitTime> split(const OptionalTime& time) {
  return time ? std::optional(split(std::chrono::nanoseconds(time->time_since_epoch()))) : std::nullopt;
}
OptionalTime join_time(const std::optional<SplitTime>& time) {
  return time ? OptionalTime(std::chrono::duration_cast<std::chrono::system_clock::duration>(join(*time)))
              : std::nullopt;
}

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

// As they were written before they were JSON.
std::optional<PatchMarker> bare_patch_marker(const HistoryEvent& event) {
  const auto* id = detail_of(event, kPatchMarker, "patch_id");
  const auto* deprecated = detail_of(event, kPatchMarker, "deprecated");
  if (id == nullptr || deprecated == nullptr) {
    return std::nullopt;
  }
  return PatchMarker{id->data(), !deprecated->data().empty() && deprecated->data().front() != '\0'};
}

}  // namespace

std::optional<PatchMarker> patch_marker(const HistoryEvent& event) {
  const auto* data = detail_of(event, kPatchMarker, kPatchData);
  if (data == nullptr) {
    return bare_patch_marker(event);
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

bool is_local_activity_marker(const HistoryEvent& event) {
  return event.event_type() == EVENT_TYPE_MARKER_RECORDED &&
         event.marker_recorded_event_attributes().marker_name() == kLocalActivityMarker;
}

std::optional<LocalActivityMarker> local_activity_marker(const HistoryEvent& event) {
  const auto* payload = detail_of(event, kLocalActivityMarker, kLocalActivityData);
  if (payload == nullptr) {
    return std::nullopt;
  }
  const auto data = from_payload<LocalActivityData>(api::payload_from_proto(*payload));
  LocalActivityMarker marker{.event_id = event.event_id(),
                             .number = data.seq,
                             .activity_id = data.activity_id,
                             .activity_type = data.activity_type,
                             .complete_time = join_time(data.complete_time),
                             .activation = data.activation_index};
  marker.outcome.attempt = static_cast<int>(data.attempt);
  marker.outcome.scheduled_time = join_time(data.original_schedule_time);
  if (data.backoff) {
    marker.outcome.backoff = join(*data.backoff);
  }
  if (event.marker_recorded_event_attributes().has_failure()) {
    marker.outcome.failure = event.marker_recorded_event_attributes().failure();
  } else {
    const auto* result = detail_of(event, kLocalActivityMarker, kLocalActivityResult);
    marker.outcome.result = result == nullptr ? null_payload() : api::payload_from_proto(*result);
  }
  return marker;
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

Command make_local_activity_marker(const LocalActivityMarker& marker) {
  Command command = marker_command(kLocalActivityMarker);
  const LocalActivityOutcome& outcome = marker.outcome;
  LocalActivityData data{.seq = marker.number,
                         .attempt = static_cast<std::uint32_t>(outcome.attempt),
                         .activity_id = marker.activity_id,
                         .activity_type = marker.activity_type,
                         .complete_time = split(marker.complete_time),
                         .original_schedule_time = split(outcome.scheduled_time),
                         .activation_index = marker.activation};
  if (outcome.backoff) {
    data.backoff = split(*outcome.backoff);
  }
  add_detail(&command, kLocalActivityData, to_payload(data));
  if (outcome.result) {
    add_detail(&command, kLocalActivityResult, *outcome.result);
  } else if (outcome.failure) {
    *command.mutable_record_marker_command_attributes()->mutable_failure() = *outcome.failure;
  }
  return command;
}

}  // namespace perdure::workflow_core
