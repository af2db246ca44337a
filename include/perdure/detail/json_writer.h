#pragma once
// JSON text, byte for byte as Python's json.dumps(value, separators=(",", ":"), sort_keys=True) writes it:
// compact, members sorted by name, everything outside ASCII escaped, NaN and Infinity by these names.
#include <charconv>
#include <cmath>
#include <concepts>
#include <string>
#include <string_view>

#include "perdure/detail/json_path.h"
#include "perdure/detail/utf8.h"

namespace perdure::detail {

class JsonWriter {
 public:
  std::string take() && { return std::move(out_); }

  void null() { out_ += "null"; }
  void boolean(bool value) { out_ += value ? "true" : "false"; }

  template <std::integral T>
  void integer(T value) {
    char buffer[24];
    out_.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
  }

  // The shortest text that reads back as the same value of type T, in the form of Python's repr().
  template <std::floating_point T>
  void floating(T value) {
    if (std::isnan(value)) {
      out_ += "NaN";
    } else if (std::isinf(value)) {
      out_ += value < 0 ? "-Infinity" : "Infinity";
    } else {
      char buffer[64];
      const auto end =
          std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
      python_float(std::string_view(buffer, static_cast<std::size_t>(end - buffer)));
    }
  }

  void string(std::string_view text) {
    out_ += '"';
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t start = at;
      const char32_t point = decode_utf8(text, at);
      if (point == kBadCodePoint) {
        fail("the string is not valid UTF-8 at its byte " + std::to_string(start) +
             "; pass binary data as std::vector<std::byte>");
      }
      escaped(point);
    }
    out_ += '"';
  }

  void raw(char c) { out_ += c; }
  void raw(std::string_view text) { out_ += text; }

  void open(char bracket) {
    if (++depth_ > kMaxDepth) {
      fail("nested deeper than " + std::to_string(kMaxDepth) + " levels");
    }
    out_ += bracket;
  }
  void close(char bracket) {
    --depth_;
    out_ += bracket;
  }

  [[noreturn]] void fail(const std::string& what) const {
    const std::string place = path_text(path);
    throw DataConversionError(place.empty() ? what : "field \"" + place + "\": " + what);
  }

  const PathStep* path = nullptr;

 private:
  void escaped(char32_t point) {
    switch (point) {
      case '"':
        out_ += "\\\"";
        return;
      case '\\':
        out_ += "\\\\";
        return;
      case '\b':
        out_ += "\\b";
        return;
      case '\f':
        out_ += "\\f";
        return;
      case '\n':
        out_ += "\\n";
        return;
      case '\r':
        out_ += "\\r";
        return;
      case '\t':
        out_ += "\\t";
        return;
      default:
        break;
    }
    if (point >= 0x20 && point < 0x7f) {
      out_ += static_cast<char>(point);
    } else if (point < 0x10000) {
      unicode_escape(point);
    } else {
      unicode_escape(0xd800 + ((point - 0x10000) >> 10));
      unicode_escape(0xdc00 + ((point - 0x10000) & 0x3ff));
    }
  }

  void unicode_escape(char32_t unit) {
    out_ += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) {
      out_ += "0123456789abcdef"[(unit >> shift) & 0xf];
    }
  }

  // `scientific`: [-]d[.ddd]e±dd, shortest. repr() writes 1e-05, 0.0001, 1.0, 1234.5, 1e+16.
  void python_float(std::string_view scientific) {
    if (scientific.front() == '-') {
      out_ += '-';
      scientific.remove_prefix(1);
    }
    const std::size_t e = scientific.find('e');
    std::string digits(1, scientific.front());
    if (e > 2) {
      digits += scientific.substr(2, e - 2);
    }
    int exponent = 0;
    const std::size_t sign = e + 1;
    std::from_chars(scientific.data() + sign + 1, scientific.data() + scientific.size(), exponent);
    exponent = scientific[sign] == '-' ? -exponent : exponent;
    if (exponent < -4 || exponent >= 16) {
      out_ += scientific;
    } else if (exponent < 0) {
      out_ += "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
    } else {
      const std::size_t whole = static_cast<std::size_t>(exponent) + 1;
      digits.resize(std::max(digits.size(), whole), '0');
      out_.append(digits, 0, whole);
      out_ += '.';
      out_ += digits.size() > whole ? digits.substr(whole) : "0";
    }
  }

  std::string out_;
  int depth_ = 0;
};

}  // namespace perdure::detail
