// Payload codecs and hidden failure attributes: what the service sees, what user code sees.
#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>

#include "fixture.h"
#include "perdure/testing.h"
#include "perdure/testing/matchers.h"
#include "perdure/testing/replayer.h"

namespace sdk_test::codec {

using perdure::Payload;
using perdure::Payloads;
using testing::HasSubstr;
using testing::Not;

// Turns all bits over and numbers what it makes, so that no two encodings are the same.
class InvertingCodec : public perdure::PayloadCodec {
 public:
  Payloads encode(Payloads payloads) override {
    for (Payload& payload : payloads) {
      payload = Payload{{{"encoding", "binary/inverted"}, {"number", std::to_string(next_++)}},
                        inverted(perdure::serialize_payload(payload))};
    }
    return payloads;
  }
  Payloads decode(Payloads payloads) override {
    if (perdure::workflow::in_workflow()) {
      throw std::runtime_error("called in workflow code");
    }
    for (Payload& payload : payloads) {
      if (payload.metadata_value("encoding") == "binary/inverted") {
        payload = perdure::parse_payload(inverted(payload.data));
      }
    }
    return payloads;
  }

 private:
  static std::string inverted(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) { return static_cast<char>(~c); });
    return text;
  }
  std::atomic<int> next_ = 0;
};

// Cannot do what it is told while it is broken.
class BreakableCodec final : public InvertingCodec {
 public:
  Payloads encode(Payloads payloads) override {
    if (broken_encoding) {
      throw std::runtime_error("the key server is away");
    }
    return InvertingCodec::encode(std::move(payloads));
  }
  Payloads decode(Payloads payloads) override {
    if (broken_decoding) {
      throw std::runtime_error("no key 17");
    }
    Payloads decoded = InvertingCodec::decode(std::move(payloads));
    for (const Payload& payload : decoded) {
      if (payload.data.find("poison") != std::string::npos && poison_left.exchange(0) != 0) {
        throw std::runtime_error("poisoned");
      }
    }
    return decoded;
  }
  std::atomic<int> poison_left = 0;  // payloads with this word that cannot be decoded
  std::atomic<bool> broken_encoding = false;
  std::atomic<bool> broken_decoding = false;
};

constexpr const char* kSecret = "swordfish";

std::string repeat(const std::string& text) { return text + text; }
std::string flaky_progress(const std::string& secret) {
  const auto before = activity::heartbeat_details<std::string>();
  if (!before) {
    activity::heartbeat(secret + "-details");
    throw perdure::ApplicationError(secret + "-message",
                                    {.type = "Flaky", .details = perdure::to_payloads(secret + "-detail")});
  }
  return *before;
}
std::string refuse(const std::string& secret) {
  throw perdure::ApplicationError(
      secret + "-refused",
      {.type = "Refused", .non_retryable = true, .details = perdure::to_payloads(secret + "-why")});
}
std::shared_ptr<BreakableCodec> g_codec;
std::string break_the_codec_once(const std::string& word) {
  g_codec->broken_encoding = activity::info().attempt == 2;
  return word + " in attempt " + std::to_string(activity::info().attempt);
}
std::string wait_for_another() { activity::complete_async(); }

class Everything {
 public:
  perdure::Task<std::string> run(std::string secret, bool again) {
    const std::string remembered = workflow::memo_value<std::string>("note").value_or("none");
    const auto drawn = workflow::side_effect([&] { return secret + "-effect"; });
    co_await workflow::sleep(1ms, {.summary = secret + "-summary"});
    const auto doubled = co_await workflow::execute_activity<repeat>(secret, {.start_to_close_timeout = 10s});
    const auto progress = co_await workflow::execute_activity<flaky_progress>(
        secret,
        {.start_to_close_timeout = 10s, .retry_policy = perdure::RetryPolicy{.initial_interval = 1ms}});
    co_await workflow::wait_condition([&] { return !told_.empty(); });
    std::string why;
    try {
      co_await workflow::execute_activity<refuse>(secret, {.start_to_close_timeout = 10s});
    } catch (const perdure::ActivityError& error) {
      why = error.cause()->what();
    }
    workflow::upsert_memo({{"note", perdure::to_payload(secret + "-upserted")}});
    if (again) {
      co_return workflow::continue_as_new<Everything>(secret, false);
    }
    co_return remembered + " " + drawn + " " + doubled + " " + progress + " " + told_ + " " + why;
  }
  void tell(std::string what) { told_ = std::move(what); }
  static constexpr auto signals = perdure::signals<&Everything::tell>();

