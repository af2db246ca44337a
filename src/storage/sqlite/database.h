#pragma once
// RAII around the two handles of SQLite that the store uses: a connection and a prepared statement. Errors
// are SQLite's result codes here; errors.h turns them into a Status. One thread at a time.
#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace perdure::storage {

struct DatabaseCloser {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
};
struct StatementFinalizer {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using DatabaseHandle = std::unique_ptr<sqlite3, DatabaseCloser>;

// A prepared statement. Usage: bind every parameter in order, then step; `Scope` makes it ready for the next
// use. Bound text and blobs are not copied: they have to live until the scope ends.
class Statement {
 public:
  // Rewinds the statement and forgets its parameters when it goes out of scope, so that no read lock and no
  // pointer to a caller's bytes outlives the use.
  class Scope {
   public:
    explicit Scope(Statement& statement) : statement_(statement) { statement_.next_parameter_ = 1; }
    ~Scope() {
      sqlite3_reset(statement_.handle_.get());
      sqlite3_clear_bindings(statement_.handle_.get());
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Statement& statement_;
  };

  // kDataLoss if the database lacks a table or column that `sql` names, or is damaged.
  Status prepare(sqlite3* db, std::string_view sql);

  Statement& bind(std::int64_t value);
  Statement& bind_checksum(std::uint64_t value) { return bind(static_cast<std::int64_t>(value)); }
  Statement& bind_text(std::string_view value);
  Statement& bind_blob(std::string_view value);
  Statement& bind_null();

  // SQLITE_ROW, SQLITE_DONE or an error.
  int step() { return sqlite3_step(handle_.get()); }
  // Runs a statement without rows: SQLITE_OK or an error.
  int run();

  bool is_null(int column) const { return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL; }
  std::int64_t integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  std::uint64_t checksum(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  // Valid until the next step.
  std::string_view bytes(int column) const;
  std::string string(int column) const { return std::string(bytes(column)); }

 private:
  std::unique_ptr<sqlite3_stmt, StatementFinalizer> handle_;
  int next_parameter_ = 1;
};

// Runs one or more statements without parameters; SQLITE_OK or the error of the first that failed.
int execute(sqlite3* db, const char* sql);

}  // namespace perdure::storage
