#pragma once
// Runs workflow code against histories that were recorded before, without a service: a change of the code
// that would break open workflows shows in a test.
//
//   perdure::testing::replay<Subscription>(history_json);  // throws NondeterminismError
//
// A history is JSON: what `temporal workflow show --output json` prints, what any SDK or the web interface
// exports, or WorkflowHandle::fetch_history().
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "perdure/worker.h"

namespace perdure::testing {

struct ReplayResult {
  std::string source{};  // the file; empty for replay()
  std::string workflow_type{};
  std::string workflow_id{};  // empty when the history does not say
  std::string run_id{};
  std::int64_t events = 0;
  // Why the code did not follow: what a NondeterminismError says, or what the workflow threw where it must
  // not.
  std::optional<std::string> failure{};
  bool nondeterministic = false;  // `failure` is of the first kind

  explicit operator bool() const { return !failure; }
};

// What workers of these workflows have.
struct ReplayerOptions {
  DataConverter data_converter{};
  std::vector<std::shared_ptr<Interceptor>> interceptors{};
};

// Thread-safe.
class Replayer {
 public:
  // Throws OptionsError: none, or two of one name.
  explicit Replayer(Workflows workflows, ReplayerOptions options = {});

  // Throws PerdureError, saying what and where, when `history_json` is no history or of a workflow that is
  // not among the given ones.
  ReplayResult replay(std::string_view history_json) const;
  // Every file of `folder` whose name ends in .json, by name. What replay() throws, and a folder without such
  // a file, is a PerdureError that names it.
  std::vector<ReplayResult> replay_folder(const std::filesystem::path& folder) const;

 private:
  Workflows workflows_;
  ReplayerOptions options_;
};

// Throws NondeterminismError (or PerdureError: Replayer::replay) when a replay failed.
void throw_if_failed(const ReplayResult& result);

template <class W>
void replay(std::string_view history_json) {
  throw_if_failed(Replayer(workflows<W>()).replay(history_json));
}

}  // namespace perdure::testing
