#include "cli/fsck.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string_view>

#include "cli/fsck_parts.h"

namespace perdure::cli {
namespace {

// Keeps a program from starting on the directory while it is checked.
class StoppedDirectory {
 public:
  explicit StoppedDirectory(const std::string& directory)
      : descriptor_(::open((directory + "/lock").c_str(), O_RDONLY | O_CLOEXEC)) {
    stopped_ = descriptor_ < 0 || ::flock(descriptor_, LOCK_SH | LOCK_NB) == 0;
  }
  ~StoppedDirectory() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  StoppedDirectory(const StoppedDirectory&) = delete;
  StoppedDirectory& operator=(const StoppedDirectory&) = delete;
  bool stopped() const { return stopped_; }

 private:
  int descriptor_;
  bool stopped_ = false;
};

// Empty if the header is that of a database of ours, else why it is not.
std::string foreign(const std::string& database) {
  std::ifstream file(database, std::ios::binary);
  if (!file) {
    return "it has no readable perdure.sqlite";
  }
  std::string bytes(100, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  const bool magic = file.gcount() == 100 && bytes.compare(0, 15, "SQLite format 3") == 0;
  const bool ours = magic && bytes.compare(68, 4, "PerD") == 0;
  return ours ? "" : "its perdure.sqlite was not made by Perdure, or its first page is destroyed";
}

}  // namespace

FsckReport check_directory(const std::string& directory) {
  FsckReport report;
  if (!std::filesystem::is_directory(directory)) {
    report.not_checkable = "there is no such directory";
    return report;
  }
  const StoppedDirectory lock(directory);
  if (!lock.stopped()) {
    std::string holder;
    read_whole_file(directory + "/lock", holder);
    report.not_checkable =
        "it is in use by " + holder.substr(0, holder.find('\n')) + "; stop that process first";
    return report;
  }
  const std::string database = directory + "/perdure.sqlite";
  const bool has_mark = std::filesystem::exists(directory + "/durable-mark");
  if (const std::string reason = foreign(database); !reason.empty()) {
    // With a mark file it was ours once, and what is there now is damage.
    (has_mark ? report.findings.emplace_back(reason) : report.not_checkable = reason);
    return report;
  }
  const MarkSummary mark = check_mark_file(directory + "/durable-mark", report);
  check_pages(database, database + "-wal", report);
  check_rows(database, mark, report);
  return report;
}

int exit_code(const FsckReport& report) {
  if (!report.not_checkable.empty()) {
    return 2;
  }
  return report.findings.empty() ? 0 : 1;
}

int print_report(const std::string& directory, const FsckReport& report) {
  if (!report.not_checkable.empty()) {
    fmt::print("{}: cannot be checked: {}\n", directory, report.not_checkable);
    return exit_code(report);
  }
  for (const std::string& finding : report.findings) {
    fmt::print("damage: {}\n", finding);
  }
  for (const std::string& note : report.notes) {
    fmt::print("note: {}\n", note);
  }
  fmt::print("{}: {} pages, {} runs, {} events, {} pending items, last commit {}\n", directory, report.pages,
             report.runs, report.events, report.items, report.last_sequence);
  fmt::print("{}\n", report.findings.empty()
                         ? "clean"
                         : fmt::format("DAMAGED ({} findings); restore the directory from a copy",
                                       report.findings.size()));
  return exit_code(report);
}

}  // namespace perdure::cli
