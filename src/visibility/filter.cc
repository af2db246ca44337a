#include "visibility/filter.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "base/check.h"
#include "visibility/filter_lexer.h"

namespace perdure::visibility {
namespace {

// Temporal parses this before a filter, and its positions count it.
constexpr std::string_view kStatement = "select * from table1 ";
constexpr std::string_view kWhere = "where ";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\r\f\v";
  const std::size_t begin = text.find_first_not_of(kSpace);
  return begin == std::string_view::npos ? std::string_view()
                                         : text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// Unwinds the parser; never leaves parse_filter().
struct Refused {
  Status why;
};

// By recursive descent: OR, AND, NOT, and conditions, weakest first.
class Parser {
 public:
  Parser(std::string_view text, const FilterLimits& limits)
      : lexer_(text), limits_(limits), token_(lexer_.next()) {}

  Filter parse() {
    Filter filter;
    has_where_ = !is_keyword("order") && !is_keyword("group");
    if (has_where_) {
      filter.where = parse_or();
    }
    if (accept_keyword("group")) {
      expect_keyword("by");
      do {
        filter.group_by.push_back(parse_column());
      } while (accept_symbol(","));
    }
    if (accept_keyword("order")) {
      expect_keyword("by");
      do {
        filter.order_by.push_back(parse_order());
      } while (accept_symbol(","));
    }
    if (is_keyword("limit")) {
      refuse("operation is not supported: 'LIMIT' clause");
    }
    accept_symbol(";");
    if (token_.kind != Token::Kind::kEnd) {
      fail();
    }
    return filter;
  }

 private:
  class Deeper {
   public:
    explicit Deeper(Parser& parser) : parser_(parser) {
      if (++parser_.depth_ > parser_.limits_.depth) {
        parser_.refuse(fmt::format("the filter is nested more than {} deep", parser_.limits_.depth));
      }
    }
    ~Deeper() { --parser_.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

   private:
    Parser& parser_;
  };

  [[noreturn]] void refuse(const std::string& why) const { throw Refused{invalid_query(why)}; }

  // A syntax error at the current token.
  [[noreturn]] void fail() const {
    const std::size_t prefix = kStatement.size() + (has_where_ ? kWhere.size() : 0);
    const bool has_text =
        token_.kind != Token::Kind::kEnd && token_.kind != Token::Kind::kSymbol && !token_.text.empty();
    refuse(fmt::format("malformed SQL query: syntax error at position {}{}", prefix + token_.end + 1,
                       has_text ? fmt::format(" near '{}'", token_.text) : ""));
  }

  void count_node() {
    if (++nodes_ > limits_.nodes) {
      refuse(fmt::format("the filter has more than {} conditions and values", limits_.nodes));
    }
  }

  Token take() { return std::exchange(token_, lexer_.next()); }
  bool is_keyword(std::string_view word) const {
    return token_.kind == Token::Kind::kKeyword && token_.text == word;
  }
  bool is_symbol(std::string_view symbol) const {
    return token_.kind == Token::Kind::kSymbol && token_.text == symbol;
  }
  bool accept_keyword(std::string_view word) {
    const bool found = is_keyword(word);
    if (found) {
      take();
    }
    return found;
  }
  bool accept_symbol(std::string_view symbol) {
    const bool found = is_symbol(symbol);
    if (found) {
      take();
    }
    return found;
  }
  void expect_keyword(std::string_view word) {
    if (!accept_keyword(word)) {
      fail();
    }
  }
  void expect_symbol(std::string_view symbol) {
    if (!accept_symbol(symbol)) {
      fail();
    }
  }

  Node parse_or() { return parse_chain(Node::Kind::kOr, "or", &Parser::parse_and); }
  Node parse_and() { return parse_chain(Node::Kind::kAnd, "and", &Parser::parse_not); }

  Node parse_chain(Node::Kind kind, std::string_view word, Node (Parser::*part)()) {
    Node first = (this->*part)();
    if (!is_keyword(word)) {
      return first;
    }
    Node chain{kind, {}, {}};
    chain.children.push_back(std::move(first));
    while (accept_keyword(word)) {
      chain.children.push_back((this->*part)());
    }
    return chain;
  }

  Node parse_not() {
    if (!is_keyword("not")) {
      return parse_condition();
    }
    const Deeper deeper(*this);
    take();
    Node negation{Node::Kind::kNot, {}, {}};
    negation.children.push_back(parse_not());
    return negation;
  }

