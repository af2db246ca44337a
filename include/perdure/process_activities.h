#pragma once
// Activities that run in processes of their own: a crash, a leak or a library that is not thread-safe harms
// one attempt, and not the worker.
//
//   int main(int argc, char** argv) {
//     perdure::run_as_activity_process_if_asked(argc, argv);  // the first line
//     …
//     perdure::Worker worker(client, {.task_queue = "images",
//                                     .activities = perdure::process_activities<resize, encode>()});
//
// The worker starts the program itself again, as often as it needs, up to WorkerOptions.max_processes. Such a
// process runs one activity at a time, and the next in the same process. What crosses are arguments, results,
// errors, activity::info(), heartbeats, cancellation and log lines; activity::client() does not.
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "perdure/detail/activity_definition.h"
#include "perdure/worker.h"

namespace perdure {

// Returns at once, unless a worker started this process to run activities: then it does so and ends the
// process. Belongs to the top of main(), before anything that only the worker needs.
void run_as_activity_process_if_asked(int argc, char** argv);

namespace detail {

// Remembers how `definition` is run, for the time when this program is the process that runs it. True.
bool register_process_activity(ActivityDefinition definition);

template <auto F>
ActivityDefinition process_activity_definition() {
  static_assert(!ResultOf<typename FunctionTraits<decltype(F)>::Result>::is_task,
                "perdure: a process activity is an ordinary function, not a coroutine");
  ActivityDefinition definition = activity_definition<F>(std::shared_ptr<NoObject>());
  // The same in every process of one program, and for no other function.
  definition.process = typeid(std::integral_constant<decltype(F), F>).name();
  return definition;
}

// Before main(), wherever a program mentions process_activities<F>.
template <auto F>
inline const bool kProcessActivityRegistered = register_process_activity(process_activity_definition<F>());

}  // namespace detail

// Functions: process_activities<resize, encode>(). Lists can be joined with those of activities<…>().
template <auto... F>
Activities process_activities() {
  static_assert((detail::check_activity<F>(false) && ...),
                "perdure: a process activity is a free function: there is no object in the other process");
  Activities list;
  (static_cast<void>(detail::kProcessActivityRegistered<F>), ...);
  (list.add(detail::process_activity_definition<F>()), ...);
  return list;
}

}  // namespace perdure
