#pragma once
// Makes the write-ahead log that an earlier process left durable, byte for byte, before anything is appended
// to it.
//
// After a failed sync the kernel calls the lost pages clean: they are read back from its cache, and no later
// sync writes them. A process that recovered such a log and appended to it would acknowledge commits behind a
// hole that the next power cut opens. So the log is copied to a second file, synced, and written again in
// place, which makes its pages dirty, and synced. The copy is complete whenever the log is not; if a crash
// interrupts the rewriting, the next opening puts the copy back first.
#include <sqlite3.h>

#include <string>

#include "base/status.h"

namespace perdure::storage {

// `log`: the path of the -wal file; a missing or empty one is fine. `private_files`: make new files readable
// by this user only (real file systems). Costs three syncs and twice the log's size in writes, after an
// unclean end only.
Status settle_log(sqlite3_vfs* vfs, const std::string& log, bool private_files);

}  // namespace perdure::storage
