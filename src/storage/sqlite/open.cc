// Opening a state directory, in an order in which a crash at any point, a foreign directory and a newer one
// are told apart before anything is changed.
#include <fmt/format.h>
#include <openssl/rand.h>

#include <cstring>
#include <map>

#include "base/planted.h"
#include "storage/sqlite/errors.h"
#include "storage/sqlite/log_rescue.h"
#include "storage/sqlite/schema.h"
#include "storage/sqlite/sqlite_store.h"

namespace perdure::storage {
namespace {

constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr std::size_t kTokenKeyBytes = 32;

std::uint32_t big_endian(std::string_view header, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8 | static_cast<unsigned char>(header[at + i]);
  }
  return value;
}

Status refuse_newer(const std::string& directory, std::int64_t found) {
  return failed_precondition(
      fmt::format("the state directory '{}' has format version {}, this program reads versions up to {}; use "
                  "a newer program",
                  directory, found, kFormatVersion));
}

// One integer out of one row.
Result<std::int64_t> ask(sqlite3* db, const char* sql) {
  Statement statement;
  if (Status status = statement.prepare(db, sql); !status.ok()) {
    return status;
  }
  const int rc = statement.step();
  return rc == SQLITE_ROW ? Result<std::int64_t>(statement.integer(0))
                          : status_of(db, rc, "read the database");
}

}  // namespace

Result<std::unique_ptr<Storage>> open_sqlite(const SqliteOptions& options) {
  return SqliteStore::open(options);
}

Result<std::unique_ptr<Storage>> SqliteStore::open(const SqliteOptions& options) {
  std::unique_ptr<SqliteStore> store(new SqliteStore(options));
  if (Status status = store->start(); !status.ok()) {
    return status;
  }
  return std::unique_ptr<Storage>(std::move(store));
}

SqliteStore::SqliteStore(const SqliteOptions& options)
    : options_(options), checkpoint_at_(options.checkpoint_pages) {}

// Like a crash: the connection is told to leave the log as it is.
SqliteStore::~SqliteStore() = default;

Status SqliteStore::start() {
  vfs_ = sqlite3_vfs_find(options_.vfs.empty() ? nullptr : options_.vfs.c_str());
  check(vfs_ != nullptr, "the VFS of a store is registered");
  if (Status status = options_.vfs.empty() ? take_real_directory() : Status(); !status.ok()) {
    return status;
  }
  const auto mark = MarkFile::read(vfs_, path_of(kMarkFile));
  if (!mark.ok()) {
    return mark.status();
  }
  const bool exists = file_exists(vfs_, path_of(kDatabaseFile));
  if (Status status = refuse_foreign_database(*mark, exists); !status.ok()) {
    return status;
  }
  const bool create = !mark->anchor() || mark->anchor()->state == MarkState::kCreating;
  if (create && (!options_.create_if_missing || options_.read_only)) {
    return not_found(fmt::format("there is no state in the directory '{}'", options_.directory));
  }
  Status status;
  if (!create && !options_.read_only) {
    status = settle_log(vfs_, path_of(kDatabaseFile) + "-wal", options_.vfs.empty());
  }
  if (status.ok()) {
    status = create ? create_files() : connect("");
  }
  if (status.ok()) {
    status = read_identity();
  }
  if (status.ok() && !create) {
    status = compare_with_mark(*mark);
  }
  if (status.ok() && !options_.read_only) {
    status = start_incarnation();
  }
  return status;
}

Status SqliteStore::take_real_directory() {
  const std::string& directory = options_.directory;
  if (Status status = prepare_directory(directory, options_.create_if_missing && !options_.read_only);
      !status.ok()) {
    return status;
  }
  if (!file_exists(vfs_, path_of(kLockFile))) {
    // Nobody was here yet: look before the lock file would change a directory that is not ours.
    const auto mark = MarkFile::read(vfs_, path_of(kMarkFile));
    Status status =
        mark.ok() ? refuse_foreign_database(*mark, file_exists(vfs_, path_of(kDatabaseFile))) : mark.status();
    if (!status.ok()) {
      return status;
    }
  }
  auto lock = lock_directory(directory, options_.holder);
  if (!lock.ok()) {
    return lock.status();
  }
  lock_ = std::move(*lock);
  return Status();
}

