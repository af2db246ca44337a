#pragma once
// Histories as the official SDKs keep them for their own tests, made ready for a replay in C++.
#include <filesystem>
#include <optional>
#include <string>

#include "temporal/api/history/v1/message.pb.h"

namespace replay_sdks {

using temporal::api::history::v1::History;

// The history in a file of JSON (.json) or of a serialised message (.bin); none when it holds none.
std::optional<History> read_history(const std::filesystem::path& file);

// What the run did that no command of the C++ SDK does, as "child workflows"; empty: nothing.
std::string without_twin(const History& history);

// Activities and timers of Go have the ids of their events; other SDKs' tests count from 0. Where the first
// is not "1", all get the ids of a C++ workflow, which counts each kind from 1. Ids of a user's own stay.
void renumber(History& history);

}  // namespace replay_sdks
