#pragma once
// Activities that a test replaces, by function:
//
//   perdure::testing::Mocks mocks;
//   mocks.on<say_hello>([](const std::string& name) { return "hi " + name; });
//   … perdure::WorkerOptions{.activities = mocks.activities()} …
//   EXPECT_EQ(mocks.calls<say_hello>(), 1U);
//   EXPECT_EQ(mocks.arguments<say_hello>().at(0), std::tuple("Ada"));
//
// A mock goes by the name of the activity it stands for; its parameters and its result are checked when the
// test is compiled. Inside it perdure::activity::info() and heartbeats work as in the activity.
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <type_traits>
#include <typeindex>
#include <utility>
#include <vector>

#include "perdure/error.h"
#include "perdure/worker.h"

namespace perdure::testing {
namespace detail {

class AnyMock {
 public:
  virtual ~AnyMock() = default;
  virtual perdure::detail::ActivityDefinition definition() = 0;
};

template <auto F, class R, class Parameters>
class MockOf;

// Shared by the Mocks and the workers that use it.
template <auto F, class R, class... P>
class MockOf<F, R, perdure::detail::Types<P...>> final
    : public AnyMock,
      public std::enable_shared_from_this<MockOf<F, R, perdure::detail::Types<P...>>> {
 public:
  using Arguments = std::tuple<std::remove_cvref_t<P>...>;
  using Behaviour = std::function<R(std::remove_cvref_t<P>&...)>;

  void set(Behaviour behaviour) {
    const std::lock_guard lock(mutex_);
    behaviour_ = std::move(behaviour);
  }
  std::vector<Arguments> calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return calls_.size();
  }

  perdure::detail::ActivityDefinition definition() override {
    perdure::detail::ActivityDefinition definition;
    definition.name = std::string(activity_name<F>);
    definition.call = [mock = this->shared_from_this()](const Payloads& payloads) {
      return mock->call(perdure::detail::decode_arguments(payloads, perdure::detail::Types<P...>{}));
    };
    return definition;
  }

 private:
  Payload call(Arguments arguments) {
    Behaviour behaviour;
    {
      const std::lock_guard lock(mutex_);
      calls_.push_back(arguments);
      behaviour = behaviour_;
    }
    if constexpr (std::is_void_v<R>) {
      std::apply(behaviour, arguments);
      return null_payload();
    } else {
      const R result = std::apply(behaviour, arguments);
      return to_payload(result);
    }
  }

  mutable std::mutex mutex_;
  Behaviour behaviour_;           // guarded by mutex_
  std::vector<Arguments> calls_;  // guarded by mutex_
};

template <auto F>
using MockFor = MockOf<
    F,
    typename perdure::detail::ResultOf<typename perdure::detail::FunctionTraits<decltype(F)>::Result>::Type,
    typename perdure::detail::FunctionTraits<decltype(F)>::Parameters>;

// Whether Callable can stand for a function of these.
template <class Callable, class R, class... P>
constexpr bool can_mock(perdure::detail::Types<P...>) {
  return std::is_invocable_r_v<R, Callable&, std::remove_cvref_t<P>&...>;
}

}  // namespace detail

class Mocks {
 public:
  // From now on activity F is `callable`, which may be called from several threads at once. A second call for
  // the same F replaces it, for workers that run already, too. Throws OptionsError when another activity of
  // the same name has a mock.
  template <auto F, class Callable>
  void on(Callable callable) {
    using Traits = perdure::detail::FunctionTraits<decltype(F)>;
    using R = typename perdure::detail::ResultOf<typename Traits::Result>::Type;
    constexpr bool fits = detail::can_mock<Callable, R>(typename Traits::Parameters{});
    static_assert(
        fits,
        "perdure: a mock is called with the parameters of its activity and returns what the activity "
        "returns (for a coroutine: what it gives)");
    if constexpr (fits) {
      const std::lock_guard lock(*mutex_);
      Entry& entry =
          mocks_.try_emplace(std::string(activity_name<F>), Entry{type_of<F>(), nullptr}).first->second;
      if (entry.type != type_of<F>()) {
        throw OptionsError("Mocks::on: two activities are named \"" + std::string(activity_name<F>) +
                           "\"; use two Mocks, or give one of them another name (perdure/names.h)");
      }
      if (!entry.mock) {
        entry.mock = std::make_shared<detail::MockFor<F>>();
      }
      static_cast<detail::MockFor<F>&>(*entry.mock).set(std::move(callable));
    }
  }

  // How often F was called: attempts, whether they failed or not.
  template <auto F>
  std::size_t calls() const {
    return find<F>().count();
  }
  // With what, in the order of the calls: tuples of the activity's parameters.
  template <auto F>
  auto arguments() const {
    return find<F>().calls();
  }

  // For WorkerOptions. Those that on() was called for by now; can be joined with real ones.
  Activities activities() const {
    Activities list;
    const std::lock_guard lock(*mutex_);
    for (const auto& [name, entry] : mocks_) {
      list.add(entry.mock->definition());
    }
    return list;
  }

 private:
  struct Entry {
    std::type_index type;
    std::shared_ptr<detail::AnyMock> mock;
  };

  template <auto F>
  static std::type_index type_of() {
    return std::type_index(typeid(detail::MockFor<F>));
  }

  template <auto F>
  const detail::MockFor<F>& find() const {
    const std::lock_guard lock(*mutex_);
    const auto found = mocks_.find(std::string(activity_name<F>));
    if (found == mocks_.end() || found->second.type != type_of<F>()) {
      throw PerdureError("Mocks: activity \"" + std::string(activity_name<F>) +
                         "\" has no mock; call on<…>(…) first");
    }
    return static_cast<const detail::MockFor<F>&>(*found->second.mock);
  }

  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
  std::map<std::string, Entry> mocks_;  // guarded by mutex_
};

}  // namespace perdure::testing
