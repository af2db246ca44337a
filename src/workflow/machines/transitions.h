#pragma once
// The table that a machine's file begins with: what follows which input in which state. Whatever it does not
// list cannot happen to a workflow whose code has not changed.
#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <typeinfo>

#include "perdure/error.h"
#include "workflow/machine.h"

namespace perdure::workflow_core {

template <class MachineType>
struct Transition {
  typename MachineType::State from;
  typename MachineType::Input input;
  typename MachineType::State to;
};

#ifdef PERDURE_COUNT_TRANSITIONS
// Of tests that see whether every row of every table is taken (tests/workflow/transitions_test.cc).
void note_transition(const char* machine, std::size_t row, std::size_t rows);
#endif

// The state after `input`. Throws NondeterminismError, which names the machine by its command of type
// `command`.
template <class MachineType, std::size_t size>
typename MachineType::State next_state(const std::array<Transition<MachineType>, size>& table,
                                       typename MachineType::State from, typename MachineType::Input input,
                                       const MachineType& machine, CommandType command) {
  for (std::size_t row = 0; row < size; ++row) {
    if (table[row].from == from && table[row].input == input) {
#ifdef PERDURE_COUNT_TRANSITIONS
      note_transition(typeid(MachineType).name(), row, size);
#endif
      return table[row].to;
    }
  }
  throw NondeterminismError(
      fmt::format("[TMPRL1100] Nondeterminism error: history has an event of {} that cannot follow what "
                  "happened to it before",
                  machine.describe(command)));
}

}  // namespace perdure::workflow_core
