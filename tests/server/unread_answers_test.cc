// Clients that ask and never read the answer.
#include "server/unread_answers.h"

#include <gtest/gtest.h>

#include "tests/server/fixture.h"
#include "tests/server/raw_http2.h"

namespace perdure::server::testing {
namespace {

const std::string kSystemInfo = std::string("/") + kWorkflowService + "/GetSystemInfo";

TEST(UnreadAnswers, ACallWhoseAnswerIsNotTakenIsCutOff) {
  ServerOptions options;
  options.answer_patience = std::chrono::milliseconds(10);
  Served served(options);
  RawHttp2 client(served.server->address(), /*window=*/0);
  for (const std::uint32_t stream : {1U, 3U, 5U}) {
    client.begin_call(stream, kSystemInfo);
    client.end_call(stream, "");
    const auto reset = client.next(RawHttp2::kResetStream);
    EXPECT_EQ(reset.type, RawHttp2::kResetStream);
    EXPECT_EQ(reset.stream, stream);
  }
}

TEST(UnreadAnswers, OthersAreAnsweredMeanwhile) {
  Served served;
  RawHttp2 client(served.server->address(), /*window=*/0);
  for (std::uint32_t call = 0; call < 100; ++call) {
    client.begin_call(2 * call + 1, kSystemInfo);
    client.end_call(2 * call + 1, "");
  }
  wire::GetSystemInfoResponse response;
  EXPECT_TRUE(call(*served.channel, "GetSystemInfo", wire::GetSystemInfoRequest(), &response).ok());
  EXPECT_FALSE(response.server_version().empty());
}

TEST(UnreadAnswers, AnAnswerThatWasTakenIsNotCounted) {
  UnreadAnswers answers(std::chrono::hours(1));
  const auto first = answers.add(nullptr, 100);
  const auto second = answers.add(nullptr, 20);
  EXPECT_EQ(answers.bytes(), 120U);
  answers.remove(first);
  EXPECT_EQ(answers.bytes(), 20U);
  answers.remove(second);
  EXPECT_EQ(answers.bytes(), 0U);
  EXPECT_EQ(answers.dropped(), 0U);
}

}  // namespace
}  // namespace perdure::server::testing
