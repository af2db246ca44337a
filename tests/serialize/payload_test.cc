// Payloads byte for byte as Temporal's Python SDK writes them. The expected texts are what
// json.dumps(value, separators=(",", ":"), sort_keys=True) of Python 3 prints for the same values.
#include "perdure/payload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <variant>

namespace {

using namespace std::chrono_literals;
using perdure::DataConversionError;
using perdure::from_payload;
using perdure::Payload;
using perdure::to_payload;

struct YourParams {
  std::string greeting;
  std::string name;
};

struct ScanInput {
  std::string account_id;
  std::string region = "eu-west-1";
  std::optional<std::string> severity;
  bool notify = false;
  bool approval_required = true;
  friend bool operator==(const ScanInput&, const ScanInput&) = default;
};

struct Tree {
  int value = 0;
  std::vector<Tree> children;
  std::unique_ptr<Tree> next;
};

struct Signed {
  perdure::required<std::string> name;
  int count = 7;
};

enum class Color { kRed, kGreen = 7 };
enum class Small : std::int8_t { kOne = 1 };

class Money {
 public:
  explicit Money(int cents) : cents_(cents) {}
  int cents() const { return cents_; }

 private:
  int cents_;
};

Payload json(std::string text) { return Payload{{{"encoding", "json/plain"}}, std::move(text)}; }

template <class T>
T read(std::string text) {
  return from_payload<T>(json(std::move(text)));
}

template <class T>
std::string error_of(std::string text) {
  try {
    read<T>(std::move(text));
  } catch (const DataConversionError& error) {
    return error.what();
  }
  return "no error";
}

template <class T>
void expect_text(const T& value, const std::string& text) {
  const Payload payload = to_payload(value);
  EXPECT_EQ(payload, json(text));
  EXPECT_EQ(to_payload(from_payload<T>(payload)), payload);
}

}  // namespace

template <>
struct perdure::Codec<Money> {
  static std::string encode(const Money& money) { return std::to_string(money.cents()) + "c"; }
  static Money decode(const std::string& text) {
    if (!text.ends_with('c')) {
      throw std::invalid_argument("'" + text + "' has no currency");
    }
    return Money(std::stoi(text));
  }
};

