#pragma once
#include "perdure/perdure.h"

using namespace std::chrono_literals;

struct Params {
  std::string greeting;
  int times = 1;
};

class Greets {
 public:
  perdure::Task<std::string> run(Params input, int more) { co_return input.greeting + std::to_string(more); }
  void approve(std::string) {}
  static constexpr auto signals = perdure::signals<&Greets::approve>();
};

struct Mailer {
  void send(std::string) {}
};
