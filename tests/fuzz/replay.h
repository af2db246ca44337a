#pragma once
// Past findings, each a file of requests that once went wrong, one step a line:
//
//   call METHOD REQUEST     a request in protobuf's text format
//   bytes METHOD HEX        a request as it is on the wire
//   advance MILLISECONDS    time passes
//   restart                 the process dies and another one opens the store
//   full | space            the store refuses every commit | takes them again
//   # …                     a comment
//
// In a text request the values "@workflow_task", "@activity_task", "@page" and "@run" stand for the last
// token or run id that was handed out. METHOD! is called by a caller in the engine's own process.
#include <string>

namespace perdure::fuzz {

// Replays every file of the folder under the oracles of target.h. False: one of them is found again, or
// cannot be read; printed.
bool replay_corpus(const std::string& folder);

}  // namespace perdure::fuzz
