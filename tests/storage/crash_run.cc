#include "tests/storage/crash_run.h"

#include <fmt/format.h>

#include "tests/storage/model.h"

namespace perdure::storage::testing {
namespace {

// Opens `disk` and compares it with the run. On success `found` is the last sequence.
std::string compare(const CrashRun& run, sim::SimDisk& disk, std::int64_t at_least, std::int64_t& found) {
  auto store = open_sqlite(options_on(disk));
  if (!store.ok()) {
    return "does not open: " + store.status().to_string();
  }
  found = (*store)->info().last_sequence;
  if (found < at_least) {
    return fmt::format("transition {} was acknowledged, the last one is {}", at_least, found);
  }
  if (static_cast<std::size_t>(found) >= run.contents.size()) {
    return fmt::format("transition {} was never made", found);
  }
  const auto text = describe(**store);
  if (!text.ok()) {
    return "cannot be read: " + text.status().to_string();
  }
  return hash_of(*text) == run.contents[static_cast<std::size_t>(found)]
             ? ""
             : fmt::format("differs from the state after transition {}", found);
}

}  // namespace

SqliteOptions options_on(const sim::SimDisk& disk) {
  return {.directory = "state",
          .vfs = disk.vfs_name(),
          .program_version = "test",
          .token_key = std::string(32, 'k'),
          .checkpoint_pages = 40,
          .mark_interval = 5};
}

std::size_t hash_of(const std::string& text) { return std::hash<std::string>()(text); }

std::int64_t CrashRun::acknowledged_at(std::size_t operation_count) const {
  std::int64_t sequence = 0;
  for (const Acknowledgement& acknowledgement : acknowledgements) {
    if (acknowledgement.operations <= operation_count) {
      sequence = acknowledgement.sequence;
    }
  }
  return sequence;
}

CrashRun record_crash_run(std::uint64_t seed, int transitions) {
  sim::SimDisk::seed_sqlite(static_cast<std::uint32_t>(seed));
  sim::SimDisk disk("recorded");
  disk.start_recording();
  Random random(seed);
  TransitionSource source(seed);
  Model model;
  CrashRun run;
  run.contents.push_back(hash_of(describe(model)));
  auto store = open_sqlite(options_on(disk));
  check(store.ok(), "a new directory opens");
  while (model.last_sequence < transitions) {
    std::vector<Transition> group;
    for (auto count = 1 + random.below(6); count > 0; --count) {
      group.push_back(source.next(model));
      run.contents.push_back(hash_of(describe(model)));
    }
    (*store)->commit(std::move(group), [&](const Status& status) {
      check(status.ok(), "a commit on a sound disk succeeds");
      run.acknowledgements.push_back({disk.recorded().size(), model.last_sequence});
    });
    if (random.chance(0.05)) {
      if (random.chance(0.5)) {
        check((*store)->close().ok(), "a store on a sound disk closes");
      } else {
        disk.kill_process();
      }
      store->reset();
      store = open_sqlite(options_on(disk));
      check(store.ok(), "a directory opens again");
    }
  }
  run.operations = disk.recorded();
  return run;
}

std::string check_image(const CrashRun& run, std::size_t operation_count, std::uint64_t seed) {
  sim::SimDisk disk("image");
  disk.replay(std::span(run.operations).first(operation_count));
  Random random(seed);
  disk.crash(random);
  std::int64_t found = 0;
  const std::string place =
      fmt::format("crash after change {} of {}, seed {}: ", operation_count, run.operations.size(), seed);
  // Recovery may be interrupted as well.
  if (random.chance(0.5)) {
    disk.power_off_after(1 + random.below(12));
    {
      const auto interrupted = open_sqlite(options_on(disk));
    }
    disk.crash(random);
  }
  if (std::string wrong = compare(run, disk, run.acknowledged_at(operation_count), found); !wrong.empty()) {
    return place + wrong;
  }
  // What was found has become a promise: it must survive the next crash too.
  disk.crash(random);
  const std::int64_t promised = found;
  std::string wrong = compare(run, disk, promised, found);
  return wrong.empty() ? "" : place + "second crash: " + wrong;
}

}  // namespace perdure::storage::testing
