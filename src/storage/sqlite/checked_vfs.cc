#include "storage/sqlite/checked_vfs.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <atomic>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "base/planted.h"
#include "storage/sqlite/schema.h"

namespace perdure::storage {
namespace {

constexpr int kLogHeader = 32;
constexpr int kFrameHeader = 24;
constexpr int kFrame = kFrameHeader + kPageSize;
// SQLite's own VFS writes at most 128 KiB - 1 at a time and takes more for a full disk.
constexpr std::size_t kGatherBytes = 120 * 1024;

std::uint64_t page_checksum(const void* page, std::uint64_t page_number) {
  return XXH3_64bits_withSeed(page, kPageSize - kPageReserve, page_number);
}

// What this layer knows about one open file, apart from SQLite's own struct because that is never
// constructed.
struct FileState {
  enum class Kind { kDatabase, kLog, kOther };
  Kind kind = Kind::kOther;
  sqlite3_file* inner = nullptr;
  char page[kPageSize];  // database: the page being written, with its checksum
  // Log: a run of adjacent writes that the inner file has not seen yet, and where it begins.
  std::string gathered;
  sqlite3_int64 gathered_at = 0;
  std::vector<std::uint64_t>
      frames;  // log: checksum of each frame's page as last written or recovered; 0: unknown

