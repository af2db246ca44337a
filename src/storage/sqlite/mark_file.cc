#include "storage/sqlite/mark_file.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <charconv>

namespace perdure::storage {
namespace {

constexpr int kLazySlot = 2;

std::optional<std::int64_t> number_after(std::string_view text, std::string_view name) {
  const auto at = text.find(name);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  const char* begin = text.data() + at + name.size();
  const auto parsed = std::from_chars(begin, text.data() + text.size(), value);
  return parsed.ec == std::errc() && value >= 0 ? std::optional(value) : std::nullopt;
}

}  // namespace

std::string format_mark(const Mark& mark) {
  std::string slot =
      fmt::format("perdure-mark 1 generation={} state={} incarnation={} sequence={}", mark.generation,
                  static_cast<char>(mark.state), mark.incarnation, mark.sequence);
  slot += fmt::format(" checksum={:016x}\n", XXH3_64bits(slot.data(), slot.size()));
  slot.resize(kMarkSlot - 1, ' ');
  return slot + "\n";
}

std::optional<Mark> parse_mark(std::string_view slot) {
  const auto generation = number_after(slot, " generation=");
  const auto state = slot.find(" state=");
  const auto incarnation = number_after(slot, " incarnation=");
  const auto sequence = number_after(slot, " sequence=");
  if (!generation || state == std::string_view::npos || state + 7 >= slot.size() || !incarnation ||
      !sequence) {
    return std::nullopt;
  }
  const Mark mark{*generation, static_cast<MarkState>(slot[state + 7]), *incarnation, *sequence};
  return format_mark(mark) == slot ? std::optional(mark) : std::nullopt;
}

std::optional<Mark> MarkFile::Contents::anchor() const {
  const auto& a = slots[0];
  const auto& b = slots[1];
  if (!a || !b) {
    return a ? a : b;
  }
  return a->generation > b->generation ? a : b;
}

std::int64_t MarkFile::Contents::sequence() const {
  std::int64_t highest = 0;
  for (const auto& slot : slots) {
    highest = std::max(highest, slot ? slot->sequence : 0);
  }
  return highest;
}

Result<MarkFile::Contents> MarkFile::read(sqlite3_vfs* vfs, const std::string& path) {
  Contents contents;
  auto file = RawFile::open(vfs, path, RawFile::Mode::kRead);
  if (!file.ok()) {
    return file.status().code() == Code::kNotFound ? Result<Contents>(contents)
                                                   : Result<Contents>(file.status());
  }
  const auto size = (*file)->size();
  if (!size.ok()) {
    return size.status();
  }
  contents.size = *size;
  const auto bytes = (*file)->read(0, kMarkSlot * kMarkSlots);
  if (!bytes.ok()) {
    return bytes.status();
  }
  for (std::size_t i = 0; i < contents.slots.size(); ++i) {
    if (bytes->size() >= (i + 1) * kMarkSlot) {
      contents.slots[i] = parse_mark(std::string_view(*bytes).substr(i * kMarkSlot, kMarkSlot));
    }
  }
  return contents;
}

Result<MarkFile> MarkFile::open(sqlite3_vfs* vfs, const std::string& path) {
  const auto contents = read(vfs, path);
  if (!contents.ok()) {
    return contents.status();
  }
  auto file = RawFile::open(vfs, path, RawFile::Mode::kCreate);
  if (!file.ok()) {
    return file.status();
  }
  MarkFile mark(std::move(*file));
  mark.anchor_ = contents->anchor().value_or(Mark{});
  return mark;
}

Status MarkFile::write_anchor(MarkState state, std::int64_t incarnation, std::int64_t sequence) {
  anchor_ = Mark{anchor_.generation + 1, state, incarnation, sequence};
  const std::string slot = format_mark(anchor_);
  // Odd generations to the first slot, even ones to the second: the anchor before this one stays intact.
  Status status = file_->write(anchor_.generation % 2 == 1 ? 0 : std::int64_t{kMarkSlot}, slot);
  if (status.ok()) {
    status = file_->write(std::int64_t{kMarkSlot} * kLazySlot, slot);
  }
  return status.ok() ? file_->sync() : status;
}

Status MarkFile::write_lazy(std::int64_t sequence) {
  Mark lazy = anchor_;
  lazy.sequence = sequence;
  return file_->write(std::int64_t{kMarkSlot} * kLazySlot, format_mark(lazy));
}

}  // namespace perdure::storage
