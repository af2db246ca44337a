#pragma once
// A layer between SQLite and the file system that notices damaged pages.
//
// Database: the last 8 bytes of every page are XXH3-64 of the rest, seeded with the page number. They are set
// when a page is written and checked when it is read; a page that is wrong, or right but at another place,
// reads as SQLITE_IOERR_DATA. This covers what row checksums cannot: indexes, interior pages, the free list,
// the schema. Write-ahead log: SQLite checks its frames only when it recovers; between that and the
// checkpoint this layer compares each frame it hands out with what was written. It also gathers the frames of
// one commit into one write.
//
// The layer offers no shared memory, so SQLite keeps the index of the log on its heap
// (locking_mode=EXCLUSIVE).
#include <sqlite3.h>

#include <memory>
#include <string>

namespace perdure::storage {

// Registered with SQLite as long as it lives; outlives every connection that uses it.
class CheckedVfs {
 public:
  // `inner`: the VFS that does the work; not owned.
  explicit CheckedVfs(sqlite3_vfs* inner);
  ~CheckedVfs();
  CheckedVfs(const CheckedVfs&) = delete;
  CheckedVfs& operator=(const CheckedVfs&) = delete;

  const char* name() const { return name_.c_str(); }

 private:
  std::string name_;
  std::unique_ptr<sqlite3_vfs> vfs_;
};

}  // namespace perdure::storage
