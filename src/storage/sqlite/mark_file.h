#pragma once
// The mark file: which commit is known to be durable, kept outside the database. SQLite ends its log at the
// first damaged frame, so a log that lost its tail looks like one that never had it; the mark tells them
// apart.
//
// Three slots of one sector each, readable text. Two *anchors* are written in turn, each one synced before
// anything goes on, so that a crash can spoil at most one of them. The *lazy* slot is written after some
// commits without a sync; a crash may lose or spoil it. All say only what was durable when they were written,
// so the highest valid one counts.
#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "storage/sqlite/raw_file.h"

namespace perdure::storage {

enum class MarkState : char {
  kCreating = 'c',  // the directory is being made; there is no data yet
  kOpen = 'o',      // in use, or not closed properly
  kClean = 'x',     // closed
};

struct Mark {
  std::int64_t generation = 0;  // counts anchors; the lazy slot repeats that of the anchor before it
  MarkState state = MarkState::kCreating;
  std::int64_t incarnation = 0;
  std::int64_t sequence = 0;  // this transition and all before it are durable
};

inline constexpr std::size_t kMarkSlot = 512;
inline constexpr int kMarkSlots = 3;  // anchor, anchor, lazy

std::string format_mark(const Mark& mark);
// None unless `slot` is exactly what format_mark() makes: one changed byte is enough.
std::optional<Mark> parse_mark(std::string_view slot);

class MarkFile {
 public:
  // What the file says; every slot absent if there is no file.
  struct Contents {
    std::int64_t size = 0;
    std::array<std::optional<Mark>, kMarkSlots> slots;
    // The anchor written last, if one is valid.
    std::optional<Mark> anchor() const;
    // The highest sequence that any valid slot names; 0 if none.
    std::int64_t sequence() const;
  };
  static Result<Contents> read(sqlite3_vfs* vfs, const std::string& path);

  // For writing; made if it is missing.
  static Result<MarkFile> open(sqlite3_vfs* vfs, const std::string& path);

  // Durable when it returns OK.
  Status write_anchor(MarkState state, std::int64_t incarnation, std::int64_t sequence);
  // Not synced.
  Status write_lazy(std::int64_t sequence);

 private:
  explicit MarkFile(std::unique_ptr<RawFile> file) : file_(std::move(file)) {}

  std::unique_ptr<RawFile> file_;
  Mark anchor_;  // written last
};

}  // namespace perdure::storage
