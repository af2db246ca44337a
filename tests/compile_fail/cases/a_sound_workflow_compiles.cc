#include "common.h"

class Sound {
 public:
  perdure::Task<std::string> run(Params input) {
    co_await perdure::workflow::sleep(1s);
    co_await perdure::workflow::wait_condition([this] { return ready_; }, 1h);
    const int sum = co_await perdure::workflow::execute_activity<add>(1, 2, {.start_to_close_timeout = 10s});
    co_return co_await perdure::workflow::execute_activity<say>({.greeting = input.greeting, .times = sum},
                                                                {.start_to_close_timeout = 10s});
  }
  void go(bool now) { ready_ = now; }
  static constexpr auto signals = perdure::signals<&Sound::go>();

 private:
  bool ready_ = false;
};
const auto definition = perdure::detail::workflow_definition<Sound>();
