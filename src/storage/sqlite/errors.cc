#include "storage/sqlite/errors.h"

#include <fmt/format.h>

namespace perdure::storage {

bool is_damage(int result_code) {
  const int primary = result_code & 0xff;
  return result_code == SQLITE_IOERR_DATA || result_code == SQLITE_IOERR_CORRUPTFS ||
         primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || primary == SQLITE_FORMAT;
}

Status status_of(sqlite3* db, int result_code, std::string_view doing) {
  const int extended = db != nullptr && (sqlite3_extended_errcode(db) & 0xff) == (result_code & 0xff)
                           ? sqlite3_extended_errcode(db)
                           : result_code;
  const char* text = sqlite3_errstr(extended);
  if (is_damage(extended)) {
    return data_loss(fmt::format("cannot {}: the database perdure.sqlite is damaged ({}, code {}); {}", doing,
                                 text, extended, kDamageAdvice));
  }
  switch (extended & 0xff) {
    case SQLITE_FULL:
      return Status(
          Code::kResourceExhausted,
          fmt::format("cannot {}: disk full. Nothing of it was kept; free some space and try again", doing));
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_BUSY:
      return failed_precondition(
          fmt::format("cannot {}: {} (code {}); the directory and its files have to be writable by this user "
                      "and used by one "
                      "process only",
                      doing, text, extended));
    case SQLITE_CONSTRAINT:
      return internal_error(
          fmt::format("cannot {}: {} (code {}); this is a mistake in the program", doing, text, extended));
    case SQLITE_NOMEM:
      return unavailable(fmt::format("cannot {}: out of memory", doing));
    default:
      return unavailable(
          fmt::format("cannot {}: {} (code {}); the disk may be failing, nothing further is "
                      "acknowledged until the program is started again",
                      doing, text, extended));
  }
}

Status status_of_prepare(sqlite3* db, int result_code, std::string_view sql) {
  if ((result_code & 0xff) != SQLITE_ERROR) {
    return status_of(db, result_code, "read the tables of the state directory");
  }
  return data_loss(fmt::format("the tables of perdure.sqlite are not those of this format: {} in `{}`; {}",
                               sqlite3_errmsg(db), sql, kDamageAdvice));
}

}  // namespace perdure::storage
