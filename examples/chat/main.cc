// perdure-chat [TARGET [LINES]]: a chat room that lives as long as anybody talks.
#include <perdure/perdure.h>

#include <algorithm>
#include <iostream>
#include <string>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

struct Line {
  std::string who;
  std::string text;
};
struct RoomState {
  std::vector<Line> last;
  std::int64_t said = 0;
};

// [workflow]
class Room {
 public:
  // Gives how much was said.
  perdure::Task<std::int64_t> run(RoomState state) {
    // Signals that came with the start were handled before: they follow what the run before has kept.
    state.last.insert(state.last.end(), state_.last.begin(), state_.last.end());
    state.said += state_.said;
    state_ = std::move(state);
    co_await workflow::wait_condition(
        [this] { return closed_ || workflow::info().is_continue_as_new_suggested; });
    if (!closed_) {
      co_return workflow::continue_as_new<Room>(state_);  // a short history, the same room
    }
    co_return state_.said;
  }

  void say(Line line) {
    ++state_.said;
    state_.last.push_back(std::move(line));
    if (state_.last.size() > kKept) {
      state_.last.erase(state_.last.begin());
    }
  }
  void close() { closed_ = true; }
  std::vector<Line> last(std::size_t lines) const {
    const std::size_t skipped = state_.last.size() - std::min(lines, state_.last.size());
    return {state_.last.begin() + static_cast<std::ptrdiff_t>(skipped), state_.last.end()};
  }
  std::int64_t said() const { return state_.said; }

  static constexpr auto signals = perdure::signals<&Room::say, &Room::close>();
  static constexpr auto queries = perdure::queries<&Room::last, &Room::said>();

 private:
  static constexpr std::size_t kKept = 100;
  RoomState state_;
  bool closed_ = false;
};
// [workflow]

int main(int argc, char** argv) try {
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  const int lines = argc > 2 ? std::stoi(argv[2]) : 20;
  perdure::Worker worker(client, {.task_queue = "rooms", .workflows = perdure::workflows<Room>()});
  worker.start();
  // [start]
  // Whoever talks first opens the room.
  const auto room = client.start_workflow<Room>(
      {}, {.id = "room-lobby",
           .task_queue = "rooms",
           .start_signal = perdure::start_signal<&Room::say>(Line{"ada", "anybody here?"})});
  // [start]
  // [client]
  for (int i = 1; i < lines; ++i) {
    room.signal<&Room::say>({.who = i % 2 == 0 ? "ada" : "bob", .text = "line " + std::to_string(i)});
  }
  for (const Line& line : room.query<&Room::last>(2)) {
    std::cout << line.who << ": " << line.text << "\n";
  }
  // [client]
  room.signal<&Room::close>();
  std::cout << room.result() << " lines were said" << std::endl;
} catch (const perdure::PerdureError& error) {
  std::cerr << "perdure-chat: " << error.what() << "\n";
  return 1;
}
