#pragma once
// `perdure fsck DIR`: reads a stopped state directory with a decoder of its own (docs/internals/schema.md is
// the only thing it shares with src/storage), derives every checksum again and checks the invariants that
// hold between rows. Changes nothing.
#include <cstdint>
#include <string>
#include <vector>

namespace perdure::cli {

struct FsckReport {
  std::string not_checkable;          // why nothing could be checked; empty: it was
  std::vector<std::string> findings;  // damage; empty: clean
  std::vector<std::string> notes;     // harmless, e.g. what an interrupted write left behind
  std::int64_t pages = 0;
  std::int64_t runs = 0;
  std::int64_t events = 0;
  std::int64_t items = 0;
  std::int64_t last_sequence = 0;
};

FsckReport check_directory(const std::string& directory);

// 0 clean, 1 damaged, 2 not checkable.
int exit_code(const FsckReport& report);

// Prints the report for people and returns its exit code.
int print_report(const std::string& directory, const FsckReport& report);

}  // namespace perdure::cli
