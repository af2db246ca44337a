// The simulated disk as SQLite sees it.
#include <cstring>
#include <new>

#include "sim/disk/sim_disk.h"

namespace perdure::sim {

struct SimVfs {
  struct Handle {
    SimDisk* disk;
    std::string file;
    std::shared_ptr<SimDisk::Inode> inode;
    std::uint64_t generation;
    int lock = SQLITE_LOCK_NONE;
  };
  struct File {
    sqlite3_file base;
    Handle* handle;
  };

  static Handle& handle_of(sqlite3_file* file) { return *reinterpret_cast<File*>(file)->handle; }
  static SimDisk& disk_of(sqlite3_vfs* vfs) { return *static_cast<SimDisk*>(vfs->pAppData); }
  static bool dead(const Handle& handle) {
    return handle.generation != handle.disk->generation_ ||
           handle.disk->live(handle.file) != handle.inode.get();
  }

  static int close(sqlite3_file* file) {
    Handle* handle = &handle_of(file);
    if (handle->inode->locked_by == handle) {
      handle->inode->locked_by = nullptr;
    }
    delete handle;
    file->pMethods = nullptr;
    return SQLITE_OK;
  }
  static int read(sqlite3_file* file, void* buffer, int size, sqlite3_int64 offset) {
    Handle& handle = handle_of(file);
    return dead(handle) ? SQLITE_IOERR_READ : handle.disk->read(*handle.inode, buffer, size, offset);
  }
  static int write(sqlite3_file* file, const void* buffer, int size, sqlite3_int64 offset) {
    Handle& handle = handle_of(file);
    return dead(handle) ? SQLITE_IOERR_WRITE
                        : handle.disk->write(
                              handle.file, offset,
                              std::string(static_cast<const char*>(buffer), static_cast<std::size_t>(size)));
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    Handle& handle = handle_of(file);
    return dead(handle) ? SQLITE_IOERR_TRUNCATE : handle.disk->truncate(handle.file, size);
  }
  static int sync(sqlite3_file* file, int) {
    Handle& handle = handle_of(file);
    return dead(handle) ? SQLITE_IOERR_FSYNC : handle.disk->sync(handle.file);
  }
  static int size(sqlite3_file* file, sqlite3_int64* out) {
    Handle& handle = handle_of(file);
    if (dead(handle) || handle.disk->powered_off_) {
      return SQLITE_IOERR_FSTAT;
    }
    *out = static_cast<sqlite3_int64>(handle.inode->live.size());
    return SQLITE_OK;
  }
  // One process uses a directory at a time, so any lock at all keeps every other handle out.
  static int lock(sqlite3_file* file, int level) {
    Handle& handle = handle_of(file);
    if (dead(handle)) {
      return SQLITE_IOERR_LOCK;
    }
    if (handle.inode->locked_by != nullptr && handle.inode->locked_by != &handle) {
      return SQLITE_BUSY;
    }
    handle.inode->locked_by = &handle;
    handle.lock = level;
    return SQLITE_OK;
  }
  static int unlock(sqlite3_file* file, int level) {
    Handle& handle = handle_of(file);
    handle.lock = level;
    if (level == SQLITE_LOCK_NONE && handle.inode->locked_by == &handle) {
      handle.inode->locked_by = nullptr;
    }
    return SQLITE_OK;
  }
  static int check_reserved_lock(sqlite3_file* file, int* result) {
    const Handle& handle = handle_of(file);
    *result = handle.inode->locked_by != nullptr && handle.inode->locked_by != &handle;
    return SQLITE_OK;
  }
  static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector_size(sqlite3_file*) { return 4096; }
  static int device_characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
    static const sqlite3_io_methods methods = {.iVersion = 1,
                                               .xClose = close,
                                               .xRead = read,
                                               .xWrite = write,
                                               .xTruncate = truncate,
                                               .xSync = sync,
                                               .xFileSize = size,
                                               .xLock = lock,
                                               .xUnlock = unlock,
                                               .xCheckReservedLock = check_reserved_lock,
                                               .xFileControl = control,
                                               .xSectorSize = sector_size,
                                               .xDeviceCharacteristics = device_characteristics};
    file->pMethods = nullptr;
    SimDisk& disk = disk_of(vfs);
    if (path == nullptr || disk.powered_off_) {
      return SQLITE_CANTOPEN;
    }
    if (disk.live(path) == nullptr) {
      if ((flags & SQLITE_OPEN_CREATE) == 0) {
        return SQLITE_CANTOPEN;
      }
      if (const int rc = disk.create(path); rc != SQLITE_OK) {
        return rc;
      }
    }
    auto* handle = new Handle{&disk, path, disk.entries_.at(path).live, disk.generation_};
    reinterpret_cast<File*>(file)->handle = handle;
    file->pMethods = &methods;
    if (out_flags != nullptr) {
      *out_flags = flags;
    }
    return SQLITE_OK;
  }
  static int remove(sqlite3_vfs* vfs, const char* path, int sync_directory) {
    return disk_of(vfs).remove(path, sync_directory != 0);
  }
  // As SQLite's own VFS: an empty file counts as not existing.
  static int access(sqlite3_vfs* vfs, const char* path, int, int* result) {
    const SimDisk::Inode* inode = disk_of(vfs).live(path);
    *result = inode != nullptr && !inode->live.empty();
    return SQLITE_OK;
  }
  static int full_path(sqlite3_vfs*, const char* path, int size, char* out) {
    if (std::strlen(path) >= static_cast<std::size_t>(size)) {
      return SQLITE_CANTOPEN;
    }
    std::strcpy(out, path);
    return SQLITE_OK;
  }
  static int randomness(sqlite3_vfs* vfs, int size, char* out) {
    for (int i = 0; i < size; ++i) {
      out[i] = static_cast<char>(disk_of(vfs).randomness_.next());
    }
    return size;
  }
  static int sleep(sqlite3_vfs*, int microseconds) { return microseconds; }
  static int current_time(sqlite3_vfs*, double* out) {
    *out = 2'460'000.5;  // a Julian day; nothing that is stored depends on it
    return SQLITE_OK;
  }
  static int last_error(sqlite3_vfs*, int, char*) { return 0; }
};

SimDisk::SimDisk(std::string vfs_name)
    : vfs_name_(std::move(vfs_name)), vfs_(std::make_unique<sqlite3_vfs>()) {
  vfs_->iVersion = 1;
  vfs_->szOsFile = static_cast<int>(sizeof(SimVfs::File));
  vfs_->mxPathname = 512;
  vfs_->zName = vfs_name_.c_str();
  vfs_->pAppData = this;
  vfs_->xOpen = SimVfs::open;
  vfs_->xDelete = SimVfs::remove;
  vfs_->xAccess = SimVfs::access;
  vfs_->xFullPathname = SimVfs::full_path;
  vfs_->xRandomness = SimVfs::randomness;
  vfs_->xSleep = SimVfs::sleep;
  vfs_->xCurrentTime = SimVfs::current_time;
  vfs_->xGetLastError = SimVfs::last_error;
  sqlite3_vfs_register(vfs_.get(), 0);
}

SimDisk::~SimDisk() { sqlite3_vfs_unregister(vfs_.get()); }

}  // namespace perdure::sim
