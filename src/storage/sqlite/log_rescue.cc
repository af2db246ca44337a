#include "storage/sqlite/log_rescue.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "storage/sqlite/raw_file.h"
#include "storage/sqlite/state_directory.h"

namespace perdure::storage {
namespace {

// A copy is this header, then the log. Without a header that fits, it was never finished.
struct CopyHeader {
  char magic[8] = {'P', 'e', 'r', 'D', 'l', 'o', 'g', '1'};
  std::uint64_t size = 0;
  std::uint64_t checksum = 0;
};
static_assert(sizeof(CopyHeader) == 24);

constexpr std::size_t kPiece = 120 * 1024;  // SQLite's VFS takes less than 128 KiB in one write

Status write_all(RawFile& file, std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
    if (Status status = file.write(static_cast<std::int64_t>(at), bytes.substr(at, kPiece)); !status.ok()) {
      return status;
    }
  }
  return file.sync();
}

// The whole file; empty if it is not there.
Result<std::string> read_all(sqlite3_vfs* vfs, const std::string& path) {
  if (!file_exists(vfs, path)) {
    return std::string();
  }
  const auto file = RawFile::open(vfs, path, RawFile::Mode::kRead);
  if (!file.ok()) {
    return file.status();
  }
  const auto size = (*file)->size();
  if (!size.ok()) {
    return size.status();
  }
  std::string bytes;
  while (bytes.size() < static_cast<std::size_t>(*size)) {
    auto piece = (*file)->read(static_cast<std::int64_t>(bytes.size()), kPiece);
    if (!piece.ok()) {
      return piece.status();
    }
    bytes += *piece;
  }
  return bytes;
}

Status rewrite(sqlite3_vfs* vfs, const std::string& path, std::string_view bytes, bool private_files) {
  if (private_files) {
    if (Status status = create_private_file(path); !status.ok()) {
      return status;
    }
  }
  const auto file = RawFile::open(vfs, path, RawFile::Mode::kCreate);
  return file.ok() ? write_all(**file, bytes) : file.status();
}

bool is_complete(std::string_view copy) {
  CopyHeader header;
  const CopyHeader expected;
  if (copy.size() < sizeof header) {
    return false;
  }
  std::memcpy(&header, copy.data(), sizeof header);
  copy.remove_prefix(sizeof header);
  return std::memcmp(header.magic, expected.magic, sizeof header.magic) == 0 && header.size == copy.size() &&
         header.checksum == XXH3_64bits(copy.data(), copy.size());
}

}  // namespace

Status settle_log(sqlite3_vfs* vfs, const std::string& log, bool private_files) {
  const std::string copy_path = log + "-copy";
  auto copy = read_all(vfs, copy_path);
  if (!copy.ok()) {
    return copy.status();
  }
  if (is_complete(*copy)) {
    // An earlier opening may have been interrupted while it wrote the log again.
    Status status = rewrite(vfs, log, std::string_view(*copy).substr(sizeof(CopyHeader)), private_files);
    return status.ok() ? remove_file(vfs, copy_path) : status;
  }
  auto bytes = read_all(vfs, log);
  if (!bytes.ok()) {
    return bytes.status();
  }
  if (bytes->empty()) {
    return copy->empty() ? Status() : remove_file(vfs, copy_path);
  }
  // A piece of an unfinished copy may be longer than the new one.
  if (Status status = remove_file(vfs, copy_path); !status.ok()) {
    return status;
  }
  CopyHeader header;
  header.size = bytes->size();
  header.checksum = XXH3_64bits(bytes->data(), bytes->size());
  std::string sealed(sizeof header, '\0');
  std::memcpy(sealed.data(), &header, sizeof header);
  Status status = rewrite(vfs, copy_path, sealed + *bytes, private_files);
  status = status.ok() ? rewrite(vfs, log, *bytes, private_files) : status;
  return status.ok() ? remove_file(vfs, copy_path) : status;
}

}  // namespace perdure::storage
