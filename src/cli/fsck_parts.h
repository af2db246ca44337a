#pragma once
// The parts of fsck: raw files and rows. Only for fsck*.cc.
#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cli/fsck.h"

namespace perdure::cli {

// Stops repeating itself after this many findings: one lost page can make thousands.
inline constexpr std::size_t kMostFindings = 100;

void add_finding(FsckReport& report, std::string text);

// The whole file; false if it cannot be read.
bool read_whole_file(const std::string& path, std::string& out);

// What the mark file says; adds findings about slots that are not what the format allows.
struct MarkSummary {
  std::int64_t sequence = 0;
  bool closed = false;
};
MarkSummary check_mark_file(const std::string& path, FsckReport& report);

// Page checksums of the database file. Pages that the log holds a newer version of are passed over.
void check_pages(const std::string& database, const std::string& log, FsckReport& report);

// Tables, rows, chains, and what has to hold between them.
void check_rows(const std::string& database, const MarkSummary& mark, FsckReport& report);

// The canonical encoding that checksums are computed over, see docs/internals/schema.md.
class Encoding {
 public:
  explicit Encoding(char kind) : bytes_(1, kind) {}
  Encoding& integer(std::int64_t value);
  Encoding& bytes(std::string_view value);
  std::int64_t hash() const;  // as SQLite stores it

 private:
  std::string bytes_;
};

// A query whose result columns are read by number. Errors end the rows and become a finding.
class Query {
 public:
  Query(sqlite3* db, const std::string& sql, FsckReport& report);
  Query& bind(std::int64_t value);
  bool next();
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  bool is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }
  std::string_view bytes(int column) const;

 private:
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  sqlite3* db_;
  FsckReport& report_;
  std::string sql_;
  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
  int bound_ = 0;
};

}  // namespace perdure::cli
