#pragma once
#include <perdure/perdure.h>

#include <chrono>
#include <string>

namespace observability {

inline std::string compose(const std::string& name) { return "Hello, " + name; }

class Greeting {
 public:
  perdure::Task<std::string> run(std::string name) {
    using namespace std::chrono_literals;
    co_return co_await perdure::workflow::execute_activity<compose>(name, {.start_to_close_timeout = 10s});
  }
};

}  // namespace observability
