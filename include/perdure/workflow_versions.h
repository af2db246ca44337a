#pragma once
// Changing the code of workflows that are running, and deciding something once.
//
//   if (perdure::workflow::patched("check-stock-first")) {
//     co_await perdure::workflow::execute_activity<check_stock>(…);  // runs that began after the change
//   }
//   … when no run from before the change is left:
//   perdure::workflow::deprecate_patch("check-stock-first");
//   … and when no run is left that was told patched(): remove that line, too.
#include <concepts>
#include <functional>
#include <map>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "perdure/detail/workflow_context.h"
#include "perdure/payload.h"
#include "perdure/search_attributes.h"
#include "perdure/workflow_unsafe.h"

namespace perdure::workflow {

// True when the code runs for the first time, and in every replay of what ran then; false in the replay of a
// history that was written without the patch. The same answer for the same id throughout a run. Records a
// marker, and the id in the search attribute TemporalChangeVersion.
bool patched(std::string_view id, std::source_location where = std::source_location::current());

// Says that all runs in which patched(id) could be false are gone. Histories written with it replay without
// it.
void deprecate_patch(std::string_view id, std::source_location where = std::source_location::current());

// What `function` gives, once: the value is recorded, and replays find it there. For what is quick and may
// differ each time, as a number of the machine's or a new id; what can fail belongs into an activity. May run
// again should the worker be lost before the value is recorded.
template <std::invocable<> Function>
auto side_effect(Function function, std::source_location where = std::source_location::current()) {
  using T = std::remove_cvref_t<std::invoke_result_t<Function&>>;
  static_assert(!std::is_void_v<T>, "perdure: side_effect takes a function that gives a value");
  perdure::detail::WorkflowContext& context = perdure::detail::current_context("workflow::side_effect");
  const auto recorded = [&] {
    const perdure::detail::UnguardedScope unguarded;
    return to_payload(function());
  };
  return from_payload<T>(context.side_effect(recorded, where));
}

// Sets or removes search attributes of this run. They must be known to the namespace.
void upsert_search_attributes(const SearchAttributes& attributes,
                              std::source_location where = std::source_location::current());

// One value of the memo, none if it is absent. Throws DataConversionError when it is not a T.
template <class T>
std::optional<T> memo_value(const std::string& key) {
  const auto& memo = perdure::detail::current_context("workflow::memo_value").info().memo;
  const auto found = memo.find(key);
  return found == memo.end() ? std::nullopt : std::optional<T>(from_payload<T>(found->second));
}
// Sets values of the memo: upsert_memo({{"stage", to_payload("paid")}}). null_payload() removes one.
void upsert_memo(const std::map<std::string, Payload>& memo,
                 std::source_location where = std::source_location::current());

}  // namespace perdure::workflow
