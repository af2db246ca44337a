#pragma once
// Says at compile time whether a type may cross a workflow or activity boundary, and if not, in one line,
// why. The compiler's notes below that line name the member: check_member<Order, "lock", std::mutex>.
#include <cstddef>
#include <type_traits>

#include "perdure/detail/kind.h"

namespace perdure::detail {

template <std::size_t N>
struct Literal {
  char text[N + 1] = {};
};

template <class T>
struct PartsOf {
  using Types = TypeList<>;
};
template <class T>
  requires(kKind<T> == Kind::kCodec)
struct PartsOf<T> {
  using Types = TypeList<Encoded<T>>;
};
template <class T>
  requires(kKind<T> == Kind::kOptional || kKind<T> == Kind::kSequence || kKind<T> == Kind::kArray ||
           kKind<T> == Kind::kSet || kKind<T> == Kind::kRequired)
struct PartsOf<T> {
  using Types = TypeList<typename T::value_type>;
};
template <class T>
  requires(kKind<T> == Kind::kUniquePtr)
struct PartsOf<T> {
  using Types = TypeList<typename T::element_type>;
};
template <class T>
  requires(kKind<T> == Kind::kMap)
struct PartsOf<T> {
  using Types = TypeList<typename T::mapped_type>;
};
template <template <class...> class Template, class... Args>
  requires(kKind<Template<Args...>> == Kind::kTuple || kKind<Template<Args...>> == Kind::kVariant)
struct PartsOf<Template<Args...>> {
  using Types = TypeList<Args...>;
};
template <class T>
  requires(kKind<T> == Kind::kStruct)
struct PartsOf<T> {
  using Types = MemberTypes<T>;
};

template <class T, class... Seen>
consteval bool serializable();

template <class... Seen, class... Parts>
consteval bool all_serializable(TypeList<Parts...>) {
  return (serializable<Parts, Seen...>() && ...);
}

// `Seen`: the types around this one, so that a type that contains itself (a tree) ends.
template <class T, class... Seen>
consteval bool serializable() {
  if constexpr ((std::is_same_v<T, Seen> || ...)) {
    return true;
  } else if constexpr (kKind<T> >= Kind::kConst) {
    return false;
  } else {
    return all_serializable<Seen..., T>(typename PartsOf<T>::Types());
  }
}

template <class T, class... Seen>
consteval bool check_serializable();

template <class Owner, Literal Member, class T, class... Seen>
consteval bool check_member() {
  return check_serializable<T, Seen...>();
}

template <class T, std::size_t I>
consteval auto member_literal() {
  constexpr std::string_view kName = member_names<T>()[I];
  Literal<kName.size()> literal;
  for (std::size_t i = 0; i < kName.size(); ++i) {
    literal.text[i] = kName[i];
  }
  return literal;
}

template <class T, class... Seen, class... Members, std::size_t... I>
consteval bool check_members(TypeList<Members...>, std::index_sequence<I...>) {
  return (check_member<T, member_literal<T, I>(), Members, Seen...>() && ...);
}
template <class... Seen, class... Parts>
consteval bool check_parts(TypeList<Parts...>) {
  return (check_serializable<Parts, Seen...>() && ...);
}

#define PERDURE_REFUSE(kind, what, instead) \
  static_assert(kKind<T> != Kind::kind,     \
                "perdure: " what " cannot cross a workflow or activity boundary; " instead)

// Does not compile, with one readable line, unless T may cross.
template <class T, class... Seen>
consteval bool check_serializable() {
  PERDURE_REFUSE(kConst, "a const or volatile member",
                 "its value is set after construction: drop the qualifier");
  PERDURE_REFUSE(kPointer, "a raw pointer or reference", "use a value, std::optional or std::unique_ptr");
  PERDURE_REFUSE(kArrayOfC, "a C array", "use std::array, std::vector or std::string");
  PERDURE_REFUSE(kCharacter, "a single character", "use std::string, or std::int8_t for a small number");
  PERDURE_REFUSE(kLongDouble, "a long double", "use double");
  PERDURE_REFUSE(kView, "a view of memory that something else owns", "use std::string or std::vector");
  PERDURE_REFUSE(kCode, "code (a function, lambda or std::function)", "pass data and choose the code by it");
  PERDURE_REFUSE(kLock, "a mutex, lock or condition variable",
                 "pass data only; workflow state needs no lock");
  PERDURE_REFUSE(kAtomic, "an atomic", "use a plain value");
  PERDURE_REFUSE(kThread, "a thread, future or promise", "pass data only; start an activity for work");
  PERDURE_REFUSE(kStream, "an open stream", "pass the file's name and open it in an activity");
  PERDURE_REFUSE(kHandle, "an operating system handle (file, socket) or a library's (database, session)",
                 "open it in an activity");
  PERDURE_REFUSE(kClient, "a client", "use activity::client() in an activity");
  PERDURE_REFUSE(kWorkflowHandle, "a workflow handle",
                 "pass the workflow's id and make the handle where it is needed: "
                 "activity::client().get_workflow_handle<W>(id) in an activity");
  PERDURE_REFUSE(kAwaitable, "a task, or the handle of an activity, timer or task",
                 "co_await it and pass what it gives");
  PERDURE_REFUSE(kSharedPtr, "shared ownership", "use a value, std::optional or std::unique_ptr");
  PERDURE_REFUSE(kMapKey, "a map whose key is neither std::string nor an integer", "use one of these keys");
  PERDURE_REFUSE(kMessage, "a protobuf message of the lite runtime inside another value",
                 "make it a parameter or result itself");
  PERDURE_REFUSE(kForeignJson, "nlohmann::json without its conversion", "include perdure/json.h");
  PERDURE_REFUSE(kUnion, "a union", "use std::variant");
  PERDURE_REFUSE(kNotDefaultConstructible, "a struct that T{} cannot make (a reference or const member?)",
                 "give every member a default");
  PERDURE_REFUSE(kHasBase, "a struct with a base class", "make the base a member");
  PERDURE_REFUSE(kTooManyMembers, "a struct with more than 128 members", "group members into structs");
  PERDURE_REFUSE(kOpaqueClass, "a class with constructors or private members",
                 "make it a struct with public members, or specialise perdure::Codec for it");
  if constexpr ((std::is_same_v<T, Seen> || ...) || kKind<T> >= Kind::kConst) {
    return true;
  } else if constexpr (kKind<T> == Kind::kStruct) {
    return check_members<T, Seen..., T>(MemberTypes<T>(), std::make_index_sequence<kMemberCount<T>>());
  } else {
    return check_parts<Seen..., T>(typename PartsOf<T>::Types());
  }
}

#undef PERDURE_REFUSE

}  // namespace perdure::detail
