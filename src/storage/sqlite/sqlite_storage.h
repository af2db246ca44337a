#pragma once
// A state directory: one SQLite database, one small file that names the last durable commit, one lock file.
// The layout is docs/internals/schema.md.
#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "storage/storage.h"

namespace perdure::storage {

struct SqliteOptions {
  std::string directory;
  // Empty: the real file system. Else the name of a registered sqlite3_vfs that holds `directory`; then there
  // are no lock file and no permissions, keeping others out is that VFS's business.
  std::string vfs;
  // Who holds the directory, for the message that a second opener gets, e.g. "worker of orders".
  std::string holder;
  // E.g. "0.1.0"; kept as "created_by" when the directory is made.
  std::string program_version;
  bool create_if_missing = true;
  // Looks without changing anything: no new incarnation, commit() refuses. The directory is locked all the
  // same, so what is looked at is a stopped one.
  bool read_only = false;
  // 32 bytes for a new directory's token key; empty: taken from the system's secure source. For the
  // simulator.
  std::string token_key;
  // WAL pages after which commit() moves them into the database. More: fewer writes, longer recovery.
  int checkpoint_pages = 4000;
  // Commits between two lazy writes of the mark file.
  int mark_interval = 64;
};

// Opens or makes the directory, recovers what a crash left, and starts a new incarnation. Errors:
//   kNotFound            nothing there, and create_if_missing is off
//   kFailedPrecondition  not a state directory (left untouched), made by a newer program, locked by another
//   process
//                        (the message names it), or not writable
//   kDataLoss            damaged, or behind its durable mark (the message says by how many commits)
//   kResourceExhausted   the disk is full
// Destroying the Storage without close() is like a crash: nothing more is written.
Result<std::unique_ptr<Storage>> open_sqlite(const SqliteOptions& options);

}  // namespace perdure::storage
