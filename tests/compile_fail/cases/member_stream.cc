// expect: static assertion failed.*perdure: an open stream cannot cross
// expect: check_member<Report, .*out.*, std::basic_ofstream<char>
#include <fstream>

#include "perdure/payload.h"

struct Report {
  std::ofstream out;
};
const auto payload = perdure::to_payload(Report{});