// Decides by the mark file and the first bytes of the database alone, without SQLite.
Status SqliteStore::refuse_foreign_database(const MarkFile::Contents& mark, bool exists) {
  const std::string& directory = options_.directory;
  const bool has_data = mark.anchor() && mark.anchor()->state != MarkState::kCreating;
  if (!exists) {
    return has_data ? data_loss(fmt::format(
                          "'{}' lost its database: {} is missing or empty, but {} names commit {}; "
                          "restore the directory from a copy",
                          directory, kDatabaseFile, kMarkFile, mark.sequence()))
                    : Status();
  }
  if (mark.anchor() && !has_data) {
    return Status();  // a half-made database
  }
  std::string header;
  {
    const auto file = RawFile::open(vfs_, path_of(kDatabaseFile), RawFile::Mode::kRead);
    if (!file.ok()) {
      return file.status();
    }
    auto bytes = (*file)->read(0, 100);
    if (!bytes.ok()) {
      return bytes.status();
    }
    header = std::move(*bytes);
  }
  const bool ours = header.size() == 100 && std::string_view(header).starts_with(kMagic) &&
                    big_endian(header, 68) == std::uint32_t{kApplicationId};
  if (ours && big_endian(header, 60) > std::uint32_t{kFormatVersion}) {
    return refuse_newer(directory, big_endian(header, 60));
  }
  if (has_data) {
    return Status();  // damage is found on the way; after a crash the log may hold a better first page
  }
  if (ours) {
    return data_loss(
        fmt::format("'{}' has a database, but its {} is missing or unreadable, so it cannot be told whether "
                    "commits are lost; {}",
                    directory, kMarkFile, kDamageAdvice));
  }
  return failed_precondition(
      fmt::format("'{}' is not a state directory: its {} was not made by Perdure; name an empty "
                  "or a new directory",
                  directory, kDatabaseFile));
}

// The mark says "creating" before the first byte of the database is written and until the last one is
// durable, so that a half-made database is recognised and made anew. Both anchors leave that state before the
// first commit: damage to one of them later can never make a full database look half-made.
Status SqliteStore::create_files() {
  const std::string database = path_of(kDatabaseFile);
  Status status;
  for (const char* suffix : {"-wal-copy", "-wal", "-journal", ""}) {
    status = status.ok() ? remove_file(vfs_, database + suffix) : status;
  }
  if (status.ok() && options_.vfs.empty()) {
    status = create_private_file(path_of(kMarkFile));
  }
  if (status.ok()) {
    auto mark = MarkFile::open(vfs_, path_of(kMarkFile));
    if (!mark.ok()) {
      return mark.status();
    }
    status = mark->write_anchor(MarkState::kCreating, 0, 0);
    if (status.ok() && options_.vfs.empty()) {
      status = create_private_file(database);
    }
    if (status.ok()) {
      // Without a rollback journal on disk: SQLite removes that file without syncing the directory, and one
      // that comes back after a crash would empty the database (EveryInstantOfTheCreationCanBeCrashed).
      status = connect("PRAGMA journal_mode=MEMORY");
    }
    if (status.ok()) {
      status = create_tables();
    }
    for (int anchor = 0; anchor < 2 && status.ok(); ++anchor) {
      status = mark->write_anchor(MarkState::kOpen, 0, 0);
    }
  }
  return status;
}

