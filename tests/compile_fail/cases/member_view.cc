// expect: static assertion failed.*perdure: a view of memory that something else owns cannot cross
// expect: check_member<Name, .*first.*, std::basic_string_view<char>
#include "perdure/payload.h"

struct Name {
  std::string_view first;
};
const auto name = perdure::from_payload<std::vector<Name>>({});
