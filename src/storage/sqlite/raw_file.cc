#include "storage/sqlite/raw_file.h"

#include <fmt/format.h>

#include "storage/sqlite/errors.h"

namespace perdure::storage {

Result<std::unique_ptr<RawFile>> RawFile::open(sqlite3_vfs* vfs, const std::string& path, Mode mode) {
  if (mode != Mode::kCreate && !file_exists(vfs, path)) {
    return not_found(fmt::format("there is no file '{}'", path));
  }
  std::unique_ptr<RawFile> file(new RawFile);
  file->path_ = path;
  file->memory_ = std::make_unique<char[]>(static_cast<std::size_t>(vfs->szOsFile));
  file->file_ = reinterpret_cast<sqlite3_file*>(file->memory_.get());
  // "Super journal" is the kind of file with which SQLite's own VFS does nothing special but to sync the
  // directory together with a file that it may have created.
  int flags = SQLITE_OPEN_SUPER_JOURNAL;
  switch (mode) {
    case Mode::kRead:
      flags |= SQLITE_OPEN_READONLY;
      break;
    case Mode::kReadWrite:
      flags |= SQLITE_OPEN_READWRITE;
      break;
    case Mode::kCreate:
      flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
      break;
  }
  int granted = 0;
  const int rc = vfs->xOpen(vfs, file->path_.c_str(), file->file_, flags, &granted);
  if (rc != SQLITE_OK) {
    return status_of(nullptr, rc, fmt::format("open '{}'", path));
  }
  if (mode != Mode::kRead && (granted & SQLITE_OPEN_READONLY) != 0) {
    return failed_precondition(fmt::format("cannot write '{}': it is read-only for this user", path));
  }
  return file;
}

RawFile::~RawFile() {
  if (file_->pMethods != nullptr) {
    file_->pMethods->xClose(file_);
  }
}

Result<std::int64_t> RawFile::size() {
  sqlite3_int64 size = 0;
  const int rc = file_->pMethods->xFileSize(file_, &size);
  if (rc != SQLITE_OK) {
    return status_of(nullptr, rc, fmt::format("read the size of '{}'", path_));
  }
  return std::int64_t{size};
}

Result<std::string> RawFile::read(std::int64_t offset, std::size_t size) {
  const auto total = this->size();
  if (!total.ok()) {
    return total.status();
  }
  const std::int64_t available = std::max<std::int64_t>(0, *total - offset);
  std::string bytes(std::min(size, static_cast<std::size_t>(available)), '\0');
  if (bytes.empty()) {
    return bytes;
  }
  const int rc = file_->pMethods->xRead(file_, bytes.data(), static_cast<int>(bytes.size()), offset);
  if (rc != SQLITE_OK) {
    return status_of(nullptr, rc, fmt::format("read '{}'", path_));
  }
  return bytes;
}

Status RawFile::write(std::int64_t offset, std::string_view bytes) {
  const int rc = file_->pMethods->xWrite(file_, bytes.data(), static_cast<int>(bytes.size()), offset);
  return rc == SQLITE_OK ? Status() : status_of(nullptr, rc, fmt::format("write '{}'", path_));
}

Status RawFile::sync() {
  const int rc = file_->pMethods->xSync(file_, SQLITE_SYNC_NORMAL);
  return rc == SQLITE_OK ? Status() : status_of(nullptr, rc, fmt::format("sync '{}'", path_));
}

bool file_exists(sqlite3_vfs* vfs, const std::string& path) {
  int found = 0;
  return vfs->xAccess(vfs, path.c_str(), SQLITE_ACCESS_EXISTS, &found) == SQLITE_OK && found != 0;
}

Status remove_file(sqlite3_vfs* vfs, const std::string& path) {
  const int rc = vfs->xDelete(vfs, path.c_str(), 1);
  return rc == SQLITE_OK || rc == SQLITE_IOERR_DELETE_NOENT
             ? Status()
             : status_of(nullptr, rc, fmt::format("remove '{}'", path));
}

}  // namespace perdure::storage
