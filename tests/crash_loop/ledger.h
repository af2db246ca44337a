#pragma once
// What the load generator knows: one line for each thing that it is about to ask for and for each thing that
// it was told. A line is on the disk before the generator goes on, so that what it says does not depend on
// the server.
#include <fcntl.h>
#include <unistd.h>

#include <mutex>
#include <stdexcept>
#include <string>

namespace perdure::crash_loop {

class Ledger {
 public:
  explicit Ledger(const std::string& path)
      : file_(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
    if (file_ < 0) {
      throw std::runtime_error("the ledger " + path + " cannot be opened");
    }
  }
  ~Ledger() { close(file_); }
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  void write(std::string line) {
    line += '\n';
    const std::lock_guard lock(mutex_);
    if (::write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
        fdatasync(file_) != 0) {
      throw std::runtime_error("the ledger cannot be written");
    }
  }

 private:
  const int file_;
  std::mutex mutex_;
};

}  // namespace perdure::crash_loop
