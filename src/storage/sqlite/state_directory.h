#pragma once
// The directory in the real file system: made with its permissions, told apart from foreign ones, locked.
#include <memory>
#include <string>

#include "base/status.h"

namespace perdure::storage {

// Holds the lock of a directory as long as it lives. The lock is the kernel's (flock), so it ends with the
// process, however that ends; the text in the lock file only names the holder.
class DirectoryLock {
 public:
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  friend Result<std::unique_ptr<DirectoryLock>> lock_directory(const std::string&, const std::string&);
  explicit DirectoryLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

// kFailedPrecondition, with nothing changed, if `path` is something other than a state directory or an empty
// one; kNotFound if there is nothing and `create` is off. Makes the directory (0700) if it may.
Status prepare_directory(const std::string& path, bool create);

// kFailedPrecondition naming the holder if another process, or another store of this one, has it.
Result<std::unique_ptr<DirectoryLock>> lock_directory(const std::string& path, const std::string& holder);

// Makes an empty file that only this user can read, unless it is there: SQLite itself would make it readable
// to all.
Status create_private_file(const std::string& path);

}  // namespace perdure::storage
