#pragma once
// A second, simple implementation of what a store keeps, and a generator of plausible transitions for it: the
// tests compare a store with the model after every kind of accident.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/record.h"
#include "storage/storage.h"

namespace perdure::storage::testing {

struct ModelRun {
  WorkflowKey key;
  RunId run_id;
  std::string state;
  std::vector<HistoryBatch> history;
  std::map<ItemKey, Item> items;
  std::int64_t next_event_id = 1;
};

struct Model {
  std::int64_t last_sequence = 0;
  Timestamp last_time;
  std::int64_t next_execution_id = 1;
  std::map<std::int64_t, ModelRun> runs;
  std::map<WorkflowKey, std::int64_t> current;

  void apply(const Transition& transition);
};

// Everything a model or a store holds, as text; equal text for equal content.
std::string describe(const Model& model);
// The same out of a store, through every read of its interface; the error of the first read that failed.
Result<std::string> describe(Storage& store);

// Makes the next transition on top of `model` and applies it there: starts runs, appends events, adds,
// changes and removes items, sometimes in two runs at once.
class TransitionSource {
 public:
  explicit TransitionSource(std::uint64_t seed) : random_(seed) {}
  Transition next(Model& model);
  // How the events of a batch are serialised; by default some bytes.
  std::string (*make_events)(Random& random, std::int64_t first_event_id, int count) = nullptr;

 private:
  RunWrite start_run(const Model& model);
  RunWrite change_run(const Model& model, std::int64_t execution_id);
  HistoryBatch some_events(std::int64_t first_event_id, int count);
  std::string some_bytes(std::size_t most);

  Random random_;
};

// Commits and gives the status that `done` got.
Status commit(Storage& store, std::vector<Transition> transitions);

}  // namespace perdure::storage::testing
