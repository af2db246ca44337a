#pragma once
// State directories whose bytes are real: histories and states that parse, runs that open and close.
#include <string>

#include "storage/sqlite/sqlite_storage.h"
#include "tests/storage/model.h"
#include "tests/storage/temporary_directory.h"

namespace perdure::cli::testing {

// Commits `runs` runs of two workflow ids each, about half of them closed, to a new directory and closes it.
// Gives what it holds, as describe() does.
std::string fill_directory(const std::string& directory, int runs);

// A serialised history of `count` events from `first_event_id`; the last one closes the run if `closing`.
std::string history_bytes(std::int64_t first_event_id, int count, bool closing);
// A serialised ExecutionState.
std::string state_bytes(bool open);

std::string read_bytes(const std::string& path);
void write_bytes(const std::string& path, const std::string& bytes);
// Runs SQL on a closed directory's database, past everything that protects it.
void tamper(const std::string& directory, const std::string& sql);

}  // namespace perdure::cli::testing
