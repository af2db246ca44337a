// perdure-fuzz-requests [--seconds CPU] [--seed N] [--episode K] [--corpus DIR] [--trace] [--keep-going]
//
// Sends mutated requests to every method of the API until the processor time is used up, or until a finding:
// then it prints what was found, the request, and the command that finds it again, and ends with 1. With
// --corpus the cases in DIR (see replay.h) come first; with --keep-going it goes on with the next episode.
#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tests/fuzz/replay.h"
#include "tests/fuzz/session.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PERDURE_FUZZ_SANITIZED 1
extern "C" void __sanitizer_set_death_callback(void (*)());
#endif
#endif

namespace perdure::fuzz {
namespace {

struct Options {
  double seconds = 20;
  std::uint64_t seed = 1;
  std::optional<std::uint64_t> episode;
  std::string corpus;
  bool trace = false;
  bool keep_going = false;
};

#ifdef PERDURE_FUZZ_SANITIZED
constexpr std::size_t kMemoryFactor = 4;  // shadow, red zones, freed memory that is kept a while
constexpr int kHangSeconds = 120;
#else
constexpr std::size_t kMemoryFactor = 1;
constexpr int kHangSeconds = 20;
#endif

// For the handlers of a crash: where it happened.
std::array<char, 256> where;

void say_where() {
  // A short write changes nothing here.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, where.data(), std::strlen(where.data()));
}

void crashed(int number) {
  say_where();
  signal(number, SIG_DFL);
  raise(number);
}

// `SIGVTALRM` comes when one episode's step has used up kHangSeconds of processor time.
void watch_for_crashes() {
#ifdef PERDURE_FUZZ_SANITIZED
  __sanitizer_set_death_callback(say_where);
  signal(SIGVTALRM, crashed);
#else
  for (const int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGVTALRM}) {
    signal(number, crashed);
  }
#endif
}

void restart_watchdog() {
  itimerval timer{};
  timer.it_value.tv_sec = kHangSeconds;
  setitimer(ITIMER_VIRTUAL, &timer, nullptr);
}

void note_where(std::uint64_t seed, std::uint64_t episode) {
  const auto end =
      fmt::format_to_n(where.data(), where.size() - 1,
                       "\ncrashed or hung; again with: perdure-fuzz-requests --seed {} --episode "
                       "{} --trace\n",
                       seed, episode);
  *end.out = '\0';
}

std::uint64_t episode_seed(std::uint64_t seed, std::uint64_t episode) {
  Random random(seed * 0x9e3779b97f4a7c15ULL + episode);
  return random.next();
}

std::optional<Options> parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--trace") {
      options.trace = true;
      continue;
    }
    if (name == "--keep-going") {
      options.keep_going = true;
      continue;
    }
    if (i + 1 == argc) {
      return std::nullopt;
    }
    const char* value = argv[++i];
    if (name == "--seconds") {
      options.seconds = std::strtod(value, nullptr);
    } else if (name == "--seed") {
      options.seed = std::strtoull(value, nullptr, 10);
    } else if (name == "--episode") {
      options.episode = std::strtoull(value, nullptr, 10);
    } else if (name == "--corpus") {
      options.corpus = value;
    } else {
      return std::nullopt;
    }
  }
  return options;
}

void print_finding(const Options& options, std::uint64_t episode, const Session& session) {
  const auto& violation = *session.report().violation();
  fmt::print(
      "FINDING {}: {}\nafter call {} of episode {}: {} {}\nagain with: perdure-fuzz-requests --seed {} "
      "--episode {} --trace\n",
      violation.invariant, violation.detail, session.calls(), episode, session.last_method(),
      session.last_request(), options.seed, episode);
}

class Fuzzing {
 public:
  explicit Fuzzing(const Options& options) : options_(options) { limits_.resident_bytes *= kMemoryFactor; }

  int run() {
    const double begin = processor_seconds();
    const auto time_is_up = [&] {
      restart_watchdog();
      return !options_.episode && processor_seconds() - begin > options_.seconds;
    };
    std::uint64_t episode = options_.episode.value_or(0);
    bool clean = true;
    do {
      clean &= run_episode(episode++, time_is_up);
    } while ((clean || options_.keep_going) && !time_is_up() && !options_.episode);
    print_figures(processor_seconds() - begin, episode - options_.episode.value_or(0));
    return clean ? 0 : 1;
  }

 private:
  bool run_episode(std::uint64_t episode, const std::function<bool()>& time_is_up) {
    note_where(options_.seed, episode);
    Session session(episode_seed(options_.seed, episode), limits_, methods_, figures_, options_.trace);
    const bool clean = session.run(time_is_up);
    for (const auto& [mark, count] : session.report().marks()) {
      marks_[mark] += count;
    }
    calls_ += static_cast<std::uint64_t>(session.calls());
    if (!clean) {
      print_finding(options_, episode, session);
    }
    return clean;
  }

  void print_figures(double seconds, std::uint64_t episodes) const {
    figures_.print(methods_);
    fmt::print("stored events:");
    for (const auto& [mark, count] : marks_) {
      fmt::print(" {} {},", mark.starts_with("EVENT_TYPE_") ? mark.substr(11) : mark, count);
    }
    fmt::print(
        "\n{} requests in {} episodes, {:.0f} s of processor time: {:.0f} a second; at most {} MiB "
        "resident (limit {})\n",
        calls_, episodes, seconds, static_cast<double>(calls_) / seconds, most_resident_bytes() >> 20,
        limits_.resident_bytes >> 20);
  }

  const Options options_;
  Limits limits_;
  Methods methods_;
  Figures figures_;
  std::map<std::string, std::uint64_t> marks_;
  std::uint64_t calls_ = 0;
};

int run(int argc, char** argv) {
  const auto options = parse(argc, argv);
  if (!options) {
    fmt::print(stderr,
               "usage: {} [--seconds CPU] [--seed N] [--episode K] [--corpus DIR] [--trace] [--keep-going]\n",
               argv[0]);
    return 2;
  }
  google::protobuf::SetLogHandler(nullptr);  // it complains of every string that is not UTF-8
  watch_for_crashes();
  restart_watchdog();
  if (!options->corpus.empty() && !replay_corpus(options->corpus)) {
    return 1;
  }
  return Fuzzing(*options).run();
}

}  // namespace
}  // namespace perdure::fuzz

int main(int argc, char** argv) { return perdure::fuzz::run(argc, argv); }
