#pragma once
// GoogleMock matchers for what workflows and activities throw:
//
//   EXPECT_THAT([&] { handle.result(); },
//   FailsWith<WorkflowFailureError>(CausedBy<ApplicationError>("CardError"))); EXPECT_THAT([&] {
//   handle.result(); },
//               FailsWith<WorkflowFailureError>(CausedBy<TimeoutError>(TimeoutType::kHeartbeat)));
#include <gmock/gmock.h>

#include <concepts>
#include <exception>
#include <memory>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include "perdure/error.h"

namespace perdure::testing {
namespace detail {

template <class E>
class FailsWithMatcher {
 public:
  using is_gtest_matcher = void;
  explicit FailsWithMatcher(::testing::Matcher<const E&> error) : error_(std::move(error)) {}

  template <class Call>
  bool MatchAndExplain(const Call& call, ::testing::MatchResultListener* listener) const {
    try {
      call();
    } catch (const E& error) {
      *listener << "which throws \"" << error.what() << "\" ";
      return error_.MatchAndExplain(error, listener);
    } catch (const std::exception& error) {
      *listener << "which throws another exception: " << error.what();
      return false;
    }
    *listener << "which throws nothing";
    return false;
  }
  void DescribeTo(std::ostream* out) const {
    *out << "throws an error that ";
    error_.DescribeTo(out);
  }
  void DescribeNegationTo(std::ostream* out) const {
    *out << "throws no error that ";
    error_.DescribeTo(out);
  }

 private:
  ::testing::Matcher<const E&> error_;
};

template <class E>
class CausedByMatcher {
 public:
  using is_gtest_matcher = void;
  explicit CausedByMatcher(::testing::Matcher<const E&> cause) : cause_(std::move(cause)) {}

  template <class Error>
  bool MatchAndExplain(const Error& error, ::testing::MatchResultListener* listener) const {
    std::shared_ptr<const FailureError> cause = error.cause();
    for (; cause; cause = cause->cause()) {
      *listener << "caused by \"" << cause->what() << "\" ";
      const auto* wanted = dynamic_cast<const E*>(cause.get());
      if (wanted != nullptr && cause_.MatchAndExplain(*wanted, listener)) {
        return true;
      }
    }
    return false;
  }
  void DescribeTo(std::ostream* out) const {
    *out << "has a cause that ";
    cause_.DescribeTo(out);
  }
  void DescribeNegationTo(std::ostream* out) const {
    *out << "has no cause that ";
    cause_.DescribeTo(out);
  }

 private:
  ::testing::Matcher<const E&> cause_;
};

}  // namespace detail

// what() of an error; `text`: a string or a matcher of strings.
template <class Text>
auto HasMessage(Text text) {
  return ::testing::ResultOf(
      "what()", [](const std::exception& error) { return std::string(error.what()); }, std::move(text));
}

// Of a callable: it throws an E (or what derives from it) that `error` matches.
template <class E, class Matcher>
auto FailsWith(const Matcher& error) {
  return detail::FailsWithMatcher<E>(::testing::SafeMatcherCast<const E&>(error));
}
template <class E>
auto FailsWith() {
  return FailsWith<E>(::testing::A<const E&>());
}

// Of an error: one of its causes, at any depth, is an E that `cause` matches; or an ApplicationError of a
// type, or a TimeoutError of a kind.
template <class E, class Matcher>
auto CausedBy(const Matcher& cause) {
  if constexpr (std::same_as<E, ApplicationError> && std::convertible_to<const Matcher&, std::string>) {
    return detail::CausedByMatcher<E>(::testing::Property("type()", &E::type, std::string(cause)));
  } else if constexpr (std::same_as<Matcher, TimeoutType>) {
    return detail::CausedByMatcher<E>(::testing::Property("type()", &E::type, cause));
  } else {
    return detail::CausedByMatcher<E>(::testing::SafeMatcherCast<const E&>(cause));
  }
}
template <class E>
auto CausedBy() {
  return CausedBy<E>(::testing::A<const E&>());
}

}  // namespace perdure::testing
