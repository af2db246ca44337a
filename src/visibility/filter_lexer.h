#pragma once
// The words of a filter.
#include <cstddef>
#include <string>
#include <string_view>

namespace perdure::visibility {

struct Token {
  enum class Kind {
    kEnd,
    kName,     // text: as written, without backticks
    kKeyword,  // text: in lower case
    kString,   // text: its contents
    kInteger,
    kReal,
    kArgument,  // "?", ":name"
    kSymbol,    // text: "(", ",", "<=", …
    kBroken,    // a string or name without its end, a character that means nothing
  };
  Kind kind = Kind::kEnd;
  std::string text;
  std::size_t end = 0;  // offset behind it
};

class FilterLexer {
 public:
  explicit FilterLexer(std::string_view text) : text_(text) {}
  Token next();

 private:
  Token take(Token::Kind kind, std::size_t length);
  Token take_name();
  Token take_number();
  Token take_quoted(char quote);
  Token take_argument();
  Token take_symbol();
  char at(std::size_t offset) const { return offset < text_.size() ? text_[offset] : '\0'; }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace perdure::visibility
