// The raw files: mark slots and page checksums, without SQLite.
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>

#include "cli/fsck_parts.h"

namespace perdure::cli {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kPageContent = kPage - 8;
constexpr std::size_t kSlot = 512;
constexpr std::uint64_t kNeverUsedPage =
    (std::uint64_t{1} << 30) / kPage + 1;  // SQLite keeps its lock bytes there

std::uint32_t big_endian(const char* bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

// Page numbers of the frames of the log's current round: those with the salts of its header.
std::set<std::uint32_t> pages_in_log(const std::string& log) {
  std::set<std::uint32_t> pages;
  for (std::size_t at = 32; at + 24 + kPage <= log.size(); at += 24 + kPage) {
    if (std::memcmp(log.data() + at + 8, log.data() + 16, 8) != 0) {
      break;
    }
    pages.insert(big_endian(log.data() + at));
  }
  return pages;
}

struct Slot {
  bool valid = false;
  long long generation = 0, incarnation = 0, sequence = 0;
  char state = ' ';
};

Slot decode_slot(const std::string& bytes) {
  Slot slot;
  unsigned long long checksum = 0;
  int text_end = 0;
  // A number that does not fit is found by the checksum.
  const int fields =
      std::sscanf(bytes.c_str(),
                  "perdure-mark 1 generation=%lld state=%c incarnation=%lld sequence=%lld%n "
                  "checksum=%16llx",
                  &slot.generation, &slot.state, &slot.incarnation, &slot.sequence, &text_end, &checksum);
  if (fields != 5) {
    return slot;
  }
  std::string expected = fmt::format("perdure-mark 1 generation={} state={} incarnation={} sequence={}",
                                     slot.generation, slot.state, slot.incarnation, slot.sequence);
  const bool text_right = bytes.compare(0, static_cast<std::size_t>(text_end), expected) == 0;
  slot.valid = text_right && XXH3_64bits(expected.data(), expected.size()) == checksum;
  expected += fmt::format(" checksum={:016x}\n", checksum);
  expected.resize(kSlot - 1, ' ');
  slot.valid = slot.valid && bytes == expected + "\n";
  return slot;
}

}  // namespace

void add_finding(FsckReport& report, std::string text) {
  if (report.findings.size() < kMostFindings) {
    report.findings.push_back(std::move(text));
  } else if (report.findings.size() == kMostFindings) {
    report.findings.emplace_back("… and more");
  }
}

bool read_whole_file(const std::string& path, std::string& out) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return false;
  }
  out.assign(std::istreambuf_iterator<char>(file), {});
  return true;
}

MarkSummary check_mark_file(const std::string& path, FsckReport& report) {
  MarkSummary summary;
  std::string bytes;
  if (!read_whole_file(path, bytes)) {
    add_finding(report, "durable-mark is missing: it cannot be told whether commits are lost");
    return summary;
  }
  if (bytes.size() != 3 * kSlot) {
    add_finding(report, fmt::format("durable-mark has {} bytes instead of {}", bytes.size(), 3 * kSlot));
    bytes.resize(3 * kSlot, '\0');
  }
  Slot slots[3];
  long long newest = -1;
  for (std::size_t i = 0; i < 3; ++i) {
    slots[i] = decode_slot(bytes.substr(i * kSlot, kSlot));
    if (slots[i].valid) {
      summary.sequence = std::max<std::int64_t>(summary.sequence, slots[i].sequence);
      newest = std::max(newest, i < 2 ? slots[i].generation : -1LL);
    }
  }
  for (const Slot& slot : slots) {
    summary.closed = summary.closed || (slot.valid && slot.generation == newest && slot.state == 'x');
  }
  // A crash can spoil the anchor under way and the lazy slot, never both anchors; a clean close leaves all
  // three whole.
  const bool lazy_spoiled = !slots[2].valid;
  const bool anchor_spoiled = !slots[0].valid || !slots[1].valid;
  if (newest < 0) {
    add_finding(report, "both anchors of durable-mark are damaged");
  } else if (summary.closed && (lazy_spoiled || anchor_spoiled)) {
    add_finding(report,
                "durable-mark is damaged: the directory was closed, but not all of its slots are readable");
  } else if (anchor_spoiled) {
    add_finding(
        report,
        "an anchor of durable-mark is damaged, or its write was interrupted by a crash; the next clean "
        "close repairs it");
  } else if (lazy_spoiled) {
    report.notes.emplace_back("the lazy slot of durable-mark is unreadable; a crash may do that");
  }
  return summary;
}

void check_pages(const std::string& database, const std::string& log, FsckReport& report) {
  std::string log_bytes;
  std::set<std::uint32_t> newer;
  if (read_whole_file(log, log_bytes)) {
    newer = pages_in_log(log_bytes);
  }
  std::ifstream file(database, std::ios::binary);
  std::string page(kPage, '\0');
  const std::string zeros(kPage, '\0');
  for (std::uint64_t number = 1; file.read(page.data(), kPage) || file.gcount() > 0; ++number) {
    ++report.pages;
    if (file.gcount() != static_cast<std::streamsize>(kPage)) {
      add_finding(report, fmt::format("perdure.sqlite ends inside page {}", number));
      break;
    }
    std::uint64_t stored = 0;
    std::memcpy(&stored, page.data() + kPageContent, sizeof stored);
    const bool whole = stored == XXH3_64bits_withSeed(page.data(), kPageContent, number);
    // A page that was taken and given back within one transaction is never written: a hole.
    const bool excused =
        number == kNeverUsedPage || page == zeros || newer.contains(static_cast<std::uint32_t>(number));
    if (!whole && !excused) {
      add_finding(report, fmt::format("page {} of perdure.sqlite does not match its checksum", number));
    }
  }
}

}  // namespace perdure::cli