  Node parse_condition() {
    count_node();
    if (is_symbol("(")) {
      const Deeper deeper(*this);
      take();
      Node inner = parse_or();
      expect_symbol(")");
      return inner;
    }
    Node node;
    const Literal left = parse_value();
    const bool compared = parse_operator(&node.condition);
    if (left.kind == Literal::Kind::kCall && !compared) {
      refuse("operation is not supported: function expression");
    }
    if (left.kind != Literal::Kind::kName) {
      refuse(fmt::format("invalid expression: must be a column name but was {}", type_of(left)));
    }
    if (!compared) {
      if (token_.kind == Token::Kind::kString || token_.kind == Token::Kind::kName) {
        fail();
      }
      refuse("invalid expression: incomplete expression");
    }
    node.condition.name = left.text;
    return node;
  }

  // Temporal's messages name the types of its parser.
  static std::string_view type_of(const Literal& value) {
    switch (value.kind) {
      case Literal::Kind::kBool:
        return "sqlparser.BoolVal";
      case Literal::Kind::kNull:
        return "*sqlparser.NullVal";
      case Literal::Kind::kCall:
        return "*sqlparser.FuncExpr";
      case Literal::Kind::kArithmetic:
        return "*sqlparser.BinaryExpr";
      default:
        return "*sqlparser.SQLVal";
    }
  }

  // False: there is none.
  bool parse_operator(Condition* condition) {
    static constexpr std::pair<std::string_view, Operator> kSymbols[] = {
        {"=", Operator::kEqual},           {"!=", Operator::kNotEqual},
        {"<>", Operator::kNotEqual},       {"<", Operator::kLess},
        {"<=", Operator::kLessOrEqual},    {">", Operator::kGreater},
        {">=", Operator::kGreaterOrEqual}, {"<=>", Operator::kNullSafeEqual}};
    for (const auto& [symbol, op] : kSymbols) {
      if (accept_symbol(symbol)) {
        condition->op = op;
        condition->values.push_back(parse_value());
        return true;
      }
    }
    if (accept_keyword("is")) {
      parse_is(condition);
      return true;
    }
    const bool negated = accept_keyword("not");
    const auto op = [negated](Operator plain, Operator negation) { return negated ? negation : plain; };
    if (accept_keyword("in")) {
      condition->op = op(Operator::kIn, Operator::kNotIn);
      parse_list(condition);
    } else if (accept_keyword("between")) {
      condition->op = op(Operator::kBetween, Operator::kNotBetween);
      condition->values.push_back(parse_value());
      expect_keyword("and");
      condition->values.push_back(parse_value());
    } else if (accept_keyword("starts_with")) {
      condition->op = op(Operator::kStartsWith, Operator::kNotStartsWith);
      condition->values.push_back(parse_value());
    } else if (accept_keyword("like")) {
      condition->op = op(Operator::kLike, Operator::kNotLike);
      condition->values.push_back(parse_value());
    } else if (accept_keyword("regexp") || accept_keyword("rlike")) {
      condition->op = op(Operator::kRegexp, Operator::kNotRegexp);
      condition->values.push_back(parse_value());
    } else if (negated) {
      fail();
    } else {
      return false;
    }
    return true;
  }

  void parse_is(Condition* condition) {
    const bool negated = accept_keyword("not");
    if (accept_keyword("null")) {
      condition->op = negated ? Operator::kIsNotNull : Operator::kIsNull;
    } else if (accept_keyword("true") || accept_keyword("false")) {
      condition->op = Operator::kIsSomethingElse;
    } else {
      fail();
    }
  }

  void parse_list(Condition* condition) {
    expect_symbol("(");
    do {
      condition->values.push_back(parse_value());
    } while (accept_symbol(","));
    expect_symbol(")");
  }

  Literal parse_value() {
    count_node();
    Literal value = parse_single_value();
    while (is_symbol("+") || is_symbol("-") || is_symbol("*") || is_symbol("/") || is_symbol("%")) {
      take();
      count_node();
      parse_single_value();
      value.kind = Literal::Kind::kArithmetic;
    }
    return value;
  }

