#include "visibility/filter_lexer.h"

#include <algorithm>
#include <array>

namespace perdure::visibility {
namespace {

// Words that are no names unless they stand between backticks. Those that the grammar here has no place for
// are errors where they stand, as in every SQL.
constexpr std::array<std::string_view, 42> kKeywords{
    "all",  "and",      "as",       "asc",    "between", "by",     "case",  "cross",       "delete",
    "desc", "distinct", "div",      "else",   "exists",  "false",  "from",  "group",       "having",
    "in",   "insert",   "interval", "is",     "join",    "like",   "limit", "not",         "null",
    "on",   "or",       "order",    "regexp", "rlike",   "select", "set",   "starts_with", "then",
    "true", "union",    "update",   "when",   "where",   "xor"};

// ASCII only: a filter means the same in every locale.
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// What a backslash and this character mean; others stand for themselves.
char unescape(char c) {
  switch (c) {
    case '0':
      return '\0';
    case 'b':
      return '\b';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'Z':
      return '\x1a';
    default:
      return c;
  }
}

}  // namespace

Token FilterLexer::next() {
  while (is_space(at(at_)) && at_ < text_.size()) {
    ++at_;
  }
  if (at_ >= text_.size()) {
    return {Token::Kind::kEnd, "", text_.size()};
  }
  const char c = text_[at_];
  if (is_letter(c)) {
    return take_name();
  }
  if (is_digit(c) || (c == '.' && is_digit(at(at_ + 1)))) {
    return take_number();
  }
  if (c == '\'' || c == '"' || c == '`') {
    return take_quoted(c);
  }
  if (c == '?' || c == ':') {
    return take_argument();
  }
  return take_symbol();
}

Token FilterLexer::take(Token::Kind kind, std::size_t length) {
  Token token{kind, std::string(text_.substr(at_, length)), at_ + length};
  at_ += length;
  return token;
}

Token FilterLexer::take_name() {
  std::size_t length = 1;
  while (is_letter(at(at_ + length)) || is_digit(at(at_ + length)) || at(at_ + length) == '.') {
    ++length;
  }
  Token token = take(Token::Kind::kName, length);
  std::string word = token.text;
  std::transform(word.begin(), word.end(), word.begin(), lower);
  if (std::find(kKeywords.begin(), kKeywords.end(), word) != kKeywords.end()) {
    token.kind = Token::Kind::kKeyword;
    token.text = std::move(word);
  }
  return token;
}

Token FilterLexer::take_number() {
  std::size_t length = 0;
  const auto digits = [&] {
    while (is_digit(at(at_ + length))) {
      ++length;
    }
  };
  digits();
  Token::Kind kind = Token::Kind::kInteger;
  if (at(at_ + length) == '.') {
    kind = Token::Kind::kReal;
    ++length;
    digits();
  }
  if (lower(at(at_ + length)) == 'e') {
    const bool sign = at(at_ + length + 1) == '+' || at(at_ + length + 1) == '-';
    if (is_digit(at(at_ + length + (sign ? 2 : 1)))) {
      kind = Token::Kind::kReal;
      length += sign ? 2 : 1;
      digits();
    }
  }
  return take(kind, length);
}

Token FilterLexer::take_quoted(char quote) {
  std::string contents;
  for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
    const char c = text_[i];
    if (c == '\\' && quote != '`' && i + 1 < text_.size()) {
      contents += unescape(text_[++i]);
    } else if (c == quote && at(i + 1) == quote && i + 1 < text_.size()) {
      contents += text_[++i];
    } else if (c == quote) {
      at_ = i + 1;
      return {quote == '`' ? Token::Kind::kName : Token::Kind::kString, std::move(contents), at_};
    } else {
      contents += c;
    }
  }
  at_ = text_.size();
  return {Token::Kind::kBroken, std::move(contents), at_};
}

Token FilterLexer::take_argument() {
  if (text_[at_] == '?') {
    return take(Token::Kind::kArgument, 1);
  }
  std::size_t length = 1;
  while (is_letter(at(at_ + length)) || is_digit(at(at_ + length))) {
    ++length;
  }
  return take(length == 1 ? Token::Kind::kBroken : Token::Kind::kArgument, length);
}

Token FilterLexer::take_symbol() {
  for (const std::string_view symbol :
       {"<=>", "<=", ">=", "<>", "!=", "<", ">", "=", "(", ")", ",", "+", "-", "*", "/", "%", ";"}) {
    if (text_.substr(at_).starts_with(symbol)) {
      return take(Token::Kind::kSymbol, symbol.size());
    }
  }
  Token token = take(Token::Kind::kBroken, 1);
  token.text.clear();
  return token;
}

}  // namespace perdure::visibility
