#pragma once
// A file system in memory that is registered as an sqlite3_vfs and loses what a real disk may lose.
//
// A file has durable content and a list of writes since its last sync. A sync makes the list durable, and the
// file's name too. A crash keeps the durable content plus an arbitrary part of the list: each write is kept,
// dropped, torn at a boundary of a 512-byte sector, or scattered (some of its sectors arrive, others do not,
// some arrive as garbage); files that were made or removed without a sync may be there or not. Damage stays
// within the bytes of a write, as SQLite assumes of disks ("powersafe overwrite").
//
// Deterministic: the same calls with the same Random give the same bytes. One thread. Connections must be
// closed before the disk is destroyed; after crash() or kill_process() their handles answer SQLITE_IOERR and
// touch nothing.
#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"

namespace perdure::sim {

inline constexpr std::int64_t kSector = 512;

// One change of the disk, as recorded.
struct DiskOperation {
  enum class Kind { kCreate, kWrite, kTruncate, kSync, kDelete };
  Kind kind{};
  std::string file;
  std::int64_t offset = 0;  // kTruncate: the new size
  std::string bytes;        // kWrite
  bool durable = false;     // kDelete: the directory is synced with it
};

struct DiskCounters {
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t syncs = 0;
  std::uint64_t crashes = 0;
};

class SimDisk {
 public:
  // `vfs_name` has to be unique in the process.
  explicit SimDisk(std::string vfs_name);
  ~SimDisk();
  SimDisk(const SimDisk&) = delete;
  SimDisk& operator=(const SimDisk&) = delete;

  // SQLite draws the salts of its log from a generator of its own, one per process: call this at the start of
  // a run.
  static void seed_sqlite(std::uint32_t seed);

  const std::string& vfs_name() const { return vfs_name_; }
  const DiskCounters& counters() const { return counters_; }

  // --- accidents ---
  // The machine loses power: open handles die, unsynced writes are kept in part. Power is back afterwards.
  void crash(Random& random);
  // Only the process dies: open handles die, nothing is lost.
  void kill_process();
  // Power fails during the `operations`-th change from now (1: the next one): that change may or may not have
  // happened, everything after it fails. Follow with crash(). 0: never.
  void power_off_after(std::uint64_t operations);
  bool powered_off() const { return powered_off_; }
  // The next `count` syncs fail. As on Linux the unsynced bytes can still be read, but no later sync writes
  // them.
  void fail_next_syncs(int count) { failing_syncs_ = count; }
  // The next `count` writes fail with an I/O error.
  void fail_next_writes(int count) { failing_writes_ = count; }
  // While set, every write fails with SQLITE_FULL.
  void set_full(bool full) { full_ = full; }
  // The `ordinal`-th read of a sector or more from now (1: the next) comes back with one bit changed; what is
  // stored stays right. 0: none.
  void corrupt_read(std::uint64_t ordinal, std::uint64_t seed);
  // Changes one bit of what is stored, durably. False if the file is not that long.
  bool flip_bit(const std::string& file, std::int64_t offset, int bit);

  // --- images ---
  std::vector<std::string> files() const;
  std::optional<std::string> read_file(const std::string& file) const;
  // Durable at once.
  void put_file(const std::string& file, std::string bytes);

  // --- recording ---
  void start_recording() { recording_ = true; }
  const std::vector<DiskOperation>& recorded() const { return recorded_; }
  // Carries out recorded operations on this disk. With crash() afterwards: the image of a crash at that
  // point.
  void replay(std::span<const DiskOperation> operations);

 private:
  friend struct SimVfs;

  struct Change {
    bool truncate = false;
    std::int64_t offset = 0;  // truncate: the new size
    std::string bytes;
    bool lost = false;  // its sync failed: no later sync writes it
  };
  struct Inode {
    std::string live;     // what the process reads
    std::string durable;  // what a sync has made safe
    std::vector<Change> pending;
    const void* locked_by = nullptr;  // exclusively
  };
  struct Entry {
    std::shared_ptr<Inode> live;     // null: removed, or never there
    std::shared_ptr<Inode> durable;  // null: not yet safe
  };

  // SQLite result codes. These carry out one change, with its faults.
  int create(const std::string& file);
  int write(const std::string& file, std::int64_t offset, std::string bytes);
  int truncate(const std::string& file, std::int64_t size);
  int sync(const std::string& file);
  int remove(const std::string& file, bool durable);
  int read(Inode& inode, void* buffer, std::int64_t size, std::int64_t offset);

  bool begin_change(DiskOperation operation);  // false: the power is off
  Inode* live(const std::string& file) const;
  static void apply(std::string& content, const Change& change);
  static void apply_in_part(std::string& content, const Change& change, Random& random);
  static std::string after_crash(const Inode& inode, Random& random);

  std::string vfs_name_;
  std::unique_ptr<sqlite3_vfs> vfs_;
  std::map<std::string, Entry> entries_;
  std::uint64_t generation_ = 1;  // handles of an earlier one are dead
  std::uint64_t power_off_in_ = 0;
  bool powered_off_ = false;
  bool cut_ = false;  // the change under way is the one that the power fails in
  int failing_syncs_ = 0;
  int failing_writes_ = 0;
  bool full_ = false;
  std::uint64_t corrupt_in_ = 0;
  Random corruption_{0};
  Random randomness_{1};
  bool recording_ = false;
  std::vector<DiskOperation> recorded_;
  DiskCounters counters_;
};

}  // namespace perdure::sim