  int flush() {
    if (gathered.empty()) {
      return SQLITE_OK;
    }
    const int rc =
        inner->pMethods->xWrite(inner, gathered.data(), static_cast<int>(gathered.size()), gathered_at);
    gathered.clear();  // after an error too: SQLite rolls back and writes these places again
    return rc;
  }
};

struct CheckedFile {
  sqlite3_file base;
  FileState* state;
};

FileState& state_of(sqlite3_file* file) { return *reinterpret_cast<CheckedFile*>(file)->state; }

// Index of the frame whose page starts at `offset`, or -1.
sqlite3_int64 frame_of_page(sqlite3_int64 offset) {
  const sqlite3_int64 at = offset - kLogHeader - kFrameHeader;
  return at >= 0 && at % kFrame == 0 ? at / kFrame : -1;
}

void remember_frame(FileState& state, sqlite3_int64 frame, const void* page) {
  const auto index = static_cast<std::size_t>(frame);
  if (state.frames.size() <= index) {
    state.frames.resize(index + 1, 0);
  }
  state.frames[index] = XXH3_64bits(page, kPageSize);
}

int read_database(const void* buffer, int amount, sqlite3_int64 offset) {
  if (amount < 512) {
    return SQLITE_OK;  // parts of the header, which is read again as a page before anything relies on it
  }
  if (amount != kPageSize || offset % kPageSize != 0) {
    return SQLITE_IOERR_DATA;  // the header claims another page size
  }
  std::uint64_t stored = 0;
  std::memcpy(&stored, static_cast<const char*>(buffer) + kPageSize - kPageReserve, sizeof stored);
  const auto number = static_cast<std::uint64_t>(offset / kPageSize + 1);
  return stored == page_checksum(buffer, number) ? SQLITE_OK : SQLITE_IOERR_DATA;
}

int read_log(FileState& state, const void* buffer, int amount, sqlite3_int64 offset) {
  if (amount == kFrame && offset >= kLogHeader && (offset - kLogHeader) % kFrame == 0) {
    // Recovery reads whole frames and checks them itself; what it accepts is what has to be read later.
    remember_frame(state, (offset - kLogHeader) / kFrame, static_cast<const char*>(buffer) + kFrameHeader);
    return SQLITE_OK;
  }
  const sqlite3_int64 frame = amount == kPageSize ? frame_of_page(offset) : -1;
  if (frame < 0 || static_cast<std::size_t>(frame) >= state.frames.size()) {
    return SQLITE_OK;
  }
  const std::uint64_t known = state.frames[static_cast<std::size_t>(frame)];
  return known == 0 || known == XXH3_64bits(buffer, kPageSize) ? SQLITE_OK : SQLITE_IOERR_DATA;
}

int file_close(sqlite3_file* file) {
  // What was gathered without a sync goes: SQLite syncs all that matters, and a dying process writes nothing.
  FileState* state = &state_of(file);
  const int rc = state->inner->pMethods != nullptr ? state->inner->pMethods->xClose(state->inner) : SQLITE_OK;
  delete state;
  file->pMethods = nullptr;
  return rc;
}

int file_read(sqlite3_file* file, void* buffer, int amount, sqlite3_int64 offset) {
  FileState& state = state_of(file);
  int rc = state.flush();
  if (rc == SQLITE_OK) {
    rc = state.inner->pMethods->xRead(state.inner, buffer, amount, offset);
  }
  if (rc != SQLITE_OK || planted(PlantedBug::kChecksumSkipped)) {
    return rc;
  }
  switch (state.kind) {
    case FileState::Kind::kDatabase:
      return read_database(buffer, amount, offset);
    case FileState::Kind::kLog:
      return read_log(state, buffer, amount, offset);
    case FileState::Kind::kOther:
      return SQLITE_OK;
  }
  return SQLITE_OK;
}

int write_log(FileState& state, const void* buffer, int amount, sqlite3_int64 offset) {
  const sqlite3_int64 frame = amount == kPageSize ? frame_of_page(offset) : -1;
  if (frame >= 0) {
    remember_frame(state, frame, buffer);
  }
  const auto gathered_end = state.gathered_at + static_cast<sqlite3_int64>(state.gathered.size());
  if (!state.gathered.empty() &&
      (offset != gathered_end || state.gathered.size() + static_cast<std::size_t>(amount) > kGatherBytes)) {
    if (const int rc = state.flush(); rc != SQLITE_OK) {
      return rc;
    }
  }
  if (state.gathered.empty()) {
    state.gathered_at = offset;
  }
  state.gathered.append(static_cast<const char*>(buffer), static_cast<std::size_t>(amount));
  return SQLITE_OK;
}

int file_write(sqlite3_file* file, const void* buffer, int amount, sqlite3_int64 offset) {
  FileState& state = state_of(file);
  if (state.kind == FileState::Kind::kLog) {
    return write_log(state, buffer, amount, offset);
  }
  if (state.kind == FileState::Kind::kDatabase && amount == kPageSize && offset % kPageSize == 0) {
    std::memcpy(state.page, buffer, kPageSize);
    const std::uint64_t sum = page_checksum(buffer, static_cast<std::uint64_t>(offset / kPageSize + 1));
    std::memcpy(state.page + kPageSize - kPageReserve, &sum, sizeof sum);
    buffer = state.page;
  }
  return state.inner->pMethods->xWrite(state.inner, buffer, amount, offset);
}

int file_truncate(sqlite3_file* file, sqlite3_int64 size) {
  FileState& state = state_of(file);
  const int rc = state.flush();
  return rc != SQLITE_OK ? rc : state.inner->pMethods->xTruncate(state.inner, size);
}

int file_sync(sqlite3_file* file, int flags) {
  FileState& state = state_of(file);
  const int rc = state.flush();
  return rc != SQLITE_OK ? rc : state.inner->pMethods->xSync(state.inner, flags);
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  FileState& state = state_of(file);
  const int rc = state.flush();
  return rc != SQLITE_OK ? rc : state.inner->pMethods->xFileSize(state.inner, size);
}

int file_lock(sqlite3_file* file, int level) {
  sqlite3_file* inner = state_of(file).inner;
  return inner->pMethods->xLock(inner, level);
}
int file_unlock(sqlite3_file* file, int level) {
  sqlite3_file* inner = state_of(file).inner;
  return inner->pMethods->xUnlock(inner, level);
}
int file_check_reserved_lock(sqlite3_file* file, int* result) {
  sqlite3_file* inner = state_of(file).inner;
  return inner->pMethods->xCheckReservedLock(inner, result);
}
int file_control(sqlite3_file* file, int operation, void* argument) {
  sqlite3_file* inner = state_of(file).inner;
  return inner->pMethods->xFileControl(inner, operation, argument);
}
int file_sector_size(sqlite3_file* file) {
  sqlite3_file* inner = state_of(file).inner;
  return inner->pMethods->xSectorSize(inner);
}
int file_device_characteristics(sqlite3_file* file) {
  sqlite3_file* inner = state_of(file).inner;
  return inner->pMethods->xDeviceCharacteristics(inner);
}

// Version 1: without shared memory and without memory-mapped reads, which would pass this layer by.
const sqlite3_io_methods kMethods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_device_characteristics,
};

sqlite3_vfs* inner_of(sqlite3_vfs* vfs) { return static_cast<sqlite3_vfs*>(vfs->pAppData); }

int vfs_open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  auto* checked = reinterpret_cast<CheckedFile*>(file);
  checked->base.pMethods = nullptr;
  auto* state = new (std::nothrow) FileState;
  if (state == nullptr) {
    return SQLITE_NOMEM;
  }
  state->inner = reinterpret_cast<sqlite3_file*>(checked + 1);
  if ((flags & SQLITE_OPEN_MAIN_DB) != 0) {
    state->kind = FileState::Kind::kDatabase;
  } else if ((flags & SQLITE_OPEN_WAL) != 0) {
    state->kind = FileState::Kind::kLog;
  }
  state->inner->pMethods = nullptr;
  const int rc = inner_of(vfs)->xOpen(inner_of(vfs), path, state->inner, flags, out_flags);
  if (rc != SQLITE_OK) {
    if (state->inner->pMethods != nullptr) {
      state->inner->pMethods->xClose(state->inner);
    }
    delete state;
    return rc;
  }
  checked->state = state;
  checked->base.pMethods = &kMethods;
  return SQLITE_OK;
}

