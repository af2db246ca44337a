#pragma once
// Commands on their way to the stepping thread: bounded, in order, from any thread.
#include <cstddef>
#include <functional>
#include <mutex>
#include <vector>

#include "base/status.h"
#include "runtime/instance.h"

namespace perdure::runtime {

class Mailbox {
 public:
  using Command = std::function<void(Service&)>;

  // False: full or closed. Thread-safe, like everything here.
  bool post(Command command, Admission admission, std::size_t bytes = 0);
  // Moves the oldest commands to the end of `out`, until it holds `limit`.
  void take(std::size_t limit, std::vector<Command>* out);
  bool empty() const;
  // Nothing gets in any more; what is inside can still be taken. The first reason stays.
  void close(Status why);
  // OK while open, then the reason given to close().
  Status state() const;
  void set_waker(std::function<void()> wake);
  void wake();
  // Destroys what is inside without running it.
  void discard();

 private:
  mutable std::mutex mutex_;
  std::vector<Command> commands_;
  std::vector<std::size_t> sizes_;  // of what each of them holds
  std::size_t bytes_ = 0;           // the sum
  std::function<void()> wake_;
  Status state_;
};

}  // namespace perdure::runtime
