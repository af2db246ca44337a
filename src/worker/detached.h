#pragma once
// The type of a coroutine that nobody waits for: it starts at once, destroys itself at its end, and lets no
// exception out, since there is nobody to get it.
#include <coroutine>
#include <exception>

namespace perdure::worker {

struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

}  // namespace perdure::worker
