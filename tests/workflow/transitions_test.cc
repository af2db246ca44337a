// Every row of the machines' tables is taken by some test of this program. The machines are compiled into it
// with PERDURE_COUNT_TRANSITIONS. Looked at once all tests have run; a run of some of them says nothing.
#include <gtest/gtest.h>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "workflow/machines/transitions.h"

namespace perdure::workflow_core {
namespace {

std::map<std::string, std::vector<int>>& taken() {
  static std::map<std::string, std::vector<int>> rows_by_machine;
  return rows_by_machine;
}

class EveryTransition : public ::testing::Environment {
 public:
  void TearDown() override {
    if (GTEST_FLAG_GET(filter) != "*") {
      return;
    }
    EXPECT_EQ(taken().size(), 6U)
        << "machines with a table: activity, timer, local activity, child, signal and cancellation to others";
    for (const auto& [machine, rows] : taken()) {
      for (std::size_t row = 0; row < rows.size(); ++row) {
        EXPECT_GT(rows[row], 0) << "no test takes row " << row + 1 << " of the transitions of " << machine;
      }
    }
  }
};

const auto* const kRegistered = ::testing::AddGlobalTestEnvironment(new EveryTransition);  // gtest owns it

// Without this, a count that is never made would look like a table that nobody has.
TEST(Transitions, AreCountedInThisProgram) {
  EXPECT_NE(kRegistered, nullptr);
  const std::map<std::string, std::vector<int>> before = taken();
  note_transition("a machine of this test", 1, 2);
  EXPECT_EQ(taken().at("a machine of this test"), (std::vector<int>{0, 1}));
  taken() = before;
}

}  // namespace

void note_transition(const char* machine, std::size_t row, std::size_t rows) {
  std::vector<int>& counts = taken()[machine];
  counts.resize(rows);
  ++counts[row];
}

}  // namespace perdure::workflow_core
