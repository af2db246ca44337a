#include "tests/fuzz/session.h"

#include <fmt/format.h>

#include <array>

#include "tests/fuzz/mutate.h"

namespace perdure::fuzz {
namespace {

constexpr std::size_t kCorpus = 48;
constexpr std::size_t kCorpusEntry = 64 * 1024;
constexpr std::size_t kShown = 4'000;                        // of a request in a finding
constexpr std::int64_t kLatest = 2'500'000'000'000'000'000;  // 2049: 200 years more still fit

std::string shown(const Method* method, const std::string& bytes) {
  if (method == nullptr) {
    return {};
  }
  std::unique_ptr<google::protobuf::Message> message(method->request->New());
  const bool parsed = message->ParsePartialFromString(bytes);
  const std::string text = message->ShortDebugString();
  return fmt::format("{} bytes{}: {}{}", bytes.size(), parsed ? "" : " (not parsed whole)",
                     text.substr(0, kShown), text.size() > kShown ? " …" : "");
}

}  // namespace

Session::Session(std::uint64_t seed, const Limits& limits, const Methods& methods, Figures& figures,
                 bool trace)
    : random_(seed),
      limits_(limits),
      methods_(methods),
      figures_(figures),
      report_(/*verbose=*/false),
      generator_(random_, pool_),
      target_(seed, report_, pool_),
      trace_(trace) {
  target_.on_answer = [this](const Method& method, const Status& status, const std::string& answer) {
    figures_.count(method.name, status, answer.size());
    if (trace_) {
      fmt::print("  -> {} {}\n", method.name, status.ok() ? "OK" : status.to_string().substr(0, 300));
    }
  };
}

std::string Session::last_request() const { return shown(methods_.find(last_method_), last_bytes_); }

bool Session::run(const std::function<bool()>& stop_early) {
  while (calls_ < limits_.calls && !report_.violation() && !stop_early() &&
         target_.committed_bytes() < limits_.committed_bytes) {
    act();
    if (calls_ % 128 == 0) {
      check_memory();
    }
  }
  if (!report_.violation()) {
    target_.set_full(false);
    target_.step();
    target_.compare("at the end");
    if (random_.chance(0.5)) {
      target_.restart();
      target_.compare("after a restart");
    }
    target_.stop();
  }
  return !report_.violation();
}

void Session::act() {
  const double before = processor_seconds();
  send();
  if (random_.chance(0.8)) {
    target_.step();
  }
  figures_.note_cost(last_method_, processor_seconds() - before, last_bytes_.size());
  act_rarely();
}

void Session::act_rarely() {
  if (random_.chance(0.06)) {
    pass_time();
  }
  if (random_.chance(0.02)) {
    target_.cancel_one(random_.next());
  }
  if (random_.chance(full_ ? 0.2 : 0.002)) {
    toggle_full();
  }
  if (random_.chance(0.001)) {
    target_.step();
    say("restart");
    target_.restart();
  }
  if (random_.chance(0.002) && !full_) {
    target_.step();
    target_.compare("now");
  }
}

// Afterwards time passes, because what is due waits a while for space.
void Session::toggle_full() {
  target_.step();
  full_ = !full_;
  say(full_ ? "full" : "space");
  target_.set_full(full_);
  if (!full_) {
    target_.advance(std::chrono::seconds(40));
  }
}

void Session::say(const std::string& step) const {
  if (trace_) {
    fmt::print("{}\n", step);
    std::fflush(stdout);
  }
}

void Session::send() {
  const Method& method = methods_.all()[methods_.pick(random_)];
  last_method_ = method.name;
  last_bytes_ = request_bytes(method);
  frontend::CallOptions options;
  if (random_.chance(0.95)) {
    static constexpr std::array<std::int64_t, 12> kTimeouts{70, 70, 70, 70, 70, 70, 70, 60, 60, 20, 5, 1};
    options.timeout = std::chrono::seconds(kTimeouts[random_.below(kTimeouts.size())]);
  }
  options.in_process = random_.chance(0.3);
  ++calls_;
  if (trace_) {
    say(fmt::format("{} {} {}", calls_, last_method_, last_request()));
  }
  target_.send(method, last_bytes_, options);
}

std::string Session::request_bytes(const Method& method) {
  std::unique_ptr<google::protobuf::Message> request(method.request->New());
  generator_.fill(request.get());
  std::string bytes = request->SerializePartialAsString();
  if (random_.chance(0.15)) {
    static const std::string kNone;
    const std::string other = corpus_.empty() ? kNone : corpus_[random_.below(corpus_.size())];
    keep(bytes);
    mutate(&bytes, other, random_);
  } else {
    keep(bytes);
  }
  return bytes;
}

void Session::keep(const std::string& bytes) {
  if (bytes.size() > kCorpusEntry) {
    return;
  }
  if (corpus_.size() < kCorpus) {
    corpus_.push_back(bytes);
  } else if (random_.chance(0.2)) {
    corpus_[random_.below(corpus_.size())] = bytes;
  }
}

void Session::pass_time() {
  using std::chrono::hours;
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  const std::uint64_t kind = random_.below(1'000);
  Duration by = milliseconds(random_.below(2'000));
  if (kind < 250) {
    by = seconds(1 + random_.below(15));
  } else if (kind < 290) {
    by = seconds(60 + random_.below(30));
  } else if (kind < 297) {
    by = hours(1 + random_.below(2'000));
  } else if (kind < 300 && target_.now().nanos < kLatest) {
    by = hours(24 * 365 * (1 + random_.below(12)));
  } else if (kind < 310) {
    by = -seconds(random_.below(5));  // wall clocks are set back
  }
  say(fmt::format("advance {} ms", by.count() / 1'000'000));
  target_.advance(by);
}

void Session::check_memory() {
  const std::size_t resident = resident_bytes();
  report_.expect(resident <= limits_.resident_bytes, "memory", "{} MiB are resident, of at most {}",
                 resident >> 20, limits_.resident_bytes >> 20);
}

}  // namespace perdure::fuzz
