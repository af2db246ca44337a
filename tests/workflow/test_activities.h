#pragma once
// Activities that the tests' workflows call. Declared only: the fake service gives their results
// (kActivities).
#include <string>
#include <vector>

#include "perdure/task.h"
#include "tests/workflow/fake_service.h"

namespace perdure::testing {

struct Greeting {
  std::string greeting;
  std::string name;
  std::vector<std::string> titles;
};
struct Receipt {
  std::string id;
  int amount = 0;
};

std::string compose(Greeting input);
std::string echo(const std::string& text);
int add(int left, int right);
void note(std::string text);
Receipt charge(std::string account, int amount);
std::vector<std::string> list_files(std::string folder);
int refuse(int reason);  // always fails

struct Shop {
  int price(std::string article) const;
  Task<std::string> deliver(std::string article);  // a coroutine activity
};

// Their results.
const Activities& test_activities();

}  // namespace perdure::testing
