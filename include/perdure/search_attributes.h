#pragma once
// Search attributes: typed facts about a run by which it can be listed. A key has its name and its type:
//
//   inline constexpr auto kCustomer = perdure::SearchAttributeKey<std::string>::keyword("CustomerId");
//   inline constexpr auto kItems = perdure::SearchAttributeKey<std::int64_t>("Items");
//
//   client.start_workflow<Order>(order, {.id = …, .search_attributes = {{kCustomer, "c-7"}, {kItems, 3}}});
//   perdure::workflow::upsert_search_attributes({{kItems, 4}});
//   std::optional<std::int64_t> items = perdure::workflow::info().search_attributes.get(kItems);
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "perdure/payload.h"

namespace perdure {
namespace detail {

// The service's name of the type; empty: no search attribute can have it.
template <class T>
constexpr std::string_view search_attribute_type() {
  if constexpr (std::is_same_v<T, bool>) {
    return "Bool";
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return "Int";
  } else if constexpr (std::is_same_v<T, double>) {
    return "Double";
  } else if constexpr (std::is_same_v<T, std::string>) {
    return "Text";
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    return "KeywordList";
  } else if constexpr (std::is_same_v<T, std::chrono::system_clock::time_point>) {
    return "Datetime";
  } else {
    return "";
  }
}

}  // namespace detail

// T: bool, std::int64_t, double, std::string, std::vector<std::string> (a list of keywords) or
// std::chrono::system_clock::time_point. A string is Text, which is searched by its words; keyword() makes a
// Keyword, which is compared as a whole.
template <class T>
class SearchAttributeKey {
  static_assert(!detail::search_attribute_type<T>().empty(),
                "perdure: a search attribute is a bool, std::int64_t, double, std::string, "
                "std::vector<std::string> or std::chrono::system_clock::time_point");

 public:
  // `name` must outlive the key: write a literal.
  constexpr explicit SearchAttributeKey(std::string_view name)
      : SearchAttributeKey(name, detail::search_attribute_type<T>()) {}
  static constexpr SearchAttributeKey keyword(std::string_view name)
    requires(std::is_same_v<T, std::string>)
  {
    return SearchAttributeKey(name, "Keyword");
  }

  constexpr std::string_view name() const { return name_; }
  constexpr std::string_view type() const { return type_; }

 private:
  constexpr SearchAttributeKey(std::string_view name, std::string_view type) : name_(name), type_(type) {}

  std::string_view name_;
  std::string_view type_;
};

// A key with the value that it shall have; std::nullopt removes it.
class SearchAttributeUpdate {
 public:
  template <class T>
  SearchAttributeUpdate(SearchAttributeKey<T> key, std::type_identity_t<std::optional<T>> value)
      : name_(key.name()), payload_(value ? to_payload(*value) : null_payload()) {
    payload_.metadata.emplace_back("type", key.type());
  }

  const std::string& name() const { return name_; }
  const Payload& payload() const { return payload_; }

 private:
  std::string name_;
  Payload payload_;
};

// The attributes of a run, by name.
class SearchAttributes {
 public:
  SearchAttributes() = default;
  SearchAttributes(std::initializer_list<SearchAttributeUpdate> updates) {
    for (const SearchAttributeUpdate& update : updates) {
      set(update.name(), update.payload());
    }
  }

  // None when it is absent. Throws DataConversionError when it is not a T.
  template <class T>
  std::optional<T> get(SearchAttributeKey<T> key) const {
    const auto found = fields_.find(key.name());
    if (found == fields_.end() || found->second.metadata_value("encoding") == "binary/null") {
      return std::nullopt;
    }
    return from_payload<T>(found->second);
  }

  const std::map<std::string, Payload, std::less<>>& fields() const { return fields_; }
  void set(std::string name, Payload payload) {
    fields_.insert_or_assign(std::move(name), std::move(payload));
  }
  void erase(const std::string& name) { fields_.erase(name); }
  bool empty() const { return fields_.empty(); }

 private:
  std::map<std::string, Payload, std::less<>> fields_;
};

}  // namespace perdure
