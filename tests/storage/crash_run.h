#pragma once
// One recorded life of a state directory on the simulated disk, and what may be found after a crash at any
// point of it.
#include <cstdint>
#include <string>
#include <vector>

#include "sim/disk/sim_disk.h"
#include "storage/sqlite/sqlite_storage.h"

namespace perdure::storage::testing {

struct Acknowledgement {
  std::size_t operations = 0;  // recorded when `done` ran
  std::int64_t sequence = 0;
};

struct CrashRun {
  std::vector<sim::DiskOperation> operations;
  std::vector<Acknowledgement> acknowledgements;
  std::vector<std::size_t> contents;  // hash of describe(model) after 0, 1, 2 … transitions

  std::int64_t acknowledged_at(std::size_t operation_count) const;
};

SqliteOptions options_on(const sim::SimDisk& disk);
std::size_t hash_of(const std::string& text);

// Commits `transitions` in groups of 1 to 6 while checkpoints, mark writes, kills of the process and clean
// closes happen on the way, and records every change of the disk.
CrashRun record_crash_run(std::uint64_t seed, int transitions);

// Rebuilds the disk after the first `operation_count` changes and a crash there, opens it, and compares: at
// least what was acknowledged, at most what was committed, exactly the content of that prefix; then goes on,
// crashes in the middle of the next opening, and compares again. Empty if all is well, else what is wrong.
std::string check_image(const CrashRun& run, std::size_t operation_count, std::uint64_t seed);

}  // namespace perdure::storage::testing