  Literal parse_single_value() {
    const bool negative = accept_symbol("-");
    if (negative && token_.kind != Token::Kind::kInteger && token_.kind != Token::Kind::kReal) {
      fail();
    }
    Literal value;
    switch (token_.kind) {
      case Token::Kind::kString:
        value.kind = Literal::Kind::kString;
        break;
      case Token::Kind::kInteger:
      case Token::Kind::kReal:
        return number((negative ? "-" : "") + take().text);
      case Token::Kind::kArgument:
        value.kind = Literal::Kind::kArgument;
        break;
      case Token::Kind::kName:
        value.kind = Literal::Kind::kName;
        break;
      case Token::Kind::kKeyword:
        value = constant();
        break;
      default:
        fail();
    }
    value.text = take().text;
    if (value.kind == Literal::Kind::kName && accept_symbol("(")) {
      value.kind = Literal::Kind::kCall;
      skip_arguments();
    }
    return value;
  }

  Literal constant() const {
    Literal value;
    if (is_keyword("true") || is_keyword("false")) {
      value.kind = Literal::Kind::kBool;
      value.boolean = is_keyword("true");
    } else if (is_keyword("null")) {
      value.kind = Literal::Kind::kNull;
    } else {
      fail();
    }
    return value;
  }

  // An integer that is too large is a real number.
  static Literal number(const std::string& text) {
    Literal value;
    value.text = text;
    const char* const end = text.data() + text.size();
    const auto [integer_end, integer_error] = std::from_chars(text.data(), end, value.integer);
    if (integer_error == std::errc() && integer_end == end) {
      value.kind = Literal::Kind::kInteger;
      return value;
    }
    value.kind = Literal::Kind::kReal;
    const auto [real_end, real_error] = std::from_chars(text.data(), end, value.real);
    if (real_error != std::errc() || real_end != end) {
      value.kind = Literal::Kind::kArgument;  // beyond all numbers: cannot be parsed as a value
    }
    return value;
  }

  void skip_arguments() {
    const Deeper deeper(*this);
    if (accept_symbol(")")) {
      return;
    }
    do {
      if (!accept_symbol("*")) {
        parse_value();
      }
    } while (accept_symbol(","));
    expect_symbol(")");
  }

  std::string parse_column() {
    const Literal column = parse_value();
    if (column.kind != Literal::Kind::kName) {
      refuse(fmt::format("invalid expression: must be a column name but was {}", type_of(column)));
    }
    return column.text;
  }

  OrderBy parse_order() {
    OrderBy order{parse_column(), false};
    order.descending = accept_keyword("desc");
    if (!order.descending) {
      accept_keyword("asc");
    }
    return order;
  }

  FilterLexer lexer_;
  const FilterLimits& limits_;
  Token token_;
  bool has_where_ = true;
  int depth_ = 0;
  int nodes_ = 0;
};

}  // namespace

std::string_view operator_text(Operator op) {
  switch (op) {
    case Operator::kEqual:
      return "=";
    case Operator::kNotEqual:
      return "!=";
    case Operator::kLess:
      return "<";
    case Operator::kLessOrEqual:
      return "<=";
    case Operator::kGreater:
      return ">";
    case Operator::kGreaterOrEqual:
      return ">=";
    case Operator::kNullSafeEqual:
      return "<=>";
    case Operator::kLike:
      return "LIKE";
    case Operator::kNotLike:
      return "NOT LIKE";
    case Operator::kRegexp:
      return "REGEXP";
    case Operator::kNotRegexp:
      return "NOT REGEXP";
    case Operator::kIn:
      return "IN";
    case Operator::kNotIn:
      return "NOT IN";
    case Operator::kStartsWith:
      return "STARTS_WITH";
    case Operator::kNotStartsWith:
      return "NOT STARTS_WITH";
    case Operator::kBetween:
      return "BETWEEN";
    case Operator::kNotBetween:
      return "NOT BETWEEN";
    case Operator::kIsNull:
      return "IS NULL";
    case Operator::kIsNotNull:
      return "IS NOT NULL";
    case Operator::kIsSomethingElse:
      return "IS";
  }
  check(false, "every operator has a text");
  return "";
}

Status invalid_query(const std::string& why) { return invalid_argument("invalid query: " + why); }

Result<Filter> parse_filter(std::string_view text, const FilterLimits& limits) {
  const std::string_view filter = trimmed(text);
  if (filter.empty()) {
    return Filter();
  }
  if (filter.size() > limits.bytes) {
    return invalid_query(
        fmt::format("the filter has {} bytes, at most {} are allowed", filter.size(), limits.bytes));
  }
  try {
    return Parser(filter, limits).parse();
  } catch (const Refused& refused) {
    return refused.why;
  }
}

}  // namespace perdure::visibility
