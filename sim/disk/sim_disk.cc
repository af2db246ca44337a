#include "sim/disk/sim_disk.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace perdure::sim {
namespace {

void put(std::string& content, std::int64_t offset, std::string_view bytes) {
  const auto end = static_cast<std::size_t>(offset) + bytes.size();
  if (content.size() < end) {
    content.resize(end, '\0');
  }
  content.replace(static_cast<std::size_t>(offset), bytes.size(), bytes);
}

std::string garbage(std::size_t size, Random& random) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) {
    byte = static_cast<char>(random.next());
  }
  return bytes;
}

}  // namespace

void SimDisk::seed_sqlite(std::uint32_t seed) {
  sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, static_cast<int>(seed | 1), nullptr);
}

SimDisk::Inode* SimDisk::live(const std::string& file) const {
  const auto found = entries_.find(file);
  return found == entries_.end() ? nullptr : found->second.live.get();
}

void SimDisk::apply(std::string& content, const Change& change) {
  if (change.truncate) {
    content.resize(static_cast<std::size_t>(change.offset), '\0');
  } else {
    put(content, change.offset, change.bytes);
  }
}

// A write of which only some sectors arrive.
void SimDisk::apply_in_part(std::string& content, const Change& change, Random& random) {
  const auto size = static_cast<std::int64_t>(change.bytes.size());
  const bool scattered = random.chance(0.35);
  const std::int64_t sectors = (change.offset + size - 1) / kSector - change.offset / kSector + 1;
  const std::int64_t torn_at = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(sectors)));
  const bool garbage_at_tear = random.chance(0.5);
  for (std::int64_t at = change.offset, sector = 0; at < change.offset + size; ++sector) {
    const std::int64_t end = std::min((at / kSector + 1) * kSector, change.offset + size);
    const auto from = static_cast<std::size_t>(at - change.offset);
    const auto length = static_cast<std::size_t>(end - at);
    const bool arrives = scattered ? random.chance(0.5) : sector < torn_at;
    const bool spoiled = scattered ? random.chance(0.1) : sector == torn_at && garbage_at_tear;
    if (spoiled) {
      put(content, at, garbage(length, random));
    } else if (arrives) {
      put(content, at, std::string_view(change.bytes).substr(from, length));
    }
    at = end;
  }
}

std::string SimDisk::after_crash(const Inode& inode, Random& random) {
  std::string content = inode.durable;
  // Besides the mixtures: everything arrived, or nothing did.
  const std::uint64_t extreme = random.below(6);
  for (const Change& change : inode.pending) {
    const std::uint64_t fate = extreme == 0 ? 0 : extreme == 1 ? 9 : random.below(10);
    if (fate < 4) {
      apply(content, change);
    } else if (fate < 7 && !change.truncate && !change.bytes.empty()) {
      apply_in_part(content, change, random);
    }
  }
  return content;
}

void SimDisk::crash(Random& random) {
  for (auto it = entries_.begin(); it != entries_.end();) {
    Entry& entry = it->second;
    // A name whose last change was not synced: the old or the new file.
    std::shared_ptr<Inode> survivor =
        entry.live == entry.durable || random.chance(0.5) ? entry.live : entry.durable;
    if (survivor == nullptr) {
      it = entries_.erase(it);
      continue;
    }
    auto recovered = std::make_shared<Inode>();
    recovered->durable = after_crash(*survivor, random);
    recovered->live = recovered->durable;
    entry.live = entry.durable = std::move(recovered);
    ++it;
  }
  ++counters_.crashes;
  ++generation_;
  powered_off_ = cut_ = false;
  power_off_in_ = 0;
}

void SimDisk::kill_process() {
  ++generation_;
  for (auto& [name, entry] : entries_) {
    if (entry.live != nullptr) {
      entry.live->locked_by = nullptr;
    }
  }
}

void SimDisk::power_off_after(std::uint64_t operations) {
  power_off_in_ = operations;
  cut_ = false;
}

void SimDisk::corrupt_read(std::uint64_t ordinal, std::uint64_t seed) {
  corrupt_in_ = ordinal;
  corruption_ = Random(seed);
}

bool SimDisk::flip_bit(const std::string& file, std::int64_t offset, int bit) {
  Inode* inode = live(file);
  if (inode == nullptr || offset >= static_cast<std::int64_t>(inode->live.size())) {
    return false;
  }
  const auto at = static_cast<std::size_t>(offset);
  for (std::string* content : {&inode->live, &inode->durable}) {
    if (at < content->size()) {
      (*content)[at] = static_cast<char>((*content)[at] ^ (1 << bit));
    }
  }
  return true;
}

std::vector<std::string> SimDisk::files() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) {
    if (entry.live != nullptr) {
      names.push_back(name);
    }
  }
  return names;
}

std::optional<std::string> SimDisk::read_file(const std::string& file) const {
  const Inode* inode = live(file);
  return inode == nullptr ? std::nullopt : std::optional(inode->live);
}

void SimDisk::put_file(const std::string& file, std::string bytes) {
  auto inode = std::make_shared<Inode>();
  inode->durable = inode->live = std::move(bytes);
  entries_[file] = {inode, inode};
}