int vfs_delete(sqlite3_vfs* vfs, const char* path, int sync_directory) {
  return inner_of(vfs)->xDelete(inner_of(vfs), path, sync_directory);
}
int vfs_access(sqlite3_vfs* vfs, const char* path, int flags, int* result) {
  return inner_of(vfs)->xAccess(inner_of(vfs), path, flags, result);
}
int vfs_full_path(sqlite3_vfs* vfs, const char* path, int size, char* out) {
  return inner_of(vfs)->xFullPathname(inner_of(vfs), path, size, out);
}
int vfs_randomness(sqlite3_vfs* vfs, int size, char* out) {
  return inner_of(vfs)->xRandomness(inner_of(vfs), size, out);
}
int vfs_sleep(sqlite3_vfs* vfs, int microseconds) {
  return inner_of(vfs)->xSleep(inner_of(vfs), microseconds);
}
int vfs_current_time(sqlite3_vfs* vfs, double* out) {
  return inner_of(vfs)->xCurrentTime(inner_of(vfs), out);
}
int vfs_last_error(sqlite3_vfs* vfs, int size, char* out) {
  return inner_of(vfs)->xGetLastError != nullptr ? inner_of(vfs)->xGetLastError(inner_of(vfs), size, out) : 0;
}

// SQLite finds a VFS by its name only; a number keeps those of several stores in one process apart.
std::string next_name() {
  static std::atomic<unsigned> count{0};
  return fmt::format("perdure-checked-{}", ++count);
}

}  // namespace

CheckedVfs::CheckedVfs(sqlite3_vfs* inner) : name_(next_name()), vfs_(std::make_unique<sqlite3_vfs>()) {
  vfs_->iVersion = 1;
  vfs_->szOsFile = static_cast<int>(sizeof(CheckedFile)) + inner->szOsFile;
  vfs_->mxPathname = inner->mxPathname;
  vfs_->zName = name_.c_str();
  vfs_->pAppData = inner;
  vfs_->xOpen = vfs_open;
  vfs_->xDelete = vfs_delete;
  vfs_->xAccess = vfs_access;
  vfs_->xFullPathname = vfs_full_path;
  vfs_->xRandomness = vfs_randomness;
  vfs_->xSleep = vfs_sleep;
  vfs_->xCurrentTime = vfs_current_time;
  vfs_->xGetLastError = vfs_last_error;
  sqlite3_vfs_register(vfs_.get(), 0);
}

CheckedVfs::~CheckedVfs() { sqlite3_vfs_unregister(vfs_.get()); }

}  // namespace perdure::storage
