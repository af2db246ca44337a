#include "bare_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include "process.h"

namespace perdure::bench {
namespace {

constexpr std::size_t kStep = 1024;
constexpr off_t kFileSize = 64 * 1024 * 1024;

void require(bool ok, const char* what) {
  if (!ok) {
    throw std::runtime_error(std::string("bare log: ") + what + " failed");
  }
}

}  // namespace

BareLog measure_bare_log(const std::filesystem::path& folder, std::chrono::milliseconds duration) {
  std::filesystem::create_directories(folder);
  const std::string path = folder / "bare.log";
  const int file = open(path.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
  require(file >= 0, "open");
  const std::vector<char> zeros(1024 * 1024);
  for (off_t written = 0; written < kFileSize; written += static_cast<off_t>(zeros.size())) {
    require(write(file, zeros.data(), zeros.size()) == static_cast<ssize_t>(zeros.size()), "write");
  }
  require(fsync(file) == 0, "fsync");

  std::array<char, kStep> step{};
  std::vector<std::chrono::nanoseconds> samples;
  const auto start = std::chrono::steady_clock::now();
  auto before = start;
  off_t at = 0;
  while (before - start < duration) {
    require(pwrite(file, step.data(), step.size(), at) == static_cast<ssize_t>(step.size()), "pwrite");
    require(fdatasync(file) == 0, "fdatasync");
    at = (at + static_cast<off_t>(kStep)) % kFileSize;
    const auto after = std::chrono::steady_clock::now();
    samples.push_back(after - before);
    before = after;
  }
  close(file);
  std::filesystem::remove(path);
  const double seconds = std::chrono::duration<double>(before - start).count();
  BareLog result{.steps_per_second = static_cast<double>(samples.size()) / seconds};
  result.p50 = percentile(samples, 0.5);
  result.p99 = percentile(samples, 0.99);
  return result;
}

}  // namespace perdure::bench
