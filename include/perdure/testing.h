#pragma once
// Tests of workflows: the real service in memory, with time that skips, and what goes with it. Link
// perdure::testing. Matchers for GoogleTest are apart, in perdure/testing/matchers.h.
#include "perdure/testing/environment.h"
#include "perdure/testing/mocks.h"
#include "perdure/testing/replayer.h"
