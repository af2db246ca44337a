#pragma once
// What workflow code must not do, each as a function that throws when it was refused.
#include <string>
#include <vector>

namespace guard_test {

struct Sin {
  std::string name;         // of the function here, as a report shows it
  std::string call;         // the function of the C library that a report names
  std::string replacement;  // what a report says to do instead
  void (*commit)();
};

const std::vector<Sin>& sins();

}  // namespace guard_test
