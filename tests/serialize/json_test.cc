// What is not JSON is refused, wherever it stands.
#include "perdure/detail/codec.h"

#include <gtest/gtest.h>

#include <map>

namespace {

using perdure::DataConversionError;
using perdure::detail::from_json;

struct Any {};  // every member is unknown, so the text goes through skip()

class Malformed : public testing::TestWithParam<std::string> {};

TEST_P(Malformed, IsRefusedWhenSkippedAndWhenRead) {
  EXPECT_THROW(from_json<Any>("{\"x\":" + GetParam() + "}"), DataConversionError);
  EXPECT_THROW((from_json<std::map<std::string, std::vector<double>>>("{\"x\":" + GetParam() + "}")),
               DataConversionError);
  EXPECT_THROW((from_json<std::map<std::string, std::string>>("{\"x\":" + GetParam() + "}")),
               DataConversionError);
}

INSTANTIATE_TEST_SUITE_P(Json, Malformed,
                         testing::Values("", "tru", "True", "nul", "nulll", "truefalse", "01", "-", "+1",
                                         "1.", ".5", "1e", "1e+", "0x1", "1_0", "--1", "NaNs", "-Inf", "inf",
                                         "'a'", "\"", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"",
                                         "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\n\"",
                                         "\"\x01\"", "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"",
                                         "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"", "[", "[1", "[1,", "[1,]",
                                         "[,1]", "[1 2]", "{", "{\"a\"", "{\"a\":", "{\"a\":1,}", "{a:1}",
                                         "{\"a\" 1}", "{,}", "}", "]", "1,,", "/**/1",
                                         "\xef\xbb\xbf"
                                         "1",
                                         "undefined"));

TEST(Json, NothingMayFollowTheValue) {
  EXPECT_THROW(from_json<int>("1 2"), DataConversionError);
  EXPECT_THROW(from_json<int>("1]"), DataConversionError);
  EXPECT_THROW(from_json<int>(std::string("1\0", 2)), DataConversionError);
  EXPECT_THROW(from_json<int>(""), DataConversionError);
  EXPECT_EQ(from_json<int>(" \t\r\n1 \n"), 1);
}

TEST(Json, SpaceMayStandBetweenTokens) {
  EXPECT_EQ((from_json<std::map<std::string, std::vector<int>>>(" { \"a\" : [ 1 , 2 ] , \"b\" : [ ] } ")),
            (std::map<std::string, std::vector<int>>{{"a", {1, 2}}, {"b", {}}}));
}

TEST(Json, EscapesAreRead) {
  EXPECT_EQ(from_json<std::string>(R"("\"\\\/\b\f\n\r\t\u0041\u00fc\ud83d\ude00")"),
            "\"\\/\b\f\n\r\tA\u00fc\U0001F600");
  EXPECT_EQ(from_json<std::string>("\"\u00fc\U0001F600\""), "\u00fc\U0001F600");
}

// Every prefix and every changed byte of a text is either read or refused with DataConversionError; nothing
// else.
TEST(Json, DamagedTextsAreReadOrRefused) {
  struct Inner {
    std::vector<std::optional<double>> numbers;
    std::map<std::string, std::string> texts;
  };
  const std::string text = R"({"numbers":[1,-2.5e3,null],"texts":{"k":"v\u00fc\ud83d\ude00","":"\n"}})";
  int read = 0;
  int refused = 0;
  const auto attempt = [&](const std::string& candidate) {
    try {
      from_json<Inner>(candidate);
      ++read;
    } catch (const DataConversionError&) {
      ++refused;
    }
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    attempt(text.substr(0, i));
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = text;
      changed[i] = static_cast<char>(byte);
      attempt(changed);
    }
  }
  EXPECT_GT(read, 1000);
  EXPECT_GT(refused, 1000);
}

}  // namespace
