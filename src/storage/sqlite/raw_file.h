#pragma once
// A plain file reached through a sqlite3_vfs, so that a simulated disk sees the store's own small files as
// well.
#include <sqlite3.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace perdure::storage {

class RawFile {
 public:
  enum class Mode { kRead, kReadWrite, kCreate };

  // kNotFound if it is not there (and not kCreate).
  static Result<std::unique_ptr<RawFile>> open(sqlite3_vfs* vfs, const std::string& path, Mode mode);
  ~RawFile();
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;

  Result<std::int64_t> size();
  // Shorter than `size` at the end of the file.
  Result<std::string> read(std::int64_t offset, std::size_t size);
  // kResourceExhausted for a full disk, kUnavailable for any other error.
  Status write(std::int64_t offset, std::string_view bytes);
  // Makes the bytes and the file's name durable.
  Status sync();

 private:
  RawFile() = default;

  std::string path_;
  std::unique_ptr<char[]> memory_;
  sqlite3_file* file_ = nullptr;
};

bool file_exists(sqlite3_vfs* vfs, const std::string& path);
// Durable; a file that is not there is no error.
Status remove_file(sqlite3_vfs* vfs, const std::string& path);

}  // namespace perdure::storage
