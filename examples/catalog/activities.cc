#include "activities.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>

namespace fs = std::filesystem;

namespace {

std::atomic<std::int64_t> g_files_measured{0};
int g_count_file = -1;

// Depth first, names in byte order: a directory is visited where its name sorts.
void walk(const fs::path& root, const fs::path& below, const fs::path& after, std::size_t limit,
          std::vector<std::string>* found) {
  std::vector<fs::directory_entry> entries;
  std::error_code ignored;  // a directory that vanished or may not be read has no files for us
  for (fs::directory_iterator it(root / below, ignored), end; it != end && !ignored; it.increment(ignored)) {
    entries.push_back(*it);
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.path().filename() < b.path().filename(); });
  for (const auto& entry : entries) {
    if (found->size() >= limit) {
      return;
    }
    const fs::path relative = below / entry.path().filename();
    if (entry.is_symlink(ignored)) {
      continue;
    }
    if (entry.is_directory(ignored)) {
      // Skip directories that were finished: they sort before `after`, and `after` is not below them.
      const bool holds_after =
          std::mismatch(relative.begin(), relative.end(), after.begin(), after.end()).first == relative.end();
      const bool finished = relative < after && !holds_after;
      if (!finished) {
        walk(root, relative, after, limit, found);
      }
    } else if (entry.is_regular_file(ignored) && after < relative) {
      found->push_back(relative.string());
    }
  }
}

std::string sha256_of(const fs::path& path, std::int64_t* size) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return "";
  }
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr);
  std::array<char, 65536> buffer;
  while (file.read(buffer.data(), buffer.size()), file.gcount() > 0) {
    EVP_DigestUpdate(digest.get(), buffer.data(), static_cast<std::size_t>(file.gcount()));
    *size += file.gcount();
  }
  std::array<unsigned char, 32> hash;
  EVP_DigestFinal_ex(digest.get(), hash.data(), nullptr);
  std::string text;
  for (unsigned char byte : hash) {
    constexpr char kHex[] = "0123456789abcdef";
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

fs::path part_path(const std::string& manifest, std::int64_t number) {
  return manifest + ".part" + std::to_string(number);
}

void write_lines(const fs::path& path, const std::vector<FileRecord>& records) {
  const fs::path temporary = path.string() + ".new";
  {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    for (const FileRecord& record : records) {
      out << (record.sha256.empty() ? std::string(64, '?') : record.sha256) << ' ' << record.size << ' '
          << record.path << '\n';
    }
    out.flush();
    if (!out) {
      throw std::runtime_error("cannot write " + temporary.string());
    }
  }
  fs::rename(temporary, path);
}

void read_lines(const fs::path& path, std::vector<FileRecord>* records) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    throw std::runtime_error("cannot read " + path.string());
  }
  FileRecord record;
  while (in >> record.sha256 >> record.size && in.get() == ' ' && std::getline(in, record.path)) {
    if (record.sha256.front() == '?') {
      record.sha256.clear();
    }
    records->push_back(record);
  }
}

}  // namespace

std::vector<std::string> list_page(PageRequest request) {
  if (!fs::is_directory(request.directory)) {
    throw std::runtime_error(request.directory + " is not a directory");
  }
  g_files_measured = request.files_done;
  std::vector<std::string> found;
  walk(request.directory, {}, request.after, static_cast<std::size_t>(request.limit), &found);
  return found;
}

FileRecord measure(FileRequest request) {
  if (g_count_file >= 0) {
    const std::string line = request.path + "\n";
    if (write(g_count_file, line.data(), line.size()) < 0) {
      throw std::runtime_error("cannot count this execution");
    }
  }
  FileRecord record{.path = request.path};
  record.sha256 = sha256_of(fs::path(request.directory) / request.path, &record.size);
  ++g_files_measured;
  return record;
}

void write_part(Part part) { write_lines(part_path(part.manifest, part.number), part.records); }

void write_manifest(Manifest manifest) {
  // The parts are removed after the manifest has appeared: an attempt that finds it but no parts has nothing
  // to do.
  if (fs::exists(manifest.manifest) && manifest.parts > 0 && !fs::exists(part_path(manifest.manifest, 0))) {
    return;
  }
  std::vector<FileRecord> records;
  for (std::int64_t number = 0; number < manifest.parts; ++number) {
    read_lines(part_path(manifest.manifest, number), &records);
  }
  std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  write_lines(manifest.manifest, records);
  for (std::int64_t number = 0; number < manifest.parts; ++number) {
    fs::remove(part_path(manifest.manifest, number));
  }
}

std::int64_t files_measured() { return g_files_measured; }

void count_executions_in(const std::string& path) {
  g_count_file = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (g_count_file < 0) {
    throw std::runtime_error("cannot open " + path);
  }
}