 private:
  std::string told_;
};

class Fails {
 public:
  perdure::Task<void> run(std::string secret) {
    co_await workflow::sleep(1ms);
    throw perdure::ApplicationError(
        secret + " failed", {.type = "Failed",
                             .details = perdure::to_payloads(secret),
                             .cause = std::make_shared<perdure::ApplicationError>("because of " + secret)});
  }
};

class Waits {
 public:
  perdure::Task<std::string> run(std::string secret) {
    co_await workflow::wait_condition([&] { return done_; });
    co_return secret;
  }
  void finish() { done_ = true; }
  static constexpr auto signals = perdure::signals<&Waits::finish>();

 private:
  bool done_ = false;
};

class Delegates {
 public:
  perdure::Task<std::string> run() {
    co_return co_await workflow::execute_activity<wait_for_another>(
        {.start_to_close_timeout = 30s, .heartbeat_timeout = 20s, .activity_id = "a"});
  }
};

class Persists {
 public:
  perdure::Task<std::string> run() {
    const std::string word = std::string("poi") + "son";
    co_return co_await workflow::execute_activity<break_the_codec_once>(
        word, {.start_to_close_timeout = 10s, .retry_policy = perdure::RetryPolicy{.initial_interval = 1ms}});
  }
};

class CodecTest : public SdkTest {
 protected:
  const perdure::Client& coded(perdure::DataConverter converter) {
    client_ =
        perdure::Client::connect("file:" + directory_.string(), {.data_converter = std::move(converter)});
    return *client_;
  }
  std::unique_ptr<perdure::Worker> coded_worker() {
    return worker(
        {.workflows = perdure::workflows<Everything, Fails, Waits, Delegates, Persists>(),
         .activities =
             perdure::activities<repeat, flaky_progress, refuse, wait_for_another, break_the_codec_once>()});
  }
  std::shared_ptr<BreakableCodec> codec_ = std::make_shared<BreakableCodec>();
};

TEST_F(CodecTest, TheServiceSeesNothingOfWhatWorkflowsAndActivitiesSay) {
  coded({.payload_codec = codec_, .encode_common_attributes = true});
  const auto running = coded_worker();
  const auto handle = client().start_workflow<Everything>(
      kSecret, false,
      {.id = "everything",
       .task_queue = kQueue,
       .memo = {{"note", perdure::to_payload(std::string(kSecret) + "-memo")}},
       .static_summary = kSecret});
  handle.signal<&Everything::tell>(std::string(kSecret) + "-told");
  EXPECT_EQ(handle.result(),
            "swordfish-memo swordfish-effect swordfishswordfish swordfish-details swordfish-told "
            "swordfish-refused");
  const std::string history = handle.fetch_history();
  EXPECT_THAT(history, Not(HasSubstr("c3dvcmRmaXNo")));  // in base64
  EXPECT_THAT(history, Not(HasSubstr(kSecret)));
  EXPECT_THAT(history, HasSubstr("Encoded failure"));
}

