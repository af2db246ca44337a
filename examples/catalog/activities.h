#pragma once
// What touches the disk: every function here is an activity, so it may run again after a crash and must not
// mind.
#include <cstdint>
#include <string>
#include <vector>

struct FileRecord {
  std::string path;  // below the cataloged directory
  std::int64_t size = 0;
  std::string sha256;  // hexadecimal; empty if the file could not be read
};

struct PageRequest {
  std::string directory;
  std::string after;  // list what sorts after this path
  int limit = 1000;
  std::int64_t files_done = 0;  // for the progress line
};

struct FileRequest {
  std::string directory;
  std::string path;
};

struct Part {
  std::string manifest;
  std::int64_t number = 0;
  std::vector<FileRecord> records;
};

struct Manifest {
  std::string manifest;
  std::int64_t parts = 0;
};

// The next regular files in path order, at most `limit`. Links are not followed.
std::vector<std::string> list_page(PageRequest request);
// Size and SHA-256 of one file.
FileRecord measure(FileRequest request);
// Keeps the records of one page beside the manifest; writing it twice leaves the same file.
void write_part(Part part);
// Sorts all parts into the manifest, which appears whole or not at all, and removes the parts.
void write_manifest(Manifest manifest);

// Files measured so far, over all runs of the program, as far as this process knows.
std::int64_t files_measured();
// Appends one line to `path` for every execution of measure(), for those who want to count them.
void count_executions_in(const std::string& path);
