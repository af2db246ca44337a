#pragma once
// A pull parser: the codec asks for what its type needs, so no document is built. Strict JSON (RFC 8259, no
// trailing commas, no comments, no byte order mark), plus NaN, Infinity and -Infinity where a floating point
// number is asked for, as Python's json.loads takes them. Errors name the byte offset and the field.
#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "perdure/detail/json_path.h"
#include "perdure/detail/utf8.h"

namespace perdure::detail {

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) { skip_space(); }

  // What comes next: one of { [ " t f n 0 (a number, also NaN and Infinity), or '\0' for the end or garbage.
  char kind() const {
    const char c = peek();
    if (c == '-' || c == 'N' || c == 'I' || (c >= '0' && c <= '9')) {
      return '0';
    }
    return c == '{' || c == '[' || c == '"' || c == 't' || c == 'f' || c == 'n' ? c : '\0';
  }

  bool take_null() {
    if (peek() != 'n') {
      return false;
    }
    word("null");
    return true;
  }

  bool boolean() {
    if (peek() == 't') {
      word("true");
      return true;
    }
    if (peek() == 'f') {
      word("false");
      return false;
    }
    fail_expected("true or false");
  }

  std::string string() {
    if (peek() != '"') {
      fail_expected("a string");
    }
    ++at_;
    std::string out;
    while (true) {
      if (at_ >= text_.size()) {
        fail("the string does not end");
      }
      const unsigned char c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        ++at_;
        skip_space();
        return out;
      }
      if (c == '\\') {
        escape(out);
      } else if (c < 0x20) {
        fail("a control character in a string must be escaped");
      } else {
        const std::size_t start = at_;
        if (decode_utf8(text_, at_) == kBadCodePoint) {
          fail("the string is not valid UTF-8");
        }
        out.append(text_, start, at_ - start);
      }
    }
  }

  // A whole number within T's range; 3.0 and 1e3 are whole.
  template <std::integral T>
  T integer() {
    const std::size_t start = at_;
    const std::string_view text = number("a whole number");
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size()) {
      return value;
    }
    if (text.find_first_of(".eE") != std::string_view::npos) {
      double real = 0;
      std::from_chars(text.data(), text.data() + text.size(), real);
      // Below 2^53 every whole double is exact; beyond that a fraction could have been rounded away.
      if (real == static_cast<double>(static_cast<std::int64_t>(clamped(real))) &&
          std::in_range<T>(static_cast<std::int64_t>(clamped(real)))) {
        note_misfits(1);
        return static_cast<T>(real);
      }
      fail_at(start, std::string(text) + " is not a whole number from " + range_text<T>());
    }
    fail_at(start, std::string(text) + " is outside " + range_text<T>());
  }

  template <std::floating_point T>
  T floating() {
    if (peek() == 'N') {
      word("NaN");
      return std::numeric_limits<T>::quiet_NaN();
    }
    if (peek() == 'I') {
      word("Infinity");
      return std::numeric_limits<T>::infinity();
    }
    if (text_.substr(at_).starts_with("-I")) {
      word("-Infinity");
      return -std::numeric_limits<T>::infinity();
    }
    const std::size_t start = at_;
    const std::string_view text = number("a number");
    note_misfits(text.find_first_of(".eE") == std::string_view::npos ? 1 : 0);
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::result_out_of_range) {
      if (magnitude(text) < 0) {
        return text.front() == '-' ? -T{0} : T{0};
      }
      fail_at(start, std::string(text) + " does not fit a floating point number of " +
                         std::to_string(sizeof(T) * 8) + " bits");
    }
    return value;
  }

  // The text of a number, checked against JSON's grammar.
  std::string_view number(const char* expected) {
    const std::size_t start = at_;
    if (peek() == '-') {
      ++at_;
    }
    if (peek() == '0') {
      ++at_;
    } else if (!digits()) {
      at_ = start;
      fail_expected(expected);
    }
    if (peek() == '.') {
      ++at_;
      if (!digits()) {
        fail("a digit must follow the decimal point");
      }
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') {
        ++at_;
      }
      if (!digits()) {
        fail("a digit must follow the exponent's e");
      }
    }
    const std::string_view text = text_.substr(start, at_ - start);
    skip_space();
    return text;
  }

  // for (bool first = open('{', …); next('}', first);) … : whether another member or element follows.
  bool open(char bracket, const char* expected) {
    if (peek() != bracket) {
      fail_expected(expected);
    }
    if (++depth_ > kMaxDepth) {
      fail("nested deeper than " + std::to_string(kMaxDepth) + " levels");
    }
    advance();
    return true;
  }
  bool next(char close, bool& first) {
    if (peek() == close) {
      advance();
      --depth_;
      return false;
    }
    if (!first) {
      if (peek() != ',') {
        fail_expected(close == '}' ? "',' or '}'" : "',' or ']'");
      }
      advance();
    }
    first = false;
    return true;
  }
  // The name of a member and the colon behind it.
  std::string member_name() {
    if (peek() != '"') {
      fail_expected("a member's name in quotes");
    }
    std::string name = string();
    if (peek() != ':') {
      fail_expected("':'");
    }
    advance();
    return name;
  }

  // Reads any value and forgets it, with the same strictness.
  void skip() {
    switch (kind()) {
      case '{':
        for (bool first = open('{', ""); next('}', first);) {
          member_name();
          skip();
        }
        return;
      case '[':
        for (bool first = open('[', ""); next(']', first);) {
          skip();
        }
        return;
      case '"':
        string();
        return;
      case 't':
      case 'f':
        boolean();
        return;
      case 'n':
        take_null();
        return;
      case '0':
        if (peek() == 'N' || peek() == 'I' || text_.substr(at_).starts_with("-I")) {
          floating<double>();
        } else {
          number("a number");
        }
        return;
      default:
        fail_expected("a value");
    }
  }

  // The text of any value, which is checked as skip() does.
  std::string_view skipped_text() {
    const std::size_t start = at_;
    skip();
    std::string_view text = text_.substr(start, at_ - start);
    return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  }

  void finish() {
    if (at_ != text_.size()) {
      fail("something follows the value");
    }
  }

  // For trying alternatives: where to come back to.
  struct Mark {
    std::size_t at;
    int depth;
    std::size_t misfits;
  };
  Mark mark() const { return {at_, depth_, misfits_}; }
  void rewind(Mark mark) {
    at_ = mark.at;
    depth_ = mark.depth;
    misfits_ = mark.misfits;
  }
  // What a type takes without being made for it: members that it has not, or that are not there, numbers of
  // the other kind. The alternative of a variant with the fewest is meant.
  void note_misfits(std::size_t count) { misfits_ += count; }
  std::size_t misfits() const { return misfits_; }

  [[noreturn]] void fail(const std::string& what) const { fail_at(at_, what); }
  [[noreturn]] void fail_at(std::size_t at, const std::string& what) const {
    const std::string place = path_text(path);
    throw DataConversionError("at byte " + std::to_string(at) +
                              (place.empty() ? ": " : ", field \"" + place + "\": ") + what);
  }
  [[noreturn]] void fail_expected(const std::string& expected) const {
    fail("expected " + expected + ", found " + found());
  }

  const PathStep* path = nullptr;

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void advance() {
    ++at_;
    skip_space();
  }
  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  bool digits() {
    const std::size_t start = at_;
    while (peek() >= '0' && peek() <= '9') {
      ++at_;
    }
    return at_ > start;
  }

  void word(std::string_view expected) {
    const std::size_t end = at_ + expected.size();
    const auto in_word = [](char c) {
      return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    };
    if (!text_.substr(at_).starts_with(expected) || (end < text_.size() && in_word(text_[end]))) {
      fail("an unknown word; JSON has true, false and null");
    }
    at_ = end;
    skip_space();
  }

  void escape(std::string& out) {
    const std::size_t start = at_;
    ++at_;
    const char c = peek();
    ++at_;
    switch (c) {
      case '"':
        out += '"';
        return;
      case '\\':
        out += '\\';
        return;
      case '/':
        out += '/';
        return;
      case 'b':
        out += '\b';
        return;
      case 'f':
        out += '\f';
        return;
      case 'n':
        out += '\n';
        return;
      case 'r':
        out += '\r';
        return;
      case 't':
        out += '\t';
        return;
      case 'u':
        break;
      default:
        fail_at(start, "unknown escape in a string");
    }
    char32_t point = hex4(start);
    if (point >= 0xd800 && point <= 0xdbff && text_.substr(at_).starts_with("\\u")) {
      at_ += 2;
      const char32_t low = hex4(start);
      if (low < 0xdc00 || low > 0xdfff) {
        fail_at(start, "half of a surrogate pair, which no UTF-8 string can hold");
      }
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    } else if (point >= 0xd800 && point <= 0xdfff) {
      fail_at(start, "half of a surrogate pair, which no UTF-8 string can hold");
    }
    append_utf8(out, point);
  }

  char32_t hex4(std::size_t start) {
    unsigned value = 0;
    const std::string_view text = text_.substr(at_, 4);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (text.size() != 4 || error != std::errc() || end != text.data() + 4) {
      fail_at(start, "\\u needs four hexadecimal digits");
    }
    at_ += 4;
    return value;
  }

  std::string found() const {
    switch (kind()) {
      case '{':
        return "an object";
      case '[':
        return "an array";
      case '"':
        return "a string";
      case 't':
      case 'f':
        return "a boolean";
      case 'n':
        return "null";
      case '0':
        return "a number";
      default:
        break;
    }
    if (at_ >= text_.size()) {
      return "the end of the text";
    }
    const unsigned char c = static_cast<unsigned char>(text_[at_]);
    return c > 0x20 && c < 0x7f ? std::string("'") + text_[at_] + "'" : "byte " + std::to_string(c);
  }

  static double clamped(double value) {
    constexpr double kExact = 9007199254740992.0;  // 2^53
    return value > kExact || value < -kExact || value != value ? 0.5 : value;
  }

  // The power of ten of the first digit that is not zero: tells overflow (>= 0) from underflow.
  static std::int64_t magnitude(std::string_view text) {
    const std::size_t e = text.find_first_of("eE");
    const std::string_view mantissa = text.substr(0, e);
    const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
    const std::size_t first = mantissa.find_first_of("123456789");
    std::int64_t power = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
    power -= first < point ? 1 : 0;
    if (e == std::string_view::npos) {
      return power;
    }
    std::string_view exponent = text.substr(e + 1);
    const bool negative = exponent.front() == '-';
    if (exponent.front() == '+' || negative) {
      exponent.remove_prefix(1);
    }
    std::int64_t value = 0;
    const auto error = std::from_chars(exponent.data(), exponent.data() + exponent.size(), value).ec;
    if (error != std::errc()) {
      return negative ? -1 : 1;
    }
    return power + (negative ? -value : value);
  }

  template <std::integral T>
  static std::string range_text() {
    return std::to_string(std::numeric_limits<T>::min()) + " to " +
           std::to_string(std::numeric_limits<T>::max());
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t misfits_ = 0;
  int depth_ = 0;
};

}  // namespace perdure::detail