TEST_F(CodecTest, WithoutTheOptionMessagesOfFailuresStayReadable) {
  coded({.payload_codec = codec_});
  const auto running = coded_worker();
  const auto handle = client().start_workflow<Fails>(kSecret, {.id = "fails", .task_queue = kQueue});
  const auto error = error_of<perdure::WorkflowFailureError>([&] { handle.result(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(cause_at<perdure::ApplicationError>(*error, 0)->details(),
            perdure::to_payloads(std::string(kSecret)));
  EXPECT_THAT(handle.fetch_history(), HasSubstr("swordfish failed"));
}

TEST_F(CodecTest, HiddenFailuresAreWholeAgainInTheClient) {
  coded({.payload_codec = codec_, .encode_common_attributes = true});
  const auto running = coded_worker();
  const auto error = error_of<perdure::WorkflowFailureError>(
      [&] { client().execute_workflow<Fails>(kSecret, {.id = "fails", .task_queue = kQueue}); });
  ASSERT_TRUE(error);
  const auto* failed = cause_at<perdure::ApplicationError>(*error, 0);
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->message(), "swordfish failed");
  EXPECT_EQ(failed->type(), "Failed");
  EXPECT_EQ(failed->details(), perdure::to_payloads(std::string(kSecret)));
  ASSERT_NE(failed->cause(), nullptr);
  EXPECT_EQ(failed->cause()->message(), "because of swordfish");
}

TEST_F(CodecTest, HiddenAttributesWithoutACodecAreReadByClientsThatDoNotHideTheirs) {
  coded({.encode_common_attributes = true});
  {
    const auto running = coded_worker();
    const auto handle = client().start_workflow<Fails>(kSecret, {.id = "fails", .task_queue = kQueue});
    EXPECT_TRUE(error_of<perdure::WorkflowFailureError>([&] { handle.result(); }));
    EXPECT_THAT(handle.fetch_history(), HasSubstr("Encoded failure"));
  }
  disconnect();
  coded({});
  const auto error =
      error_of<perdure::WorkflowFailureError>([&] { client().get_workflow_handle<Fails>("fails").result(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->cause()->message(), "swordfish failed");
}

TEST_F(CodecTest, EveryRunOfAChainIsCoded) {
  coded({.payload_codec = codec_});
  const auto running = coded_worker();
  const auto handle =
      client().start_workflow<Everything>(kSecret, true, {.id = "chain", .task_queue = kQueue});
  handle.signal<&Everything::tell>("first");
  // The second run has its own wait.
  ASSERT_TRUE(eventually([&] {
    return client().get_workflow_handle<Everything>("chain").describe().run_id != handle.run_id();
  }));
  client().get_workflow_handle<Everything>("chain").signal<&Everything::tell>("second");
  EXPECT_THAT(handle.result(), testing::StartsWith("none swordfish-effect"));
}

TEST_F(CodecTest, RunsAreReplayedWithTheirCodec) {
  coded({.payload_codec = codec_, .encode_common_attributes = true});
  std::string history;
  {
    perdure::WorkerOptions forgetful{.workflows = perdure::workflows<Everything>(),
                                     .activities = perdure::activities<repeat, flaky_progress, refuse>()};
    forgetful.max_cached_workflows = 0;
    const auto running = worker(std::move(forgetful));
    const auto handle =
        client().start_workflow<Everything>(kSecret, false, {.id = "replayed", .task_queue = kQueue});
    handle.signal<&Everything::tell>("told");
    EXPECT_THAT(handle.result(), HasSubstr("swordfish-details told"));
    history = handle.fetch_history();
  }
  const perdure::testing::Replayer with_codec(
      perdure::workflows<Everything>(),
      {.data_converter = {.payload_codec = codec_, .encode_common_attributes = true}, .interceptors = {}});
  EXPECT_TRUE(with_codec.replay(history));
  const perdure::testing::Replayer without(perdure::workflows<Everything>());
  EXPECT_FALSE(without.replay(history));
}

TEST_F(CodecTest, ATaskThatCannotBeDecodedWaitsForTheKey) {
  coded({.payload_codec = codec_});
  const auto handle =
      client().start_workflow<Waits>(kSecret, {.id = "waits", .task_queue = kQueue, .task_timeout = 1s});
  codec_->broken_decoding = true;
  const auto running = coded_worker();
  ASSERT_TRUE(eventually([&] { return handle.fetch_history().find("no key 17") != std::string::npos; }));
  EXPECT_THAT(handle.fetch_history(), HasSubstr("the payload codec cannot decode a HistoryEvent: no key 17"));
  EXPECT_EQ(handle.describe().status, perdure::WorkflowExecutionStatus::kRunning);
  codec_->broken_decoding = false;
  handle.signal<&Waits::finish>();
  EXPECT_EQ(handle.result(), kSecret);
}

TEST_F(CodecTest, CommandsThatCannotBeEncodedFailTheTaskAndNotTheWorkflow) {
  coded({.payload_codec = codec_});
  const auto handle =
      client().start_workflow<Waits>(kSecret, {.id = "waits", .task_queue = kQueue, .task_timeout = 1s});
  const auto running = coded_worker();
  codec_->broken_encoding = true;
  // By a client that needs no encoding: the signal has no arguments.
  handle.signal<&Waits::finish>();
  ASSERT_TRUE(
      eventually([&] { return handle.fetch_history().find("the key server is away") != std::string::npos; }));
  codec_->broken_encoding = false;
  EXPECT_EQ(handle.result(), kSecret);
}

TEST_F(CodecTest, AnAttemptThatCannotBeDecodedOrEncodedIsMadeAgain) {
  g_codec = codec_;
  codec_->poison_left = 1;
  coded({.payload_codec = codec_, .encode_common_attributes = true});
  const auto running = coded_worker();
  EXPECT_EQ(client().execute_workflow<Persists>({.id = "persists", .task_queue = kQueue}),
            "poison in attempt 3");
  EXPECT_EQ(codec_->poison_left, 0);
  g_codec = nullptr;
}

TEST_F(CodecTest, ActivitiesThatAreCompletedFromElsewhereAreCoded) {
  coded({.payload_codec = codec_});
  const auto running = coded_worker();
  const auto handle = client().start_workflow<Delegates>({.id = "delegates", .task_queue = kQueue});
  ASSERT_TRUE(eventually([&] { return handle.describe().pending_activities == 1; }));
  const auto elsewhere = client().get_async_activity_handle("delegates", "", "a");
  codec_->broken_encoding = true;
  const auto refused =
      error_of<perdure::DataConversionError>([&] { elsewhere.complete(std::string(kSecret)); });
  ASSERT_TRUE(refused);
  EXPECT_THAT(refused->what(),
              HasSubstr("cannot encode a RespondActivityTaskCompletedByIdRequest: the key server is away"));
  codec_->broken_encoding = false;
  ASSERT_TRUE(eventually([&] {
    try {
      elsewhere.complete(std::string(kSecret));
      return true;
    } catch (const perdure::RpcError&) {
      return false;  // not started yet
    }
  }));
  EXPECT_EQ(handle.result(), kSecret);
  EXPECT_THAT(handle.fetch_history(), Not(HasSubstr("c3dvcmRmaXNo")));
}

TEST_F(CodecTest, AStartThatCannotBeEncodedIsNotSent) {
  codec_->broken_encoding = true;
  coded({.payload_codec = codec_});
  const auto error = error_of<perdure::DataConversionError>(
      [&] { client().start_workflow<Waits>(kSecret, {.id = "waits", .task_queue = kQueue}); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("the key server is away"));
  EXPECT_TRUE(error_of<perdure::WorkflowNotFoundError>(
      [&] { client().get_workflow_handle<Waits>("waits").describe(); }));
}

TEST_F(CodecTest, WhatWasWrittenBeforeTheCodecIsStillRead) {
  client().start_workflow<Waits>("plain", {.id = "waits", .task_queue = kQueue});
  disconnect();
  coded({.payload_codec = codec_});
  const auto running = coded_worker();
  const auto again = client().get_workflow_handle<Waits>("waits");
  again.signal<&Waits::finish>();
  EXPECT_EQ(again.result(), "plain");
}

TEST_F(CodecTest, SearchAttributesStayReadableByTheService) {
  coded({.payload_codec = codec_});
  const auto handle = client().start_workflow<Waits>(
      kSecret, {.id = "waits",
                .task_queue = kQueue,
                .search_attributes = {{perdure::SearchAttributeKey<std::string>("Customer"), "searchable"}}});
  EXPECT_THAT(handle.fetch_history(), HasSubstr("InNlYXJjaGFibGUi"));  // "searchable", in base64
}

TEST_F(CodecTest, AChainEncodesInItsOrderAndDecodesTheOtherWayRound) {
  class Tag final : public perdure::PayloadCodec {
   public:
    explicit Tag(std::string tag) : tag_(std::move(tag)) {}
    Payloads encode(Payloads payloads) override {
      payloads.at(0).data += tag_;
      return payloads;
    }
    Payloads decode(Payloads payloads) override {
      EXPECT_TRUE(payloads.at(0).data.ends_with(tag_));
      payloads.at(0).data.resize(payloads.at(0).data.size() - tag_.size());
      return payloads;
    }

   private:
    const std::string tag_;
  };
  perdure::PayloadCodecChain chain({std::make_shared<Tag>("+a"), std::make_shared<Tag>("+b")});
  const Payloads encoded = chain.encode({Payload{{}, "x"}});
  EXPECT_EQ(encoded.at(0).data, "x+a+b");
  EXPECT_EQ(chain.decode(encoded).at(0).data, "x");
}

TEST_F(CodecTest, TheTestEnvironmentHasItToo) {
  perdure::testing::Environment environment({.data_converter = {.payload_codec = codec_}});
  perdure::Worker running(environment.client(),
                          {.task_queue = "test",
                           .workflows = perdure::workflows<Everything>(),
                           .activities = perdure::activities<repeat, flaky_progress, refuse>()});
  running.start();
  const auto handle =
      environment.client().start_workflow<Everything>(kSecret, false, {.id = "e", .task_queue = "test"});
  handle.signal<&Everything::tell>("told");
  EXPECT_THAT(handle.result(), HasSubstr("told"));
  EXPECT_THAT(handle.fetch_history(), Not(HasSubstr("c3dvcmRmaXNo")));
}

}  // namespace sdk_test::codec
