#pragma once
// The checksums of docs/internals/schema.md: XXH3-64 over a canonical encoding. Integers are 8 bytes, little
// endian; bytes are preceded by their length. `perdure fsck` derives the same numbers with code of its own.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/record.h"

namespace perdure::storage {

// Everything that a run's row holds besides its checksum.
struct RunColumns {
  std::int64_t execution_id = 0;
  std::string_view namespace_name;
  std::string_view workflow_id;
  std::string_view run_id;
  std::int64_t sequence = 0;  // of the transition that wrote it last
  std::int64_t history_events = 0;
  std::uint64_t history_checksum = 0;
  std::uint64_t item_digest = 0;
  std::string_view state;
};

// Everything that the row of commit_state holds besides its checksum.
struct CommitColumns {
  std::int64_t last_sequence = 0;
  std::int64_t last_time = 0;
  std::int64_t incarnation = 0;
  std::int64_t next_execution_id = 1;
  std::uint64_t chain = 0;  // over all transitions so far
  std::int64_t run_count = 0;
  std::int64_t item_count = 0;
  std::int64_t batch_count = 0;
  std::uint64_t run_digest = 0;  // sum of the checksums of all runs, modulo 2^64
};

// Computes checksums; keeps a buffer between uses, so one per thread.
class Checksummer {
 public:
  std::uint64_t run(const RunColumns& columns);
  // Of what never changes in a run; not stored.
  std::uint64_t run_name(const WorkflowKey& key, const RunId& run_id);
  std::uint64_t current_run(const WorkflowKey& key, std::int64_t execution_id);
  // `previous`: the checksum of the run's batch before, 0 for the first.
  std::uint64_t batch(std::uint64_t previous, std::int64_t execution_id, std::int64_t first_event_id,
                      std::int64_t event_count, std::string_view events);
  std::uint64_t item(std::int64_t execution_id, const Item& item);
  std::uint64_t commit_state(const CommitColumns& columns);
  std::uint64_t meta(std::string_view key, std::string_view value);
  // One link of commit_state.chain.
  std::uint64_t transition(std::uint64_t previous, std::int64_t sequence, std::int64_t time);
  std::uint64_t transition_write(std::uint64_t previous, std::int64_t execution_id,
                                 std::uint64_t run_checksum);

 private:
  Checksummer& begin(char kind);
  Checksummer& add(std::int64_t value);
  Checksummer& add(std::uint64_t value);
  Checksummer& add(std::string_view bytes);
  std::uint64_t end() const;

  std::string buffer_;
};

}  // namespace perdure::storage
