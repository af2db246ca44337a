#pragma once
// Markers: what the code decided once and must find again. Their names and contents are those of Temporal's
// SDKs, so that its tools read them: "core_patch" and "core_local_activity" of the SDKs that stand on the
// Rust core, "SideEffect" of Go's.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "perdure/payload.h"
#include "workflow/local_activity.h"
#include "workflow/machine.h"

namespace perdure::workflow_core {

inline constexpr const char* kPatchMarker = "core_patch";
inline constexpr const char* kSideEffectMarker = "SideEffect";
inline constexpr const char* kLocalActivityMarker = "core_local_activity";
// The search attribute that lists the patches of a run.
inline constexpr const char* kChangeVersion = "TemporalChangeVersion";

struct PatchMarker {
  std::string id;
  bool deprecated = false;  // may be missing in the code
};
struct SideEffectMarker {
  std::int64_t id = 0;  // counted from 1 in each run
  Payload value;
};

struct LocalActivityMarker {
  std::int64_t event_id = 0;  // of the event that it was read from
  std::uint32_t number = 0;
  std::string activity_id;
  std::string activity_type;
  // The workflow's time when it ended: that of its start and how long it ran. None when it was cancelled at
  // once.
  std::optional<std::chrono::system_clock::time_point> complete_time;
  // How many steps the workflow's code took in the workflow task before it heard of the end; those that it
  // heard of together have the same number. None in histories of older SDKs.
  std::optional<std::uint32_t> activation;
  LocalActivityOutcome outcome;  // but its runtime
};

// None when `event` is no such marker.
std::optional<PatchMarker> patch_marker(const HistoryEvent& event);
std::optional<SideEffectMarker> side_effect_marker(const HistoryEvent& event);
std::optional<LocalActivityMarker> local_activity_marker(const HistoryEvent& event);
bool is_local_activity_marker(const HistoryEvent& event);
// Whether `event` upserts the list of patches.
bool is_change_version_upsert(const HistoryEvent& event);

Command make_patch_marker(const PatchMarker& marker);
Command make_side_effect_marker(const SideEffectMarker& marker);
Command make_local_activity_marker(const LocalActivityMarker& marker);

}  // namespace perdure::workflow_core
