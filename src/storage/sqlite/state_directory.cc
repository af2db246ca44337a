#include "storage/sqlite/state_directory.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <system_error>

#include "storage/sqlite/schema.h"

namespace perdure::storage {
namespace {

namespace fs = std::filesystem;

Status status_of_errno(int error, std::string_view doing, const std::string& path) {
  const std::string text = std::generic_category().message(error);
  if (error == ENOSPC || error == EDQUOT) {
    return Status(Code::kResourceExhausted,
                  fmt::format("cannot {} '{}': disk full; free some space and try again", doing, path));
  }
  if (error == EACCES || error == EPERM || error == EROFS) {
    return failed_precondition(
        fmt::format("cannot {} '{}': {}; a state directory has to be readable and writable by this user",
                    doing, path, text));
  }
  return unavailable(fmt::format("cannot {} '{}': {}", doing, path, text));
}

std::string read_all(int descriptor) {
  char buffer[512];
  const ssize_t size = ::pread(descriptor, buffer, sizeof buffer, 0);
  std::string text(buffer, size > 0 ? static_cast<std::size_t>(size) : 0);
  while (!text.empty() && text.back() == '\n') {
    text.pop_back();
  }
  return text;
}

std::string holder_line(const std::string& holder) {
  const std::time_t now = std::time(nullptr);
  return fmt::format("process {} ({}), since {:%Y-%m-%d %H:%M:%S} UTC\n", ::getpid(),
                     holder.empty() ? "perdure" : holder, fmt::gmtime(now));
}

// An empty directory may become a state directory; one that holds only other things must not be touched.
Status check_entries(const std::string& path) {
  std::error_code error;
  std::string foreign;
  bool ours = false;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    ours = ours || name == kDatabaseFile || name == kMarkFile || name == kLockFile;
    // The smallest name, so that the message does not depend on the order of the directory.
    foreign = foreign.empty() || name < foreign ? name : foreign;
  }
  if (error) {
    return status_of_errno(error.value(), "read the directory", path);
  }
  if (!ours && !foreign.empty()) {
    return failed_precondition(fmt::format(
        "'{}' is not a state directory: it holds '{}' but no {}; name an empty or a new directory", path,
        foreign, kDatabaseFile));
  }
  return Status();
}

}  // namespace

Status prepare_directory(const std::string& path, bool create) {
  if (path.empty()) {
    return invalid_argument("the path of the state directory is empty");
  }
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0) {
    if (!S_ISDIR(info.st_mode)) {
      return failed_precondition(
          fmt::format("'{}' is not a directory, so it cannot be a state directory", path));
    }
    if (::faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK | X_OK, AT_EACCESS) != 0) {
      return status_of_errno(errno, "use the state directory", path);
    }
    return check_entries(path);
  }
  if (errno != ENOENT) {
    return status_of_errno(errno, "open the state directory", path);
  }
  if (!create) {
    return not_found(fmt::format("there is no state directory '{}'", path));
  }
  std::error_code error;
  const fs::path parent = fs::absolute(path, error).parent_path();
  fs::create_directories(parent, error);
  if (error) {
    return status_of_errno(error.value(), "make the directory", parent.string());
  }
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return status_of_errno(errno, "make the state directory", path);
  }
  return Status();
}

Result<std::unique_ptr<DirectoryLock>> lock_directory(const std::string& path, const std::string& holder) {
  const std::string file = path + "/" + std::string(kLockFile);
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return status_of_errno(errno, "open the lock file", file);
  }
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    const std::string text = read_all(descriptor);
    ::close(descriptor);
    if (error != EWOULDBLOCK) {
      return status_of_errno(error, "lock", file);
    }
    return failed_precondition(fmt::format(
        "the state directory '{}' is in use by {}; stop that process first, or name another directory", path,
        text));
  }
  std::unique_ptr<DirectoryLock> lock(new DirectoryLock(descriptor));
  // Only for people: a full disk must not keep a state directory from being opened.
  const std::string line = holder_line(holder);
  if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, line.data(), line.size(), 0) < 0) {
    errno = 0;
  }
  return lock;
}

DirectoryLock::~DirectoryLock() {
  if (::ftruncate(descriptor_, 0) != 0) {
    errno = 0;  // an old name in a lock file that nobody holds is never shown
  }
  ::close(descriptor_);
}

Status create_private_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return status_of_errno(errno, "open", path);
  }
  ::close(descriptor);
  return Status();
}

}  // namespace perdure::storage