bool SimDisk::begin_change(DiskOperation operation) {
  if (powered_off_) {
    return false;
  }
  if (power_off_in_ > 0 && --power_off_in_ == 0) {
    powered_off_ = cut_ = true;
  }
  if (recording_) {
    recorded_.push_back(std::move(operation));
  }
  return true;
}

int SimDisk::create(const std::string& file) {
  if (live(file) != nullptr) {
    return powered_off_ ? SQLITE_IOERR : SQLITE_OK;
  }
  if (!begin_change({.kind = DiskOperation::Kind::kCreate, .file = file})) {
    return SQLITE_IOERR;
  }
  entries_[file].live = std::make_shared<Inode>();
  return cut_ ? SQLITE_IOERR : SQLITE_OK;
}

int SimDisk::write(const std::string& file, std::int64_t offset, std::string bytes) {
  if (full_ && !powered_off_) {
    return SQLITE_FULL;
  }
  if (failing_writes_ > 0 && !powered_off_) {
    --failing_writes_;
    return SQLITE_IOERR_WRITE;
  }
  Inode* inode = live(file);
  if (inode == nullptr ||
      !begin_change({.kind = DiskOperation::Kind::kWrite, .file = file, .offset = offset, .bytes = bytes})) {
    return SQLITE_IOERR_WRITE;
  }
  ++counters_.writes;
  counters_.bytes_written += bytes.size();
  put(inode->live, offset, bytes);
  inode->pending.push_back({.offset = offset, .bytes = std::move(bytes)});
  return cut_ ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

int SimDisk::truncate(const std::string& file, std::int64_t size) {
  Inode* inode = live(file);
  if (inode == nullptr ||
      !begin_change({.kind = DiskOperation::Kind::kTruncate, .file = file, .offset = size})) {
    return SQLITE_IOERR_TRUNCATE;
  }
  inode->pending.push_back({.truncate = true, .offset = size});
  apply(inode->live, inode->pending.back());
  return cut_ ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

int SimDisk::sync(const std::string& file) {
  const auto found = entries_.find(file);
  if (found == entries_.end() || found->second.live == nullptr) {
    return SQLITE_IOERR_FSYNC;
  }
  Inode& inode = *found->second.live;
  if (failing_syncs_ > 0 && !powered_off_) {
    --failing_syncs_;
    for (Change& change : inode.pending) {
      change.lost = true;
    }
    return SQLITE_IOERR_FSYNC;
  }
  if (!begin_change({.kind = DiskOperation::Kind::kSync, .file = file}) || cut_) {
    return SQLITE_IOERR_FSYNC;  // cut: what was under way may have arrived, which crash() decides
  }
  ++counters_.syncs;
  for (const Change& change : inode.pending) {
    if (!change.lost) {
      apply(inode.durable, change);
    }
  }
  inode.pending.clear();
  found->second.durable = found->second.live;
  return SQLITE_OK;
}

int SimDisk::remove(const std::string& file, bool durable) {
  if (powered_off_) {
    return SQLITE_IOERR_DELETE;
  }
  if (live(file) == nullptr) {
    return SQLITE_IOERR_DELETE_NOENT;
  }
  begin_change({.kind = DiskOperation::Kind::kDelete, .file = file, .durable = durable});
  Entry& entry = entries_[file];
  entry.live = nullptr;
  if (cut_) {
    return SQLITE_IOERR_DELETE;
  }
  if (durable || entry.durable == nullptr) {
    entries_.erase(file);
  }
  return SQLITE_OK;
}

int SimDisk::read(Inode& inode, void* buffer, std::int64_t size, std::int64_t offset) {
  if (powered_off_) {
    return SQLITE_IOERR_READ;
  }
  ++counters_.reads;
  auto* out = static_cast<char*>(buffer);
  const auto total = static_cast<std::int64_t>(inode.live.size());
  const std::int64_t available = std::clamp<std::int64_t>(total - offset, 0, size);
  std::memcpy(out, inode.live.data() + std::min(offset, total), static_cast<std::size_t>(available));
  if (corrupt_in_ > 0 && available >= kSector && --corrupt_in_ == 0) {
    const std::uint64_t bit = corruption_.below(static_cast<std::uint64_t>(available) * 8);
    out[bit / 8] = static_cast<char>(out[bit / 8] ^ (1 << bit % 8));
  }
  if (available < size) {
    std::memset(out + available, 0, static_cast<std::size_t>(size - available));
    return SQLITE_IOERR_SHORT_READ;
  }
  return SQLITE_OK;
}

void SimDisk::replay(std::span<const DiskOperation> operations) {
  for (const DiskOperation& operation : operations) {
    int rc = SQLITE_OK;
    switch (operation.kind) {
      case DiskOperation::Kind::kCreate:
        rc = create(operation.file);
        break;
      case DiskOperation::Kind::kWrite:
        rc = write(operation.file, operation.offset, operation.bytes);
        break;
      case DiskOperation::Kind::kTruncate:
        rc = truncate(operation.file, operation.offset);
        break;
      case DiskOperation::Kind::kSync:
        rc = sync(operation.file);
        break;
      case DiskOperation::Kind::kDelete:
        rc = remove(operation.file, operation.durable);
        break;
    }
    check(rc == SQLITE_OK, "a recorded operation can be carried out again");
  }
}

}  // namespace perdure::sim
