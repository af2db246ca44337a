// perdure-sim: the deterministic simulation of Perdure. See usage() for its options.
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/planted.h"
#include "simulation.h"

namespace perdure::sim {
namespace {

#ifdef PERDURE_PLANTED_BUGS
constexpr const char* kProgram = "perdure-sim-planted";
#else
constexpr const char* kProgram = "perdure-sim";
#endif

struct Arguments {
  std::uint64_t seed = 0;  // 0: none given
  std::uint64_t from = 1;
  std::uint64_t seeds = 0;
  bool verbose = false;
  bool twice = false;
  bool gate = false;
  bool list_bugs = false;
  std::string bug;
};

int usage() {
  fmt::print(stderr,
             "usage: {0} --seed N [--verbose] [--twice]   one run, with its log\n"
             "       {0} --seeds N [--from M] [--twice]   N runs, from seed M (1)\n"
#ifdef PERDURE_PLANTED_BUGS
             "       {0} --bug NAME …                     with one planted bug\n"
             "       {0} --list-bugs                      their names\n"
             "       {0} --gate [--seeds N] [--bug NAME]  each must be found within N (2000) seeds\n"
#endif
             ,
             kProgram);
  return 2;
}

std::string reproduction(const Arguments& arguments, std::uint64_t seed) {
  return fmt::format("{} --seed {} --verbose{}", kProgram, seed,
                     arguments.bug.empty() ? "" : " --bug " + arguments.bug);
}

void print_failure(const Arguments& arguments, const Outcome& outcome) {
  if (outcome.violation) {
    fmt::print("seed {}: {} violated: {}\n", outcome.seed, outcome.violation->invariant,
               outcome.violation->detail);
  } else {
    fmt::print("seed {}: does not count: {}\n", outcome.seed, outcome.invalid);
  }
  fmt::print("reproduce with: {}\n", reproduction(arguments, outcome.seed));
}

bool good(const Outcome& outcome) { return !outcome.violation && outcome.invalid.empty(); }

// Runs `seed`, with --twice a second time; false (and says why) if it fails.
bool run_seed(const Arguments& arguments, std::uint64_t seed, Outcome& outcome) {
  outcome = simulate(seed, arguments.verbose);
  if (!good(outcome)) {
    print_failure(arguments, outcome);
    return false;
  }
  if (arguments.twice) {
    const Outcome again = simulate(seed, false);
    if (again.digest != outcome.digest) {
      fmt::print("seed {}: D8 violated: log hash {:016x}, then {:016x}\n", seed, outcome.digest,
                 again.digest);
      return false;
    }
  }
  return true;
}

int run_one(const Arguments& arguments) {
  Outcome outcome;
  const bool passed = run_seed(arguments, arguments.seed, outcome);
  for (const auto& [mark, count] : outcome.marks) {
    fmt::print("  {:>7} {}\n", count, mark);
  }
  fmt::print("seed {}: {} of {} calls acknowledged, {} crashes, {:.1f} virtual seconds, log hash {:016x}\n",
             arguments.seed, outcome.acknowledged, outcome.answered, outcome.crashes, outcome.virtual_seconds,
             outcome.digest);
  return passed ? 0 : 1;
}

int run_many(const Arguments& arguments) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  const auto minutes = [&] { return std::chrono::duration<double>(Clock::now() - begin).count() / 60; };
  std::map<std::string, std::uint64_t> marks;
  std::uint64_t acknowledged = 0;
  std::uint64_t answered = 0;
  std::uint64_t crashes = 0;
  double virtual_seconds = 0;
  for (std::uint64_t i = 0; i < arguments.seeds; ++i) {
    Outcome outcome;
    if (!run_seed(arguments, arguments.from + i, outcome)) {
      return 1;
    }
    for (const auto& [mark, count] : outcome.marks) {
      marks[mark] += count;
    }
    acknowledged += outcome.acknowledged;
    answered += outcome.answered;
    crashes += static_cast<std::uint64_t>(outcome.crashes);
    virtual_seconds += outcome.virtual_seconds;
    if ((i + 1) % 500 == 0) {
      fmt::print("{} seeds, {:.0f} a minute\n", i + 1, static_cast<double>(i + 1) / minutes());
      std::fflush(stdout);
    }
  }
  fmt::print("reached:\n");
  for (const auto& [mark, count] : marks) {
    fmt::print("  {:>9} {}\n", count, mark);
  }
  fmt::print(
      "{} seeds clean ({} to {}): {:.0f} a minute, {} of {} calls acknowledged, {} crashes, {:.1f} virtual "
      "days\n",
      arguments.seeds, arguments.from, arguments.from + arguments.seeds - 1,
      static_cast<double>(arguments.seeds) / minutes(), acknowledged, answered, crashes,
      virtual_seconds / 86'400);
  return 0;
}

#ifdef PERDURE_PLANTED_BUGS
bool plant(const std::string& name) {
  for (const PlantedBugName& bug : kPlantedBugs) {
    if (bug.name == name) {
      g_planted_bug = bug.bug;
      return true;
    }
  }
  fmt::print(stderr, "no planted bug is called '{}'; --list-bugs lists them\n", name);
  return false;
}

// Every planted bug has to be found.
int run_gate(const Arguments& arguments) {
  const std::uint64_t seeds = arguments.seeds == 0 ? 2'000 : arguments.seeds;
  int missed = 0;
  for (const PlantedBugName& bug : kPlantedBugs) {
    if (!arguments.bug.empty() && arguments.bug != bug.name) {
      continue;
    }
    g_planted_bug = bug.bug;
    bool found = false;
    for (std::uint64_t seed = arguments.from; seed < arguments.from + seeds && !found; ++seed) {
      const Outcome outcome = simulate(seed, false);
      if (outcome.violation) {
        g_planted_bug = PlantedBug::kNone;
        if (const Outcome clean = simulate(seed, false); clean.violation) {
          print_failure(arguments, clean);
          return 1;  // found without being there
        }
        g_planted_bug = bug.bug;
        found = true;
        fmt::print("{}: found by seed {}: {}: {}\n", bug.name, seed, outcome.violation->invariant,
                   outcome.violation->detail);
      }
    }
    if (!found) {
      fmt::print("{}: not found within {} seeds\n", bug.name, seeds);
      ++missed;
    }
    std::fflush(stdout);
  }
  return missed == 0 ? 0 : 1;
}
#endif

bool parse_number(std::string_view text, std::uint64_t* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

bool parse(const std::vector<std::string_view>& words, Arguments* out) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool has_value = i + 1 < words.size();
    if (words[i] == "--verbose") {
      out->verbose = true;
    } else if (words[i] == "--twice") {
      out->twice = true;
    } else if (words[i] == "--seed" && has_value) {
      if (!parse_number(words[++i], &out->seed)) {
        return false;
      }
    } else if (words[i] == "--seeds" && has_value) {
      if (!parse_number(words[++i], &out->seeds)) {
        return false;
      }
    } else if (words[i] == "--from" && has_value) {
      if (!parse_number(words[++i], &out->from)) {
        return false;
      }
#ifdef PERDURE_PLANTED_BUGS
    } else if (words[i] == "--gate") {
      out->gate = true;
    } else if (words[i] == "--list-bugs") {
      out->list_bugs = true;
    } else if (words[i] == "--bug" && has_value) {
      out->bug = words[++i];
#endif
    } else {
      return false;
    }
  }
  return out->seed != 0 || out->seeds != 0 || out->gate || out->list_bugs;
}

int run(const std::vector<std::string_view>& words) {
  Arguments arguments;
  if (!parse(words, &arguments)) {
    return usage();
  }
#ifdef PERDURE_PLANTED_BUGS
  if (arguments.list_bugs) {
    for (const PlantedBugName& bug : kPlantedBugs) {
      fmt::print("{}\n", bug.name);
    }
    return 0;
  }
  if (arguments.gate) {
    return run_gate(arguments);
  }
  if (!arguments.bug.empty() && !plant(arguments.bug)) {
    return 2;
  }
#endif
  return arguments.seed != 0 ? run_one(arguments) : run_many(arguments);
}

}  // namespace
}  // namespace perdure::sim

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  return perdure::sim::run(words);
}