Status SqliteStore::connect(const char* first) {
  checked_vfs_ = std::make_unique<CheckedVfs>(vfs_);
  remove_log_ = !options_.read_only || !file_exists(vfs_, path_of(kDatabaseFile) + "-wal");
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  int rc = sqlite3_open_v2(path_of(kDatabaseFile).c_str(), &raw, flags, checked_vfs_->name());
  db_.reset(raw);
  const std::string doing = fmt::format("open the state directory '{}'", options_.directory);
  if (rc != SQLITE_OK) {
    return failed(rc, doing);
  }
  sqlite3_db_config(raw, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  if (rc = staged_.add_tables(raw); rc != SQLITE_OK) {
    return failed(rc, doing);
  }
  int reserve = kPageReserve;
  sqlite3_file_control(raw, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserve);
  // cache_size: small, since SQLite walks the whole cache after a commit that split a page (pcache1Truncate
  // after balance_nonroot); what falls out is in the system's cache. cache_spill=OFF: no frame is written
  // before its transaction commits. cell_size_check: see damage early.
  rc = execute(raw, first);
  rc = rc != SQLITE_OK
           ? rc
           : execute(raw,
                     "PRAGMA page_size=4096; PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
                     "PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=2000; PRAGMA cache_spill=OFF;"
                     "PRAGMA temp_store=MEMORY; PRAGMA secure_delete=OFF; PRAGMA cell_size_check=ON;"
                     "PRAGMA trusted_schema=OFF;");
  if (rc == SQLITE_OK) {
    rc = execute(raw, planted(PlantedBug::kAcknowledgeBeforeSync) ? "PRAGMA synchronous=OFF"
                                                                  : "PRAGMA synchronous=FULL");
  }
  if (rc == SQLITE_OK && options_.read_only) {
    rc = execute(raw, "PRAGMA query_only=ON");
  }
  sqlite3_wal_hook(
      raw,
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<SqliteStore*>(self)->log_pages_ = pages;
        return SQLITE_OK;
      },
      this);
  return rc == SQLITE_OK ? Status() : failed(rc, doing);
}

Status SqliteStore::create_tables() {
  const auto token_key = new_token_key();
  if (!token_key.ok()) {
    return token_key.status();
  }
  const std::string doing = fmt::format("make the state directory '{}'", options_.directory);
  const std::string identity =
      fmt::format("PRAGMA application_id={}; PRAGMA user_version={};", kApplicationId, kFormatVersion);
  int rc = execute(db_.get(), "BEGIN IMMEDIATE");
  rc = rc == SQLITE_OK ? execute(db_.get(), identity.c_str()) : rc;
  rc = rc == SQLITE_OK ? execute(db_.get(), kSchema) : rc;
  if (rc != SQLITE_OK) {
    return failed(rc, doing);
  }
  Statement insert_meta;
  if (Status status = insert_meta.prepare(db_.get(), "INSERT INTO meta(key, value, checksum) VALUES(?,?,?)");
      !status.ok()) {
    return status;
  }
  const std::map<std::string, std::string> meta = {{"created_by", options_.program_version},
                                                   {"format", std::to_string(kFormatVersion)},
                                                   {"token_key", *token_key}};
  for (const auto& [key, value] : meta) {
    Statement::Scope scope(insert_meta);
    insert_meta.bind_text(key).bind_blob(value).bind_checksum(sum_.meta(key, value));
    if (rc = insert_meta.run(); rc != SQLITE_OK) {
      return failed(rc, doing);
    }
  }
  rc = execute(db_.get(), "INSERT INTO commit_state VALUES(1,0,0,0,1,0,0,0,0,0,0)");
  if (rc != SQLITE_OK) {
    return failed(rc, doing);
  }
  if (Status status = sql_.prepare(db_.get()); !status.ok()) {
    return status;
  }
  if (Status status = write_commit_state(CommitColumns{}); !status.ok()) {
    return status;
  }
  rc = execute(db_.get(), "COMMIT");
  return rc == SQLITE_OK ? checkpoint(SQLITE_CHECKPOINT_TRUNCATE) : failed(rc, doing);
}

Result<std::string> SqliteStore::new_token_key() const {
  if (!options_.token_key.empty()) {
    check(options_.token_key.size() == kTokenKeyBytes, "a token key has 32 bytes");
    return options_.token_key;
  }
  unsigned char key[kTokenKeyBytes];
  if (RAND_bytes(key, sizeof key) != 1) {
    return internal_error("the system's secure source gave no random bytes for the token key");
  }
  return std::string(reinterpret_cast<const char*>(key), sizeof key);
}

