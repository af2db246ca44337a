#pragma once
// Markers: what the code decided once and must find again. Their names and contents are those of Temporal's
// SDKs, so that its tools read them: "core_patch" of the SDKs that stand on the Rust core, "SideEffect" of
// Go's.
#include <cstdint>
#include <optional>
#include <string>

#include "perdure/payload.h"
#include "workflow/machine.h"

namespace perdure::workflow_core {

inline constexpr const char* kPatchMarker = "core_patch";
inline constexpr const char* kSideEffectMarker = "SideEffect";
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

// None when `event` is no such marker.
std::optional<PatchMarker> patch_marker(const HistoryEvent& event);
std::optional<SideEffectMarker> side_effect_marker(const HistoryEvent& event);
// Whether `event` upserts the list of patches.
bool is_change_version_upsert(const HistoryEvent& event);

Command make_patch_marker(const PatchMarker& marker);
Command make_side_effect_marker(const SideEffectMarker& marker);

}  // namespace perdure::workflow_core
