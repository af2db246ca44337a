#include "results.h"

#include <fmt/core.h>

#include <stdexcept>

namespace perdure::bench {

Results::Results(const std::filesystem::path& file) {
  if (!file.empty()) {
    out_.open(file, std::ios::trunc);
    if (!out_) {
      throw std::runtime_error("cannot write " + file.string() + "; name a file in a folder that exists");
    }
  }
}

void Results::add(std::string_view measurement,
                  std::initializer_list<std::pair<std::string_view, double>> values) {
  if (!out_.is_open()) {
    return;
  }
  out_ << fmt::format("{{\"measurement\": \"{}\"", measurement);
  for (const auto& [key, value] : values) {
    out_ << fmt::format(", \"{}\": {:.3f}", key, value);
  }
  out_ << "}\n" << std::flush;
}

}  // namespace perdure::bench