// What the directory says about itself: format, token key, how far it got.
Status SqliteStore::read_identity() {
  const auto version = ask(db_.get(), "PRAGMA user_version");
  if (!version.ok()) {
    return version.status();
  }
  if (*version > kFormatVersion) {
    return refuse_newer(options_.directory, *version);
  }
  const auto application = ask(db_.get(), "PRAGMA application_id");
  if (!application.ok()) {
    return application.status();
  }
  if (*application != kApplicationId || *version != kFormatVersion) {
    return damaged("sqlite_schema", 0,
                   fmt::format("format version {} of application {}", *version, *application));
  }
  if (Status status = sql_.prepare(db_.get()); !status.ok()) {
    return status;
  }
  Statement::Scope scope(sql_.read_meta);
  int rc = SQLITE_OK;
  while ((rc = sql_.read_meta.step()) == SQLITE_ROW) {
    const std::string key = sql_.read_meta.string(0);
    const std::string value = sql_.read_meta.string(1);
    if (sum_.meta(key, value) != sql_.read_meta.checksum(2) && !planted(PlantedBug::kChecksumSkipped)) {
      return damaged("meta", 0, fmt::format("the row '{}' does not match its checksum", key));
    }
    if (key == "token_key") {
      info_.token_key = value;
    } else if (key.rfind(kRecordPrefix, 0) == 0) {
      info_.records.emplace(key.substr(kRecordPrefix.size()), value);
    }
  }
  if (rc != SQLITE_DONE) {
    return failed(rc, "read the table meta");
  }
  if (info_.token_key.size() != kTokenKeyBytes) {
    return damaged("meta", 0, "there is no token key");
  }
  Statement& state = sql_.read_commit_state;
  Statement::Scope state_scope(state);
  if (rc = state.step(); rc != SQLITE_ROW) {
    return rc == SQLITE_DONE ? damaged("commit_state", 0, "its row is missing")
                             : failed(rc, "read commit_state");
  }
  totals_ = {.last_sequence = state.integer(0),
             .last_time = state.integer(1),
             .incarnation = state.integer(2),
             .next_execution_id = state.integer(3),
             .chain = state.checksum(4),
             .run_count = state.integer(5),
             .item_count = state.integer(6),
             .batch_count = state.integer(7),
             .run_digest = state.checksum(8)};
  if (sum_.commit_state(totals_) != state.checksum(9) && !planted(PlantedBug::kChecksumSkipped)) {
    return damaged("commit_state", 0, "its row does not match its checksum");
  }
  info_.last_sequence = totals_.last_sequence;
  info_.last_time = Timestamp{totals_.last_time};
  info_.incarnation = totals_.incarnation;
  info_.next_execution_id = totals_.next_execution_id;
  return Status();
}

// A slot that a crash may have spoiled is passed over: the others still hold a lower bound, and fsck reports
// the slot.
Status SqliteStore::compare_with_mark(const MarkFile::Contents& mark) {
  const std::int64_t behind = mark.sequence() - totals_.last_sequence;
  if (behind <= 0) {
    return Status();
  }
  return data_loss(
      fmt::format("the database of '{}' is behind by {} commits: it ends with transition {}, but {} says "
                  "that {} was durable. Its "
                  "write-ahead log was lost or damaged, or an old copy was put in its place; put back the "
                  "complete directory",
                  options_.directory, behind, totals_.last_sequence, kMarkFile, mark.sequence()));
}

Status SqliteStore::start_incarnation() {
  CommitColumns next = totals_;
  next.incarnation += 1;
  int rc = [&] {
    Statement::Scope scope(sql_.begin);
    return sql_.begin.run();
  }();
  Status status = rc == SQLITE_OK ? write_commit_state(next) : failed(rc, "begin an incarnation");
  if (status.ok()) {
    Statement::Scope scope(sql_.commit);
    rc = sql_.commit.run();
    status = rc == SQLITE_OK ? Status()
                             : failed(rc, fmt::format("begin an incarnation in '{}'", options_.directory));
  }
  if (!status.ok()) {
    return status;
  }
  totals_ = next;
  info_.incarnation = next.incarnation;
  auto mark = MarkFile::open(vfs_, path_of(kMarkFile));
  if (!mark.ok()) {
    return mark.status();
  }
  mark_ = std::move(*mark);
  return mark_->write_anchor(MarkState::kOpen, next.incarnation, next.last_sequence);
}

Status SqliteStore::failed(int result_code, std::string_view doing) const {
  return status_of(db_.get(), result_code, doing);
}

Status SqliteStore::damaged(std::string_view table, std::int64_t execution_id, std::string_view what) const {
  const std::string run = execution_id == 0 ? "" : fmt::format(", run number {}", execution_id);
  return data_loss(fmt::format("'{}' is damaged: table {}{}: {}; {}", options_.directory, table, run, what,
                               kDamageAdvice));
}

}  // namespace perdure::storage
