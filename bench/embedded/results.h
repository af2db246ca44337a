#pragma once
// The measurements of one run for programs: a file with a JSON object on each line.
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace perdure::bench {

class Results {
 public:
  // An empty path: nothing is kept. Throws std::runtime_error when the file cannot be made.
  explicit Results(const std::filesystem::path& file);

  // One line: {"measurement": NAME, KEY: VALUE, …}. Names and keys need no escaping.
  void add(std::string_view measurement, std::initializer_list<std::pair<std::string_view, double>> values);

 private:
  std::ofstream out_;
};

}  // namespace perdure::bench
