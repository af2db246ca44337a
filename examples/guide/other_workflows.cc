// Workflows that signal and cancel each other. It prints
//   the room heard: hello from the child's parent, goodbye
//   nobody is there: Unable to signal external workflow because it was not found
#include <perdure/perdure.h>

#include <iostream>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

class Room {
 public:
  perdure::Task<std::string> run() {
    co_await workflow::wait_condition([this] { return lines_ == 2; });
    co_return heard_;
  }
  void say(std::string line) { heard_ += (lines_++ == 0 ? "" : ", ") + line; }

  static constexpr auto signals = perdure::signals<&Room::say>();

 private:
  std::string heard_;
  int lines_ = 0;
};

// Says something to any room, by its id.
class Visitor {
 public:
  perdure::Task<std::string> run(std::string room_id, std::string line) {
    // [external]
    const auto room = workflow::get_external_workflow_handle(room_id);
    try {
      co_await room.signal<&Room::say>(line);
    } catch (const perdure::ApplicationError& error) {
      co_return std::string("nobody is there: ") + error.what();
    }
    // [external]
    co_return "said";
  }
};

class Host {
 public:
  perdure::Task<std::string> run() {
    // [child]
    const auto room = co_await workflow::start_child_workflow<Room>({.id = "room-7"});
    co_await room.signal<&Room::say>("hello from the child's parent");
    co_await workflow::execute_child_workflow<Visitor>(room.id(), "goodbye");
    co_return "the room heard: " + co_await room;
    // [child]
  }
};

int main(int argc, char** argv) {
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  perdure::Worker worker(client,
                         {.task_queue = "rooms", .workflows = perdure::workflows<Host, Room, Visitor>()});
  worker.start();
  std::cout << client.execute_workflow<Host>({.id = "host", .task_queue = "rooms"}) << "\n";
  std::cout << client.execute_workflow<Visitor>("room-8", "hello?", {.id = "visitor", .task_queue = "rooms"})
            << "\n";
}
