#include "visibility/evaluate.h"

#include <algorithm>
#include <compare>
#include <string>

#include "base/check.h"

namespace perdure::visibility {
namespace {

using Truth = std::optional<bool>;  // none: neither

double as_double(const Value& value) {
  const auto* const integer = std::get_if<std::int64_t>(&value);
  return integer != nullptr ? static_cast<double>(*integer) : std::get<double>(value);
}
bool is_number(const Value& value) {
  return std::holds_alternative<std::int64_t>(value) || std::holds_alternative<double>(value);
}

std::partial_ordering compare(const Value& a, const Value& b) {
  if (is_number(a) && is_number(b) && a.index() != b.index()) {
    return as_double(a) <=> as_double(b);
  }
  check(a.index() == b.index(), "a bound filter has values of its attributes' types");
  if (const auto* const text = std::get_if<std::string>(&a)) {
    return text->compare(std::get<std::string>(b)) <=> 0;
  }
  if (const auto* const real = std::get_if<double>(&a)) {
    return *real <=> std::get<double>(b);
  }
  return a < b    ? std::partial_ordering::less
         : a == b ? std::partial_ordering::equivalent
                  : std::partial_ordering::greater;
}

// The words of a text: letters and digits of ASCII in lower case, everything beyond ASCII as it is.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool part =
        upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<signed char>(c) < 0;
    if (part) {
      words.back() += upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) {
    words.pop_back();
  }
  return words;
}

bool is_equal(ValueType type, const Value& has, const Value& wanted) {
  if (type == ValueType::kKeywordList) {
    const auto& list = std::get<std::vector<std::string>>(has);
    return std::find(list.begin(), list.end(), std::get<std::string>(wanted)) != list.end();
  }
  if (type == ValueType::kText) {  // any word of the wanted text
    const auto words = words_of(std::get<std::string>(has));
    const auto wanted_words = words_of(std::get<std::string>(wanted));
    return std::any_of(wanted_words.begin(), wanted_words.end(), [&words](const std::string& word) {
      return std::find(words.begin(), words.end(), word) != words.end();
    });
  }
  return compare(has, wanted) == 0;
}

bool holds(const BoundCondition& condition, const Value& has) {
  using enum Operator;
  const auto equal = [&](const Value& wanted) { return is_equal(condition.attribute.type, has, wanted); };
  const auto& values = condition.values;
  switch (condition.op) {
    case kEqual:
      return equal(values[0]);
    case kNotEqual:
      return !equal(values[0]);
    case kIn:
      return std::any_of(values.begin(), values.end(), equal);
    case kNotIn:
      return std::none_of(values.begin(), values.end(), equal);
    case kLess:
      return compare(has, values[0]) < 0;
    case kLessOrEqual:
      return compare(has, values[0]) <= 0;
    case kGreater:
      return compare(has, values[0]) > 0;
    case kGreaterOrEqual:
      return compare(has, values[0]) >= 0;
    case kStartsWith:
    case kNotStartsWith:
      return std::get<std::string>(has).starts_with(std::get<std::string>(values[0])) ==
             (condition.op == kStartsWith);
    case kBetween:
    case kNotBetween:
      return (compare(has, values[0]) >= 0 && compare(has, values[1]) <= 0) == (condition.op == kBetween);
    default:
      check(false, "a bound filter has no other operators");
      return false;
  }
}

Truth truth(const BoundNode& node, const RowValues& row) {
  switch (node.kind) {
    case Node::Kind::kNot: {
      const Truth inner = truth(node.children[0], row);
      return inner ? Truth(!*inner) : inner;
    }
    case Node::Kind::kAnd:
    case Node::Kind::kOr: {
      const bool decisive = node.kind == Node::Kind::kOr;
      Truth whole = !decisive;
      for (const BoundNode& child : node.children) {
        const Truth part = truth(child, row);
        if (part == decisive) {
          return decisive;
        }
        whole = part ? whole : part;
      }
      return whole;
    }
    case Node::Kind::kCondition:
      break;
  }
  const std::optional<Value> has = row(node.condition.attribute.name);
  if (node.condition.op == Operator::kIsNull || node.condition.op == Operator::kIsNotNull) {
    return has.has_value() == (node.condition.op == Operator::kIsNotNull);
  }
  return has ? Truth(holds(node.condition, *has)) : std::nullopt;
}

}  // namespace

bool matches(const BoundNode& node, const RowValues& row) { return truth(node, row).value_or(false); }

}  // namespace perdure::visibility
