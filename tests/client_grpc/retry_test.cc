// Which failures are tried again and when: the rules of Temporal's SDKs, on a clock that is a number.
#include "client/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace client_grpc_test {
namespace {

using namespace std::chrono_literals;
using perdure::Code;
using perdure::Duration;
using perdure::Status;
using perdure::Timestamp;
using perdure::client::CallKind;
using perdure::client::Retry;
using testing::ElementsAre;

constexpr double kMiddle = 0.5;  // no spread
const Status kUnavailable(Code::kUnavailable, "gone");

// The pauses after `status`, again and again, when each attempt takes `attempt`; at most `most`.
std::vector<Duration> pauses(CallKind kind, const Status& status, std::size_t most, Duration attempt = 0ms,
                             bool in_process = false) {
  Retry retry(kind, in_process);
  Timestamp now{0};
  std::vector<Duration> all;
  while (all.size() < most) {
    now = now + attempt;
    const auto pause = retry.after(status, now, kMiddle);
    if (!pause) {
      break;
    }
    now = now + *pause;
    all.push_back(*pause);
  }
  return all;
}

bool retried(CallKind kind, Code code, bool in_process = false) {
  return !pauses(kind, Status(code, "x"), 1, 0ms, in_process).empty();
}

TEST(Retry, PausesGrowBySevenTenthsUpToFiveSeconds) {
  EXPECT_THAT(pauses(CallKind::kCall, kUnavailable, 5),
              ElementsAre(100ms, 170ms, 289ms, 491'300us, 835'210us));
  const auto answers = pauses(CallKind::kAnswer, kUnavailable, 100);
  EXPECT_EQ(answers.back(), 5s);
}

TEST(Retry, ACallIsTriedForTenSeconds) {
  Duration sum{};
  for (const Duration pause : pauses(CallKind::kCall, kUnavailable, 100)) {
    sum += pause;
  }
  EXPECT_LE(sum, 10s);
  EXPECT_GT(sum, 9s);
  // Time that attempts take counts as well.
  EXPECT_EQ(pauses(CallKind::kCall, kUnavailable, 100, 3s).size(), 3U);
}

TEST(Retry, ACallIsTriedTenTimesAtMost) {
  // Pauses at the short end of the spread leave time for more than ten.
  Retry retry(CallKind::kCall, false);
  int attempts = 1;
  while (retry.after(kUnavailable, Timestamp{0}, 0.0)) {
    ++attempts;
  }
  EXPECT_EQ(attempts, 10);
}

TEST(Retry, PausesAreSpreadByAFifth) {
  EXPECT_EQ(Retry(CallKind::kCall, false).after(kUnavailable, Timestamp{0}, 0.0), Duration(80ms));
  EXPECT_GT(Retry(CallKind::kCall, false).after(kUnavailable, Timestamp{0}, 0.999), Duration(119ms));
  EXPECT_LE(Retry(CallKind::kCall, false).after(kUnavailable, Timestamp{0}, 0.999), Duration(120ms));
}

TEST(Retry, OnlyWhatMayPassIsTriedAgain) {
  for (const Code code : {Code::kDataLoss, Code::kInternal, Code::kUnknown, Code::kResourceExhausted,
                          Code::kAborted, Code::kOutOfRange, Code::kUnavailable}) {
    EXPECT_TRUE(retried(CallKind::kCall, code)) << code_name(code);
  }
  for (const Code code : {Code::kCancelled, Code::kInvalidArgument, Code::kDeadlineExceeded, Code::kNotFound,
                          Code::kAlreadyExists, Code::kPermissionDenied, Code::kFailedPrecondition,
                          Code::kUnimplemented, Code::kUnauthenticated}) {
    EXPECT_FALSE(retried(CallKind::kCall, code)) << code_name(code);
    EXPECT_FALSE(retried(CallKind::kAnswer, code)) << code_name(code);
    EXPECT_TRUE(retried(CallKind::kTaskPoll, code)) << code_name(code);
  }
}

TEST(Retry, TheServiceInThisProcessIsBusyForAWhileButNotGoneForAWhile) {
  EXPECT_TRUE(retried(CallKind::kCall, Code::kResourceExhausted, true));
  EXPECT_TRUE(retried(CallKind::kCall, Code::kAborted, true));
  EXPECT_FALSE(retried(CallKind::kCall, Code::kUnavailable, true));
  EXPECT_FALSE(retried(CallKind::kCall, Code::kInternal, true));
}

TEST(Retry, AnOverloadedServerGetsLongerPauses) {
  const Status busy(Code::kResourceExhausted, "namespace rate limit exceeded");
  EXPECT_THAT(pauses(CallKind::kAnswer, busy, 6), ElementsAre(1s, 2s, 4s, 8s, 10s, 10s));
  EXPECT_EQ(pauses(CallKind::kCall, busy, 1, 0ms, /*in_process=*/true), std::vector<Duration>{100ms});
}

TEST(Retry, AMessageThatIsTooLargeNeverPasses) {
  for (const char* text : {"grpc: received message larger than max (5000000 vs. 4194304)",
                           "Received message larger than max (70000000 vs. 67108864)",
                           "grpc: message after decompression larger than max (5000000 vs. 4194304)",
                           "grpc: received message after decompression larger than max 4194304"}) {
    const Status status(Code::kResourceExhausted, text);
    EXPECT_TRUE(perdure::client::is_message_too_large(status));
    EXPECT_TRUE(pauses(CallKind::kCall, status, 1).empty());
    EXPECT_TRUE(pauses(CallKind::kAnswer, status, 1).empty());
  }
  EXPECT_FALSE(perdure::client::is_message_too_large(
      Status(Code::kUnknown, "grpc: received message larger than max")));
}

TEST(Retry, APollOfAWorkerNeverGivesUp) {
  const auto all = pauses(CallKind::kTaskPoll, kUnavailable, 1'000);
  EXPECT_EQ(all.size(), 1'000U);
  EXPECT_EQ(all.front(), 200ms);
  EXPECT_EQ(all.back(), 10s);
}

TEST(Retry, ALongPollThatRanOutOfTimeIsAskedAgain) {
  const auto all = pauses(CallKind::kLongPoll, Status(Code::kDeadlineExceeded, "x"), 50, 70s);
  EXPECT_EQ(all, std::vector<Duration>(50, 100ms));
}

TEST(Retry, EachOutageOfALongPollHasItsOwnTenSeconds) {
  // Each attempt waits half a minute before the server goes away under it.
  EXPECT_EQ(pauses(CallKind::kLongPoll, kUnavailable, 50, 30s).size(), 50U);
  // A server that stays away is given up as by any other call.
  EXPECT_EQ(pauses(CallKind::kLongPoll, kUnavailable, 50).size(),
            pauses(CallKind::kCall, kUnavailable, 50).size());
}

TEST(Retry, AnAnswerOutlastsARestartUnlessItsWorkerStops) {
  Retry patient(CallKind::kAnswer, false);
  Retry hurried(CallKind::kAnswer, false);
  EXPECT_TRUE(patient.after(kUnavailable, Timestamp{0}, kMiddle));
  EXPECT_TRUE(hurried.after(kUnavailable, Timestamp{0}, kMiddle));
  hurried.hurry();
  const Timestamp later = Timestamp{0} + 30s;
  EXPECT_TRUE(patient.after(kUnavailable, later, kMiddle));
  EXPECT_FALSE(hurried.after(kUnavailable, later, kMiddle));
}

TEST(Retry, AConnectionIsTriedForAboutASecond) {
  Duration sum{};
  for (const Duration pause : pauses(CallKind::kConnect, kUnavailable, 100)) {
    sum += pause;
  }
  EXPECT_GT(sum, 500ms);
  EXPECT_LT(sum, 2s);
}

}  // namespace
}  // namespace client_grpc_test
