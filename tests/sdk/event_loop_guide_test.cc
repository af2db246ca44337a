// What docs/guide/event-loops.md shows.
#include "tests/sdk/fixture.h"

namespace sdk_test::event_loop_guide {

perdure::Task<std::string> translate(std::string word) {
  co_await activity::sleep(1ms);
  co_return word == "hello" ? "Bonjour" : word;
}

class Greeting {
 public:
  perdure::Task<std::string> run(std::string name) {
    const std::string hello =
        co_await workflow::execute_activity<translate>("hello", {.start_to_close_timeout = 10s});
    co_return hello + ", " + name + "!";
  }
};

struct Game {
  bool over = false;
  int frames = 0;
  std::string shown;
  void draw() { ++frames; }
};

void greet(const perdure::Client& client, Game& game) {
  // [calls]
  const perdure::AsyncClient async(client);
  async.execute_workflow<Greeting>("Ada", {.id = "greeting", .task_queue = "game"})
      .then([&game](const perdure::Answer<std::string>& greeting) {
        game.shown = greeting ? greeting.value() : "no greeting today";
        game.over = true;
      });
  // [calls]
}

class EventLoopGuide : public SdkTest {};

TEST_F(EventLoopGuide, AGameGoesOnMeanwhile) {
  const std::string target = "file:" + directory_.string();
  Game game;
  // [pump]
  const auto pump = std::make_shared<perdure::Pump>();
  const auto client = perdure::Client::connect(target, {.executor = pump});
  perdure::Worker worker(client, {.task_queue = "game",
                                  .workflows = perdure::workflows<Greeting>(),
                                  .activities = perdure::activities<translate>()});
  worker.start();
  greet(client, game);
  while (!game.over) {
    pump->run_ready();
    game.draw();
  }
  // [pump]
  EXPECT_EQ(game.shown, "Bonjour, Ada!");
  EXPECT_GT(game.frames, 1);
}

}  // namespace sdk_test::event_loop_guide