namespace {

TEST(Payload, StructsAreObjectsWithSortedMembers) {
  expect_text(YourParams{"Hello", "World"}, R"({"greeting":"Hello","name":"World"})");
  expect_text(
      ScanInput{.account_id = "42"},
      R"({"account_id":"42","approval_required":true,"notify":false,"region":"eu-west-1","severity":null})");
  struct Empty {};
  expect_text(Empty{}, "{}");
}

TEST(Payload, TextIsEscapedAsPythonDoes) {
  expect_text(std::string("plain"), R"("plain")");
  expect_text(std::string("\x7f\u00fc\U0001F600\n/\b\x01\"\\"),
              R"("\u007f\u00fc\ud83d\ude00\n/\b\u0001\"\\")");
  EXPECT_EQ(to_payload("a literal"), json(R"("a literal")"));
}

TEST(Payload, FloatsAreWrittenAsPythonsRepr) {
  expect_text(0.1, "0.1");
  expect_text(0.0001, "0.0001");
  expect_text(1e-5, "1e-05");
  expect_text(1e15, "1000000000000000.0");
  expect_text(1e16, "1e+16");
  expect_text(123456.789, "123456.789");
  expect_text(-0.0, "-0.0");
  expect_text(100.0, "100.0");
  expect_text(5e-324, "5e-324");
  expect_text(std::numeric_limits<double>::max(), "1.7976931348623157e+308");
  expect_text(0.1F, "0.1");
  expect_text(std::numeric_limits<double>::infinity(), "Infinity");
  expect_text(-std::numeric_limits<double>::infinity(), "-Infinity");
  EXPECT_EQ(to_payload(std::nan("")), json("NaN"));
  EXPECT_TRUE(std::isnan(read<double>("NaN")));
}

TEST(Payload, NumbersKeepTheirRange) {
  expect_text(std::numeric_limits<std::int64_t>::min(), "-9223372036854775808");
  expect_text(std::numeric_limits<std::uint64_t>::max(), "18446744073709551615");
  expect_text(true, "true");
  expect_text(Color::kGreen, "7");
  EXPECT_EQ(read<int>("3.0"), 3);
  EXPECT_EQ(read<int>("1e3"), 1000);
  EXPECT_EQ(read<int>("-0"), 0);
  EXPECT_EQ(read<double>("3"), 3.0);
  EXPECT_EQ(read<double>("1e-999"), 0.0);
  EXPECT_THAT(error_of<std::int8_t>("128"), testing::HasSubstr("128 is outside -128 to 127"));
  EXPECT_THAT(error_of<unsigned>("-1"), testing::HasSubstr("-1 is outside 0 to 4294967295"));
  EXPECT_THAT(error_of<int>("3.5"), testing::HasSubstr("3.5 is not a whole number"));
  EXPECT_THAT(error_of<std::int64_t>("1e30"), testing::HasSubstr("1e30 is not a whole number"));
  EXPECT_THAT(error_of<double>("1e999"), testing::HasSubstr("1e999 does not fit"));
  EXPECT_THAT(error_of<Small>("300"), testing::HasSubstr("300 is outside"));
}

TEST(Payload, ContainersAreArraysAndObjects) {
  expect_text(std::vector<int>{1, 2, 3}, "[1,2,3]");
  expect_text(std::vector<bool>{true, false}, "[true,false]");
  expect_text(std::deque<std::string>{"a"}, R"(["a"])");
  expect_text(std::list<int>{}, "[]");
  expect_text(std::array<int, 2>{1, 2}, "[1,2]");
  expect_text(std::set<int>{3, 1}, "[1,3]");
  expect_text(std::unordered_set<std::string>{"b", "a"}, R"(["a","b"])");
  expect_text(std::map<std::string, int>{{"b", 1}, {"a", 2}}, R"({"a":2,"b":1})");
  expect_text(std::unordered_map<std::string, int>{{"z", 1}, {"a", 2}}, R"({"a":2,"z":1})");
  expect_text(std::map<int, int>{{10, 1}, {-2, 3}}, R"({"-2":3,"10":1})");
  expect_text(std::pair<int, std::string>{1, "x"}, R"([1,"x"])");
  expect_text(std::tuple<int, bool, double>{1, true, 2.5}, "[1,true,2.5]");
  EXPECT_THAT((error_of<std::pair<int, int>>("[1]")), testing::HasSubstr("must have 2 elements, it has 1"));
  EXPECT_THAT((error_of<std::array<int, 1>>("[1,2]")),
              testing::HasSubstr("must have 1 elements, it has more"));
}

TEST(Payload, VariantsTakeTheFirstAlternativeThatFits) {
  using Value = std::variant<int, std::string, YourParams>;
  expect_text(Value{5}, "5");
  expect_text(Value{"five"}, R"("five")");
  expect_text(Value{YourParams{"a", "b"}}, R"({"greeting":"a","name":"b"})");
  EXPECT_THAT(error_of<Value>("[]"), testing::HasSubstr("no alternative of std::variant<"));
}

struct ByCard {
  std::string card;
};
struct ByInvoice {
  std::string address;
  int days = 30;
};
struct Ordered {
  std::variant<ByCard, ByInvoice> payment;
};

TEST(Payload, VariantsTakeTheAlternativeThatFitsBest) {
  using Payment = std::variant<ByCard, ByInvoice>;
  EXPECT_EQ(std::get<ByInvoice>(from_payload<Payment>(json(R"({"address":"here","days":14})"))).days, 14);
  EXPECT_EQ(std::get<ByInvoice>(from_payload<Payment>(json(R"({"address":"here"})"))).address, "here");
  EXPECT_EQ(std::get<ByCard>(from_payload<Payment>(json(R"({"card":"4711"})"))).card, "4711");
  EXPECT_EQ(std::get<ByCard>(from_payload<Payment>(json(R"({"card":"4711","new":true})"))).card, "4711");
  EXPECT_EQ(from_payload<Payment>(json("{}")).index(), 0U) << "of several, the first";
  const auto ordered = from_payload<Ordered>(json(R"({"payment":{"address":"here","days":1}})"));
  EXPECT_EQ(std::get<ByInvoice>(ordered.payment).days, 1);
  using Number = std::variant<double, int>;
  EXPECT_EQ(std::get<int>(from_payload<Number>(json("7"))), 7);
  EXPECT_EQ(std::get<double>(from_payload<Number>(json("7.0"))), 7.0);
  using Turned = std::variant<int, double>;
  EXPECT_EQ(std::get<double>(from_payload<Turned>(json("7.0"))), 7.0);
  using Nested = std::variant<std::vector<ByCard>, std::vector<ByInvoice>>;
  EXPECT_EQ(from_payload<Nested>(json(R"([{"address":"here","days":2}])")).index(), 1U);
}

TEST(Payload, TreesAreWrittenAndReadWhole) {
  Tree tree{.value = 1};
  tree.children.push_back(Tree{.value = 2});
  tree.next = std::make_unique<Tree>(Tree{.value = 3});
  const Payload payload = to_payload(tree);
  EXPECT_EQ(
      payload.data,
      R"({"children":[{"children":[],"next":null,"value":2}],"next":{"children":[],"next":null,"value":3},)"
      R"("value":1})");
  EXPECT_EQ(to_payload(from_payload<Tree>(payload)), payload);
}

TEST(Payload, DurationsAreExactSeconds) {
  expect_text(10s, "10");
  expect_text(1500ms, "1.5");
  expect_text(std::chrono::nanoseconds(-1), "-0.000000001");
  expect_text(std::chrono::hours(2), "7200");
  expect_text(std::chrono::duration<double>(0.25), "0.25");
  EXPECT_EQ(read<std::chrono::milliseconds>("10.0"), 10s);
  EXPECT_EQ(read<std::chrono::milliseconds>("1e-3"), 1ms);
  EXPECT_THAT(error_of<std::chrono::seconds>("0.5"),
              testing::HasSubstr("0.5 s is not a whole number of units"));
  EXPECT_THAT((error_of<std::chrono::duration<int>>("3000000000")), testing::HasSubstr("does not fit"));
}

TEST(Payload, DurationsOfPydanticAreRead) {
  const auto seconds = [](const std::string& text) {
    return from_payload<std::chrono::nanoseconds>(json("\"" + text + "\""));
  };
  EXPECT_EQ(seconds("PT0S"), 0s);
  EXPECT_EQ(seconds("PT1.5S"), 1500ms);
  EXPECT_EQ(seconds("-PT1M30.25S"), -90250ms);
  EXPECT_EQ(seconds("P1DT6H"), 30h);
  EXPECT_EQ(seconds("P3D"), 72h);
  EXPECT_EQ(seconds("P2W"), 14 * 24h);
  EXPECT_EQ(seconds("P1Y35DT2H3M4.000005S"), 400 * 24h + 2h + 3min + 4s + 5us);
  EXPECT_EQ(from_payload<std::chrono::duration<double>>(json("\"PT0.25S\"")).count(), 0.25);
  for (const std::string text :
       {"", "P", "PT", "P1", "1S", "PT1H2", "P1M", "PT1S2H", "PT1.2.3S", "PT.5S", "P1DT", "PTT1S"}) {
    EXPECT_THROW(seconds(text), DataConversionError) << text;
  }
  EXPECT_THROW(from_payload<std::chrono::seconds>(json("\"PT1.5S\"")), DataConversionError);
}

TEST(Payload, InstantsAreIsoTexts) {
  using Micros = std::chrono::sys_time<std::chrono::microseconds>;
  expect_text(Micros(1700000000123456us), R"("2023-11-14T22:13:20.123456+00:00")");
  expect_text(Micros(1700000000s), R"("2023-11-14T22:13:20+00:00")");
  EXPECT_EQ(read<Micros>(R"("2023-11-14T23:13:20.5+01:00")"), Micros(1700000000500ms));
  EXPECT_EQ(read<Micros>(R"("2023-11-14T22:13:20Z")"), Micros(1700000000s));
  EXPECT_THAT(error_of<Micros>(R"("2023-02-30T22:13:20Z")"), testing::HasSubstr("is not an ISO 8601"));
}

TEST(Payload, NothingIsBinaryNull) {
  const Payload null{{{"encoding", "binary/null"}}, ""};
  EXPECT_EQ(perdure::null_payload(), null);
  EXPECT_EQ(to_payload(std::optional<int>()), null);
  EXPECT_EQ(to_payload(std::unique_ptr<Tree>()), null);
  EXPECT_EQ(to_payload(std::monostate()), null);
  EXPECT_EQ(from_payload<std::optional<int>>(null), std::nullopt);
  EXPECT_EQ(read<std::optional<int>>("null"), std::nullopt);
  EXPECT_THROW(from_payload<int>(null), DataConversionError);
  EXPECT_THROW(from_payload<std::optional<int>>(Payload{{{"encoding", "binary/null"}}, "x"}),
               DataConversionError);
}

TEST(Payload, BytesAreBinaryPlainAtTheTopAndNumbersWithin) {
  const std::vector<std::byte> bytes{std::byte{0}, std::byte{255}};
  const Payload plain{{{"encoding", "binary/plain"}}, std::string("\0\xff", 2)};
  EXPECT_EQ(to_payload(bytes), plain);
  EXPECT_EQ(from_payload<std::vector<std::byte>>(plain), bytes);
  expect_text(std::vector<std::vector<std::byte>>{bytes}, "[[0,255]]");
  EXPECT_EQ(read<std::vector<std::byte>>("[0,255]"), bytes);
  EXPECT_THROW(from_payload<std::string>(plain), DataConversionError);
}

TEST(Payload, PayloadsPassThrough) {
  const Payload raw{{{"encoding", "x/custom"}, {"k", "v"}}, "data"};
  EXPECT_EQ(to_payload(raw), raw);
  EXPECT_EQ(from_payload<Payload>(raw), raw);
  EXPECT_THROW(from_payload<int>(raw), DataConversionError);
}

TEST(Payload, AbsentMembersKeepTheirDefaultsAndUnknownOnesAreIgnored) {
  EXPECT_EQ(read<ScanInput>(R"({"account_id":"7","later":{"a":[1,2,{"b":null}]},"notify":true})"),
            (ScanInput{.account_id = "7", .notify = true}));
  EXPECT_EQ(read<ScanInput>("{}"), ScanInput{});
  EXPECT_EQ(read<YourParams>(R"({"name":"a","name":"b"})").name, "b");
}

TEST(Payload, RequiredMembersMustBePresent) {
  expect_text(Signed{.name = "x"}, R"({"count":7,"name":"x"})");
  EXPECT_THAT(error_of<Signed>(R"({"count":1})"), testing::HasSubstr("required member \"name\" is missing"));
}

TEST(Payload, OwnConversionsAreUsedEverywhere) {
  EXPECT_EQ(to_payload(Money(250)), json(R"("250c")"));
  EXPECT_EQ(read<std::vector<Money>>(R"(["1c","2c"])")[1].cents(), 2);
  EXPECT_THAT(error_of<Money>(R"("250")"), testing::HasSubstr("'250' has no currency"));
}

TEST(Payload, ErrorsNameTypeByteAndMember) {
  const std::string error =
      error_of<std::map<std::string, std::vector<ScanInput>>>(R"({"eu":[{},{"notify":"yes"}]})");
  EXPECT_THAT(error, testing::HasSubstr("ScanInput"));
  EXPECT_THAT(error, testing::EndsWith("from a payload of encoding \"json/plain\": at byte 20, field "
                                       "\"eu[1].notify\": expected true or false, found a string"));
}

TEST(Payload, TextThatIsNotUtf8IsRefusedWithItsPlace) {
  try {
    to_payload(std::vector<YourParams>{{"ok", "bad \xff"}});
    FAIL();
  } catch (const DataConversionError& error) {
    EXPECT_THAT(error.what(),
                testing::HasSubstr("field \"[0].name\": the string is not valid UTF-8 at its byte 4"));
  }
}

TEST(Payload, NestingIsLimitedBothWays) {
  std::string deep(100, '[');
  deep += std::string(100, ']');
  struct Node {
    std::vector<Node> n;
  };
  EXPECT_NO_THROW(read<ScanInput>(R"({"unknown":)" + deep.substr(1, 198) + "}"));
  EXPECT_THAT(error_of<ScanInput>(R"({"unknown":)" + deep + "}"),
              testing::HasSubstr("nested deeper than 100"));
  Node root;
  for (int i = 0; i < 51; ++i) {
    Node outer;
    outer.n.push_back(std::move(root));
    root = std::move(outer);
  }
  EXPECT_THROW(to_payload(root), DataConversionError);
}

TEST(Payload, ArgumentsMayBeFewerOnlyIfOptional) {
  const perdure::Payloads payloads = perdure::to_payloads(1, "two");
  EXPECT_EQ((perdure::from_payloads<int, std::string>(payloads)), (std::tuple<int, std::string>{1, "two"}));
  EXPECT_EQ((perdure::from_payloads<int>(payloads)), std::tuple<int>{1});
  EXPECT_EQ(std::get<2>(perdure::from_payloads<int, std::string, std::optional<int>>(payloads)),
            std::nullopt);
  EXPECT_THROW((perdure::from_payloads<int, std::string, int>(payloads)), DataConversionError);
}

// Whose types no other file can name: not all of these compiled once.
TEST(Payload, StructsWithoutLinkageMayBePartsOfAnything) {
  struct Local {
    std::optional<ScanInput> optional;
    std::vector<ScanInput> list;
    std::map<std::string, std::optional<ScanInput>> map;
    std::variant<ScanInput, std::optional<Signed>> variant;
    std::unique_ptr<ScanInput> pointer;
  };
  const Local read = from_payload<Local>(to_payload(Local{.optional = ScanInput{.account_id = "a"}}));
  EXPECT_EQ(read.optional, ScanInput{.account_id = "a"});
  EXPECT_TRUE(read.list.empty() && read.map.empty() && !read.pointer);
}

}  // namespace
