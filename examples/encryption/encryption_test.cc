#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <perdure/testing.h>
#include <perdure/testing/replayer.h>

#include <memory>
#include <string>

#include "codecs.h"
#include "patient.h"

namespace encryption {
namespace {

using perdure::Payloads;
using testing::HasSubstr;
using testing::Not;

// The key and its id of Temporal's samples.
constexpr const char* kKey = "test-key-test-key-test-key-test!";
constexpr const char* kKeyId = "test-key-id";

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::string error_of_decoding(perdure::PayloadCodec& codec, const Payloads& payloads) {
  try {
    codec.decode(payloads);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "none";
}

TEST(EncryptionCodecTest, ReadsWhatPythonEncrypted) {
  // AESGCM(key).encrypt(nonce, payload.SerializeToString(), None) of Python's cryptography, behind its nonce.
  const perdure::Payload encrypted{
      {{"encoding", "binary/encrypted"}, {"encryption-key-id", kKeyId}},
      from_hex(
          "000102030405060708090a0bf92b89da276861d2657395a2a3f7f7d1e8a45622938592d067f1a32d6ead4a8c62fa3546"
          "2d992f59bf9a5df5b5cab02721d37d226f14fb5f149fbfe948ac9d")};
  EncryptionCodec codec(kKeyId, {{kKeyId, kKey}});
  EXPECT_EQ(codec.decode({encrypted}), perdure::to_payloads("My name is Temporal"));
}

TEST(EncryptionCodecTest, EncryptsEachPayloadAnewAndDecryptsIt) {
  EncryptionCodec codec(kKeyId, {{kKeyId, kKey}});
  const Payloads plain = perdure::to_payloads("secret", 17, std::vector<std::byte>(70'000));
  const Payloads first = codec.encode(plain);
  const Payloads second = codec.encode(plain);
  ASSERT_EQ(first.size(), 3U);
  EXPECT_NE(first[0].data, second[0].data);
  EXPECT_EQ(first[0].metadata_value("encoding"), "binary/encrypted");
  EXPECT_EQ(first[0].metadata_value("encryption-key-id"), kKeyId);
  EXPECT_THAT(first[0].data, Not(HasSubstr("secret")));
  EXPECT_EQ(codec.decode(first), plain);
  EXPECT_EQ(codec.decode(plain), plain);
}

TEST(EncryptionCodecTest, KeysAreRotated) {
  EncryptionCodec before("old", {{"old", kKey}});
  EncryptionCodec after("new", {{"old", kKey}, {"new", std::string(32, 'n')}});
  const Payloads plain = perdure::to_payloads("secret");
  EXPECT_EQ(after.decode(before.encode(plain)), plain);
  EXPECT_EQ(after.encode(plain)[0].metadata_value("encryption-key-id"), "new");
  EXPECT_THAT(error_of_decoding(before, after.encode(plain)), HasSubstr("the key \"new\""));
}

TEST(EncryptionCodecTest, WhatWasChangedIsRefused) {
  EncryptionCodec codec(kKeyId, {{kKeyId, kKey}});
  Payloads encrypted = codec.encode(perdure::to_payloads("secret"));
  encrypted[0].data[20] = static_cast<char>(encrypted[0].data[20] ^ 1);
  EXPECT_THAT(error_of_decoding(codec, encrypted), HasSubstr("was changed"));
  encrypted[0].data.resize(27);
  EXPECT_THAT(error_of_decoding(codec, encrypted), HasSubstr("cut short"));
  EXPECT_THROW(EncryptionCodec("short", {{"short", "key"}}), std::invalid_argument);
  EXPECT_THROW(EncryptionCodec("none", {}), std::invalid_argument);
}

TEST(ZstdCodecTest, CompressesWhatGetsSmaller) {
  ZstdCodec codec;
  const Payloads plain = perdure::to_payloads(std::string(100'000, 'x'), "x");
  const Payloads encoded = codec.encode(plain);
  EXPECT_EQ(encoded[0].metadata_value("encoding"), "binary/zstd");
  EXPECT_LT(encoded[0].data.size(), 200U);
  EXPECT_EQ(encoded[1], plain[1]);
  EXPECT_EQ(codec.decode(encoded), plain);
}

TEST(ZstdCodecTest, DamageIsRefused) {
  ZstdCodec codec;
  Payloads encoded = codec.encode(perdure::to_payloads(std::string(100'000, 'x')));
  Payloads cut = encoded;
  cut[0].data.resize(cut[0].data.size() / 2);
  EXPECT_THAT(error_of_decoding(codec, cut), HasSubstr("damaged"));
  encoded[0].data = "no zstd";
  EXPECT_THAT(error_of_decoding(codec, encoded), HasSubstr("damaged"));
}

// [environment]
TEST(ExaminationTest, IsReadByItsWorkerAndNotByTheService) {
  const auto codec =
      std::make_shared<perdure::PayloadCodecChain>(std::vector<std::shared_ptr<perdure::PayloadCodec>>{
          std::make_shared<ZstdCodec>(),
          std::make_shared<EncryptionCodec>(kKeyId, std::map<std::string, std::string>{{kKeyId, kKey}})});
  const perdure::DataConverter converter{.payload_codec = codec, .encode_common_attributes = true};
  perdure::testing::Environment environment({.data_converter = converter});
  perdure::Worker worker(environment.client(), {.task_queue = "test",
                                                .workflows = perdure::workflows<Examination>(),
                                                .activities = perdure::activities<file_report>()});
  worker.start();
  const auto handle =
      environment.client().start_workflow<Examination>("Ada", {.id = "examination", .task_queue = "test"});
  EXPECT_EQ(handle.result(), "report about Ada: nothing unusual");
  const std::string history = handle.fetch_history();  // as it is stored
  EXPECT_THAT(history, Not(HasSubstr("IkFkYSI=")));    // "Ada", in base64
  EXPECT_TRUE(perdure::testing::Replayer(perdure::workflows<Examination>(),
                                         {.data_converter = converter, .interceptors = {}})
                  .replay(history));
}
// [environment]

}  // namespace
}  // namespace encryption
