// perdure-replay-sdks DIR…: replays the histories that checkouts of Temporal's SDKs keep as test data, with
// C++ twins of the workflows that wrote them. Prints a line for each: replays, is refused as it must be,
// differs (why), or has no twin (why). Ends with 1 when one differs, with 2 when there is no history at all.
#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "expectations.h"
#include "foreign_history.h"
#include "perdure/testing/replayer.h"
#include "twins.h"

namespace {

namespace fs = std::filesystem;
using replay_sdks::Expectation;
using replay_sdks::History;

constexpr std::uintmax_t kLongestFile = 16 << 20;  // bytes; a history is shorter

// Of what an SDK builds or installs.
const std::set<std::string>& folders_to_pass() {
  static const std::set<std::string> kNames{".git", "node_modules", "target", "build",
                                            "dist", ".venv",        "tsdoc"};
  return kNames;
}

std::vector<fs::path> candidates(const fs::path& folder) {
  std::vector<fs::path> files;
  for (auto entry = fs::recursive_directory_iterator(folder); entry != fs::recursive_directory_iterator();
       ++entry) {
    if (entry->is_directory() && folders_to_pass().contains(entry->path().filename().string())) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file() && entry->file_size() <= kLongestFile &&
               (entry->path().extension() == ".json" || entry->path().extension() == ".bin")) {
      files.push_back(entry->path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

struct Counts {
  int replayed = 0;
  int refused = 0;  // as they must be
  int differ = 0;
  int without_twin = 0;
};

class Replays {
 public:
  void add(const fs::path& file, const std::string& shown) {
    auto history = replay_sdks::read_history(file);
    if (!history) {
      return;
    }
    const auto known = replay_sdks::expectations().find(file.filename().string());
    const Expectation expectation =
        known == replay_sdks::expectations().end() ? Expectation{} : known->second;
    auto& started = *history->mutable_events(0)->mutable_workflow_execution_started_event_attributes();
    started.mutable_workflow_type()->set_name(replay_sdks::type_of_twin(started.workflow_type().name()));
    if (std::string reason = reason_without_twin(*history, expectation); !reason.empty()) {
      ++counts_.without_twin;
      print("no twin", shown, reason);
      return;
    }
    if (expectation.first_events > 0) {
      history->mutable_events()->DeleteSubrange(expectation.first_events,
                                                history->events_size() - expectation.first_events);
    }
    replay_sdks::renumber(*history);
    replay(*history, expectation, shown);
  }

  const Counts& counts() const { return counts_; }

 private:
  std::string reason_without_twin(const History& history, const Expectation& expectation) const {
    if (!expectation.not_run.empty()) {
      return std::string(expectation.not_run);
    }
    if (const std::string kind = replay_sdks::without_twin(history); !kind.empty()) {
      return kind;
    }
    const std::string& type =
        history.events(0).workflow_execution_started_event_attributes().workflow_type().name();
    const auto& definitions = twins_.definitions();
    const bool written = std::any_of(definitions.begin(), definitions.end(),
                                     [&](const auto& definition) { return definition.name == type; });
    return written ? "" : fmt::format("workflow {} is not written in C++", type);
  }

  static void print(const std::string& outcome, const std::string& shown, const std::string& detail) {
    fmt::print("{:<9} {}{}{}\n", outcome, shown, detail.empty() ? "" : ": ", detail);
  }

  void replay(const History& history, const Expectation& expectation, const std::string& shown) {
    std::string json;
    if (!google::protobuf::util::MessageToJsonString(history, &json).ok()) {
      throw std::runtime_error(shown + " cannot be written as JSON");
    }
    std::string failure;
    bool nondeterministic = false;
    try {
      const perdure::testing::ReplayResult result = replayer_.replay(json);
      failure = result.failure.value_or("");
      nondeterministic = result.nondeterministic;
    } catch (const perdure::PerdureError& error) {
      failure = error.what();
    }
    if (nondeterministic == expectation.nondeterministic && (failure.empty() || nondeterministic)) {
      ++(nondeterministic ? counts_.refused : counts_.replayed);
      print(nondeterministic ? "refused" : "replays", shown, nondeterministic ? "as it must be" : "");
      return;
    }
    ++counts_.differ;
    print("DIFFERS", shown, failure.empty() ? "it replays, but must be refused" : failure);
  }

  perdure::Workflows twins_ = twins::all();
  perdure::testing::Replayer replayer_{twins_};
  Counts counts_;
};

int run(const std::vector<std::string>& folders) {
  Replays replays;
  for (const std::string& folder : folders) {
    for (const fs::path& file : candidates(folder)) {
      replays.add(file, file.lexically_relative(folder).string());
    }
  }
  const Counts& counts = replays.counts();
  fmt::print("{} replay, {} are refused as they must be, {} differ, {} without a twin\n", counts.replayed,
             counts.refused, counts.differ, counts.without_twin);
  if (counts.replayed + counts.refused + counts.differ + counts.without_twin == 0) {
    fmt::print(stderr, "no history in: {}\n", fmt::join(folders, " "));
    return 2;
  }
  return counts.differ == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: perdure-replay-sdks DIR…: checkouts of Temporal's SDKs\n");
    return 2;
  }
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "perdure-replay-sdks: {}\n", error.what());
    return 2;
  }
}
