#pragma once
// A workflow whose every value is nobody else's business.
#include <perdure/perdure.h>

#include <chrono>
#include <string>

namespace encryption {

std::string file_report(const std::string& patient, const std::string& findings);

class Examination {
 public:
  perdure::Task<std::string> run(std::string patient) {
    using namespace std::chrono_literals;
    co_return co_await perdure::workflow::execute_activity<file_report>(patient, "nothing unusual",
                                                                        {.start_to_close_timeout = 10s});
  }
};

}  // namespace encryption
