// Values whose shape belongs to somebody else: protobuf messages, nlohmann::json, JSON text.
#include <gmock/gmock.h>
#include <google/protobuf/source_context.pb.h>
#include <google/protobuf/type.pb.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "perdure/json.h"
#include "perdure/payload.h"

namespace {

using google::protobuf::Field;
using google::protobuf::SourceContext;
using perdure::DataConversionError;
using perdure::from_payload;
using perdure::Payload;
using perdure::RawJson;
using perdure::to_payload;
using testing::HasSubstr;

// [fields]
struct Scan {
  std::string account_id;
  nlohmann::json config;
  SourceContext source;
};
// [fields]

struct Forwarded {
  std::string name;
  RawJson rest;
};

template <class T>
std::string refusal(const Payload& payload) {
  try {
    from_payload<T>(payload);
  } catch (const DataConversionError& error) {
    return error.what();
  }
  return "none";
}

Payload json(std::string text) { return {{{"encoding", "json/plain"}}, std::move(text)}; }

Field field() {
  Field field;
  field.set_number(3);
  field.set_name("region");
  field.set_type_url("example.com/Region");
  return field;
}

TEST(Protobuf, MessagesAreTheirJsonAndSayTheirType) {
  const Payload payload = to_payload(field());
  EXPECT_EQ(payload.metadata_value("encoding"), "json/protobuf");
  EXPECT_EQ(payload.metadata_value("messageType"), "google.protobuf.Field");
  EXPECT_EQ(payload.data, R"({"number":3,"name":"region","typeUrl":"example.com/Region"})");
  EXPECT_EQ(from_payload<Field>(payload).SerializeAsString(), field().SerializeAsString());
}

TEST(Protobuf, MessagesAreReadAsBytesToo) {
  const Payload payload{{{"encoding", "binary/protobuf"}, {"messageType", "google.protobuf.Field"}},
                        field().SerializeAsString()};
  EXPECT_EQ(from_payload<Field>(payload).name(), "region");
}

TEST(Protobuf, FieldsThatTheMessageDoesNotHaveAreIgnored) {
  const Payload payload{{{"encoding", "json/protobuf"}, {"messageType", "google.protobuf.Field"}},
                        R"({"name":"region","addedLater":[1]})"};
  EXPECT_EQ(from_payload<Field>(payload).name(), "region");
}

TEST(Protobuf, AnotherMessageOrAnotherEncodingIsRefused) {
  EXPECT_THAT(refusal<SourceContext>(to_payload(field())), HasSubstr("it holds a google.protobuf.Field"));
  EXPECT_THAT(refusal<Field>(to_payload("region")), HasSubstr("is read from \"json/protobuf\""));
  EXPECT_THAT(refusal<Field>({{{"encoding", "json/protobuf"}}, R"({"number":"x"})"}),
              HasSubstr("cannot read a google::protobuf::Field"));
}

TEST(ForeignJson, IsAMemberLikeAnyOther) {
  Scan scan{.account_id = "a-1", .config = {{"regions", {"eu", "us"}}, {"deep", true}}};
  scan.source.set_file_name("scan.proto");
  const Payload payload = to_payload(scan);
  EXPECT_EQ(
      payload.data,
      R"({"account_id":"a-1","config":{"deep":true,"regions":["eu","us"]},"source":{"fileName":"scan.proto"}})");
  const auto read = from_payload<Scan>(payload);
  EXPECT_EQ(read.config, scan.config);
  EXPECT_EQ(read.source.file_name(), "scan.proto");
}

TEST(ForeignJson, OfNothingIsNothing) {
  EXPECT_EQ(to_payload(nlohmann::json()), perdure::null_payload());
  EXPECT_TRUE(from_payload<nlohmann::json>(perdure::null_payload()).is_null());
}

TEST(ForeignJson, EscapesAsThePythonSdkDoes) {
  EXPECT_EQ(to_payload(nlohmann::json("grün")).data, "\"gr\\u00fcn\"");
}

TEST(ForeignJson, OfAMessageThatDoesNotFitNamesTheMember) {
  EXPECT_THAT(refusal<Scan>(json(R"({"account_id":"a","source":{"fileName":[1]}})")),
              HasSubstr("field \"source\": not the JSON of a google.protobuf.SourceContext"));
}

TEST(RawJson, PassesThroughAsItIs) {
  const auto read = from_payload<Forwarded>(json(R"({ "name": "x", "rest": {"b": [1, 2.50] } , "more": 1})"));
  EXPECT_EQ(read.rest.text, R"({"b": [1, 2.50] })");
  EXPECT_EQ(to_payload(read).data, R"({"name":"x","rest":{"b": [1, 2.50] }})");
  EXPECT_EQ(from_payload<Forwarded>(json(R"({"name":"x"})")).rest, RawJson{});
}

TEST(RawJson, ThatIsNoJsonIsRefusedByName) {
  try {
    to_payload(Forwarded{.name = "x", .rest = {"{oops"}});
    FAIL();
  } catch (const DataConversionError& error) {
    EXPECT_THAT(error.what(), HasSubstr("field \"rest\": the text is not JSON"));
  }
}

}  // namespace
