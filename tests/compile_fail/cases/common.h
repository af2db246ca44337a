#pragma once
// What the cases share.
#include <chrono>
#include <coroutine>
#include <functional>
#include <mutex>
#include <string>

#include "perdure/detail/workflow_definition.h"
#include "perdure/workflow.h"

using namespace std::chrono_literals;

struct Params {
  std::string greeting;
  int times = 1;
};
std::string say(Params input);
int add(int left, int right);

struct Point {
  int x = 0;
};
