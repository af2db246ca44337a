#include "server/engine_figures.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <vector>

namespace perdure::server {
namespace {

double resident_bytes() {
  long pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "re"); file != nullptr) {
    if (std::fscanf(file, "%*s %ld", &pages) != 1) {
      pages = 0;
    }
    std::fclose(file);
  }
  return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

}  // namespace

Figures engine_figures(host::Engine& engine) {
  return [&engine] {
    std::vector<Figure> figures;
    figures.push_back(
        {"process_resident_memory_bytes", "Memory of the process that is in RAM.", resident_bytes(), false});
    if (const auto stats = engine.stats(std::chrono::seconds(1))) {
      const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
      figures.push_back({"perdure_engine_transitions_total", "Transitions of runs that were committed.",
                         number(stats->transitions), true});
      figures.push_back({"perdure_engine_commits_total", "Durable commits, each of many transitions.",
                         number(stats->commits), true});
      figures.push_back({"perdure_engine_executions_cached", "Runs that are kept in memory.",
                         number(stats->executions_cached), false});
    }
    return figures;
  };
}

}  // namespace perdure::server
