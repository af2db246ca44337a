#pragma once
// The other side: this program as a process that runs activities.
#include <string>

namespace perdure::worker {

// `program --perdure-activity-process QUEUE`, with its channel to the worker as descriptor 3.
inline constexpr const char* kProcessFlag = "--perdure-activity-process";
inline constexpr int kChannelDescriptor = 3;

// Whether main() called run_as_activity_process_if_asked().
bool processes_are_prepared();

}  // namespace perdure::worker
