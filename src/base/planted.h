#pragma once
// Bugs planted on purpose, by name, to prove that the simulator would find them. In every build that a user
// can get they are constant false; only the *_planted libraries, which only the gate's simulator links, can
// switch one on.
#include <array>
#include <string_view>

namespace perdure {

enum class PlantedBug {
  kNone,
  kAcknowledgeBeforeSync,
  kDispatchBeforeCommit,
  kNoRequestIdDedup,
  kNoAttemptCheck,
  kTimerFromLocalClock,
  kMissingDueIndexEntry,
  kTornTransition,
  kBufferedSignalDroppedAtClose,
  kRetryOneEarly,
  kChecksumSkipped,
  kReplayReversesEvents,
  kReplayKeepsOldTime,
  kReplayForgetsLocalTime,
};

struct PlantedBugName {
  PlantedBug bug;
  std::string_view name;
};
inline constexpr std::array<PlantedBugName, 13> kPlantedBugs{{
    {PlantedBug::kAcknowledgeBeforeSync, "acknowledge-before-sync"},
    {PlantedBug::kDispatchBeforeCommit, "dispatch-before-commit"},
    {PlantedBug::kNoRequestIdDedup, "no-request-id-dedup"},
    {PlantedBug::kNoAttemptCheck, "no-attempt-check"},
    {PlantedBug::kTimerFromLocalClock, "timer-from-local-clock"},
    {PlantedBug::kMissingDueIndexEntry, "missing-due-index-entry"},
    {PlantedBug::kTornTransition, "torn-transition"},
    {PlantedBug::kBufferedSignalDroppedAtClose, "buffered-signal-dropped-at-close"},
    {PlantedBug::kRetryOneEarly, "retry-one-early"},
    {PlantedBug::kChecksumSkipped, "checksum-skipped"},
    {PlantedBug::kReplayReversesEvents, "replay-reverses-events"},
    {PlantedBug::kReplayKeepsOldTime, "replay-keeps-old-time"},
    {PlantedBug::kReplayForgetsLocalTime, "replay-forgets-local-time"},
}};

#ifdef PERDURE_PLANTED_BUGS
inline PlantedBug g_planted_bug = PlantedBug::kNone;
inline bool planted(PlantedBug bug) { return g_planted_bug == bug; }
#else
constexpr bool planted(PlantedBug) { return false; }
#endif

}  // namespace perdure
