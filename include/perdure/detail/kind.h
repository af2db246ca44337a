#pragma once
// One classification of every type, made at compile time: how it is written as JSON, or why it must not
// cross.
#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "perdure/detail/reflect.h"

namespace perdure {

template <class T>
struct Codec;
template <class T>
class required;
struct RawJson;
class Client;
template <class R>
class WorkflowHandle;

namespace detail {

struct AwaitableTag;

enum class Kind {
  kCodec,
  kNull,
  kBool,
  kInteger,
  kFloating,
  kEnum,
  kString,
  kDuration,
  kTimePoint,
  kOptional,
  kUniquePtr,
  kRequired,
  kSequence,
  kArray,
  kSet,
  kMap,
  kTuple,
  kVariant,
  kStruct,
  kRawJson,
  kProtobuf,
  // From here on: cannot cross.
  kConst,
  kPointer,
  kArrayOfC,
  kCharacter,
  kLongDouble,
  kView,
  kCode,
  kLock,
  kAtomic,
  kThread,
  kStream,
  kHandle,
  kClient,
  kWorkflowHandle,
  kAwaitable,
  kSharedPtr,
  kMapKey,
  kMessage,
  kForeignJson,
  kUnion,
  kNotDefaultConstructible,
  kHasBase,
  kTooManyMembers,
  kOpaqueClass,
};

template <class T, template <class...> class Template>
inline constexpr bool kIsA = false;
template <template <class...> class Template, class... Args>
inline constexpr bool kIsA<Template<Args...>, Template> = true;
template <class T>
inline constexpr bool kIsStdArray = false;
template <class T, std::size_t N>
inline constexpr bool kIsStdArray<std::array<T, N>> = true;
template <class T>
inline constexpr bool kIsSpan = false;
template <class T, std::size_t N>
inline constexpr bool kIsSpan<std::span<T, N>> = true;

template <class T>
concept HasCodec = requires(const T& value) { Codec<T>::encode(value); };
template <class T>
concept CharacterType = std::same_as<T, char> || std::same_as<T, wchar_t> || std::same_as<T, char8_t> ||
                        std::same_as<T, char16_t> || std::same_as<T, char32_t>;
// Recognised by their shape rather than by name, so that this header need not include <mutex>, <thread>,
// <map>, ….
template <class T>
concept SequenceType = requires(T& t, typename T::value_type v) {
  t.push_back(std::move(v));
  t.begin();
  t.clear();
};
template <class T>
concept MapType = requires(T& t, typename T::key_type k, typename T::mapped_type v) {
  t.insert_or_assign(std::move(k), std::move(v));
  t.begin();
};
template <class T>
concept SetType = requires(T& t, typename T::key_type k) {
  t.insert(std::move(k));
  t.begin();
} && std::same_as<typename T::key_type, typename T::value_type>;
template <class T>
concept AtomicType = requires(T& t) {
  t.load();
  T::is_always_lock_free;
};
template <class T>
concept LockType = requires(T& t) { t.unlock(); } || requires(T& t) { t.notify_all(); };
template <class T>
concept ThreadType =
    requires(T& t) { t.joinable(); } || requires(T& t) { t.get_future(); } || requires(T& t) {
      t.wait();
      t.valid();
    };
template <class T>
concept StreamType = requires(T& t) {
  t.rdbuf();
  t.rdstate();
};
template <class T>
concept MessageType = requires(T& t, const T& c, std::string& bytes) {
  { c.SerializeToString(&bytes) } -> std::same_as<bool>;
  { t.ParseFromString(bytes) } -> std::same_as<bool>;
  { c.GetTypeName() } -> std::convertible_to<std::string_view>;
};
// A message that knows its fields, unlike one of protobuf's lite runtime: it has a JSON form.
template <class T>
concept DescribedMessage = MessageType<T> && requires(const T& c) { c.GetDescriptor(); };
// nlohmann::basic_json, whose conversion is in a header of its own.
template <class T>
concept ForeignJson = requires {
  typename T::json_pointer;
  typename T::parse_event_t;
};
template <class T>
concept CompleteType = requires { sizeof(T); };
template <class T>
concept ByteVector = SequenceType<T> && std::same_as<typename T::value_type, std::byte>;

template <class T>
consteval Kind kind_of_aggregate() {
  switch (shape_of<T>()) {
    case Shape::kHasBase:
      return Kind::kHasBase;
    case Shape::kHasArray:
      return Kind::kArrayOfC;
    case Shape::kNotDefaultConstructible:
      return Kind::kNotDefaultConstructible;
    case Shape::kTooManyMembers:
      return Kind::kTooManyMembers;
    default:
      return Kind::kStruct;
  }
}

template <class T>
consteval Kind kind_of_class() {
  using std::chrono::system_clock;
  if constexpr (std::is_same_v<T, std::string>)
    return Kind::kString;
  else if constexpr (std::is_same_v<T, std::monostate>)
    return Kind::kNull;
  else if constexpr (kIsA<T, std::basic_string_view> || kIsSpan<T>)
    return Kind::kView;
  else if constexpr (kIsA<T, std::optional>)
    return Kind::kOptional;
  else if constexpr (kIsA<T, std::unique_ptr>)
    return Kind::kUniquePtr;
  else if constexpr (kIsA<T, std::shared_ptr> || kIsA<T, std::weak_ptr>)
    return Kind::kSharedPtr;
  else if constexpr (kIsA<T, required>)
    return Kind::kRequired;
  else if constexpr (kIsA<T, WorkflowHandle>)
    return Kind::kWorkflowHandle;
  else if constexpr (std::is_base_of_v<AwaitableTag, T>)
    return Kind::kAwaitable;
  else if constexpr (kIsStdArray<T>)
    return Kind::kArray;
  else if constexpr (kIsA<T, std::pair> || kIsA<T, std::tuple>)
    return Kind::kTuple;
  else if constexpr (kIsA<T, std::variant>)
    return Kind::kVariant;
  else if constexpr (
      requires { typename std::chrono::time_point<system_clock, typename T::duration>; } &&
      requires { requires std::is_same_v<typename T::clock, system_clock>; })
    return Kind::kTimePoint;
  else if constexpr (requires {
                       requires std::is_same_v<T, std::chrono::duration<typename T::rep, typename T::period>>;
                     })
    return Kind::kDuration;
  else if constexpr (std::is_same_v<T, RawJson>)
    return Kind::kRawJson;
  else if constexpr (ForeignJson<T>)
    return Kind::kForeignJson;
  else if constexpr (DescribedMessage<T>)
    return Kind::kProtobuf;
  else if constexpr (MessageType<T>)
    return Kind::kMessage;
  else if constexpr (MapType<T>) {
    using Key = typename T::key_type;
    constexpr bool kGood = std::is_same_v<Key, std::string> ||
                           (std::integral<Key> && !std::is_same_v<Key, bool> && !CharacterType<Key>);
    return kGood ? Kind::kMap : Kind::kMapKey;
  } else if constexpr (SetType<T>)
    return Kind::kSet;
  else if constexpr (SequenceType<T>)
    return Kind::kSequence;
  else if constexpr (AtomicType<T>)
    return Kind::kAtomic;
  else if constexpr (ThreadType<T>)
    return Kind::kThread;
  else if constexpr (LockType<T>)
    return Kind::kLock;
  else if constexpr (StreamType<T>)
    return Kind::kStream;
  else if constexpr (requires { &T::operator(); } || requires(T& t) { t.target_type(); })
    return Kind::kCode;
  else if constexpr (requires(T& t) { t.native_handle(); })
    return Kind::kHandle;
  else if constexpr (std::is_aggregate_v<T>)
    return kind_of_aggregate<T>();
  else
    return Kind::kOpaqueClass;
}

template <class T>
consteval Kind kind_of() {
  if constexpr (std::is_const_v<T> || std::is_volatile_v<T>)
    return Kind::kConst;
  else if constexpr (HasCodec<T>)
    return Kind::kCodec;
  else if constexpr (std::is_same_v<T, bool>)
    return Kind::kBool;
  else if constexpr (CharacterType<T>)
    return Kind::kCharacter;
  else if constexpr (std::integral<T>)
    return Kind::kInteger;
  else if constexpr (std::is_same_v<T, long double>)
    return Kind::kLongDouble;
  else if constexpr (std::floating_point<T>)
    return Kind::kFloating;
  else if constexpr (std::is_enum_v<T>)
    return Kind::kEnum;
  else if constexpr (std::is_same_v<T, std::nullptr_t>)
    return Kind::kNull;
  else if constexpr (std::is_array_v<T>)
    return Kind::kArrayOfC;
  else if constexpr (std::is_function_v<T> || std::is_member_function_pointer_v<T> ||
                     std::is_function_v<std::remove_pointer_t<T>>)
    return Kind::kCode;
  else if constexpr (std::is_pointer_v<T> &&
                     std::is_same_v<std::remove_cvref_t<std::remove_pointer_t<T>>, std::FILE>)
    return Kind::kHandle;
  else if constexpr (std::is_pointer_v<T> && std::is_class_v<std::remove_pointer_t<T>> &&
                     !CompleteType<std::remove_pointer_t<T>>)
    return Kind::kHandle;  // sqlite3*, PGconn*, …: what a library keeps to itself
  else if constexpr (std::is_pointer_v<T> || std::is_reference_v<T> || std::is_member_pointer_v<T>)
    return Kind::kPointer;
  else if constexpr (std::is_union_v<T>)
    return Kind::kUnion;
  else if constexpr (std::is_same_v<T, Client>)
    return Kind::kClient;
  else if constexpr (std::is_class_v<T> && !CompleteType<T>)
    return Kind::kHandle;
  else if constexpr (std::is_class_v<T>)
    return kind_of_class<T>();
  else
    return Kind::kOpaqueClass;
}

template <class T>
inline constexpr Kind kKind = kind_of<T>();

template <class T>
using Encoded = std::remove_cvref_t<decltype(Codec<T>::encode(std::declval<const T&>()))>;

}  // namespace detail
}  // namespace perdure
