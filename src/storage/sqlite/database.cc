#include "storage/sqlite/database.h"

#include "storage/sqlite/errors.h"

namespace perdure::storage {

Status Statement::prepare(sqlite3* db, std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int rc = sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                    &raw, nullptr);
  handle_.reset(raw);
  return rc == SQLITE_OK ? Status() : status_of_prepare(db, rc, sql);
}

Statement& Statement::bind(std::int64_t value) {
  check(sqlite3_bind_int64(handle_.get(), next_parameter_++, value) == SQLITE_OK, "parameter of a statement");
  return *this;
}

Statement& Statement::bind_text(std::string_view value) {
  check(sqlite3_bind_text64(handle_.get(), next_parameter_++, value.empty() ? "" : value.data(), value.size(),
                            SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK,
        "parameter of a statement");
  return *this;
}

Statement& Statement::bind_blob(std::string_view value) {
  check(sqlite3_bind_blob64(handle_.get(), next_parameter_++, value.empty() ? "" : value.data(), value.size(),
                            SQLITE_STATIC) == SQLITE_OK,
        "parameter of a statement");
  return *this;
}

Statement& Statement::bind_null() {
  check(sqlite3_bind_null(handle_.get(), next_parameter_++) == SQLITE_OK, "parameter of a statement");
  return *this;
}

int Statement::run() {
  const int rc = step();
  return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

std::string_view Statement::bytes(int column) const {
  const void* data = sqlite3_column_blob(handle_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
  return size == 0 ? std::string_view() : std::string_view(static_cast<const char*>(data), size);
}

int execute(sqlite3* db, const char* sql) { return sqlite3_exec(db, sql, nullptr, nullptr, nullptr); }

}  // namespace perdure::storage
