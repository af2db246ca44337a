#include "tests/fuzz/generator.h"

#include <array>
#include <limits>
#include <set>
#include <string_view>

#include "base/limits.h"

namespace perdure::fuzz {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Reflection;

// Without these nearly every request would be refused at once.
const std::set<std::string_view>& needed() {
  static const std::set<std::string_view> kNames{"namespace",
                                                 "workflow_id",
                                                 "workflow_type",
                                                 "activity_type",
                                                 "task_queue",
                                                 "workflow_execution",
                                                 "execution",
                                                 "activity_id",
                                                 "timer_id",
                                                 "signal_name",
                                                 "marker_name",
                                                 "task_token",
                                                 "name",
                                                 "start_to_fire_timeout",
                                                 "start_to_close_timeout",
                                                 "scheduled_event_id",
                                                 "commands",
                                                 "key",
                                                 "failure",
                                                 "application_failure_info"};
  return kNames;
}

// With these nearly every request would be refused as not implemented.
const std::set<std::string_view>& refused() {
  static const std::set<std::string_view> kNames{"cron_schedule",
                                                 "completion_callbacks",
                                                 "versioning_override",
                                                 "time_skipping_config",
                                                 "deployment",
                                                 "deployment_options",
                                                 "messages",
                                                 "query_results",
                                                 "workflow_start_delay",
                                                 "next_page_token",
                                                 "priority"};
  return kNames;
}

template <std::size_t N>
const char* one_of(Random& random, const std::array<const char*, N>& values) {
  return values[random.below(N)];
}

std::string numbered(const char* prefix, std::uint64_t number) { return prefix + std::to_string(number); }

constexpr std::array<std::int64_t, 16> kIntegers{0,
                                                 1,
                                                 -1,
                                                 2,
                                                 3,
                                                 5,
                                                 10,
                                                 100,
                                                 1'000,
                                                 65'536,
                                                 std::numeric_limits<std::int32_t>::max(),
                                                 std::numeric_limits<std::int32_t>::min(),
                                                 std::int64_t{1} << 32,
                                                 std::numeric_limits<std::int64_t>::max(),
                                                 std::numeric_limits<std::int64_t>::min(),
                                                 9'223'372'036};

bool is(const FieldDescriptor* field, std::string_view name) { return field->name() == name; }

}  // namespace

void Generator::fill(Message* request) {
  careful_ = random_.chance(0.6);
  left_ = random_.chance(0.02) ? 20'000 : 300;
  fill_message(request, 0);
}

void Generator::fill_message(Message* message, int depth) {
  const auto* descriptor = message->GetDescriptor();
  if (descriptor->full_name() == "google.protobuf.Timestamp") {
    fill_timestamp(message);
    return;
  }
  if (descriptor->full_name() == "temporal.api.command.v1.Command" && random_.chance(0.95)) {
    fill_command(message, depth);
    return;
  }
  for (int i = 0; i < descriptor->field_count() && left_ > 0; ++i) {
    const Field* field = descriptor->field(i);
    const auto* oneof = field->real_containing_oneof();
    const bool chosen = oneof != nullptr && message->GetReflection()->HasOneof(*message, oneof);
    if (wants(field, depth) && !(chosen && random_.chance(0.9))) {
      fill_field(message, field, depth);
    }
  }
}

// A type, and mostly the attributes that belong to it. Closing commands are rarer, so that runs live a while.
void Generator::fill_command(Message* message, int depth) {
  static constexpr std::array<const char*, 24> kAttributes{"schedule_activity_task",
                                                           "schedule_activity_task",
                                                           "schedule_activity_task",
                                                           "schedule_activity_task",
                                                           "schedule_activity_task",
                                                           "start_timer",
                                                           "start_timer",
                                                           "start_timer",
                                                           "request_cancel_activity_task",
                                                           "request_cancel_activity_task",
                                                           "cancel_timer",
                                                           "cancel_timer",
                                                           "record_marker",
                                                           "record_marker",
                                                           "upsert_workflow_search_attributes",
                                                           "modify_workflow_properties",
                                                           "complete_workflow_execution",
                                                           "fail_workflow_execution",
                                                           "cancel_workflow_execution",
                                                           "continue_as_new_workflow_execution",
                                                           "start_child_workflow_execution",
                                                           "signal_external_workflow_execution",
                                                           "protocol_message",
                                                           "schedule_nexus_operation"};
  const auto* descriptor = message->GetDescriptor();
  static constexpr std::array<const char*, 10> kCareful{"schedule_activity_task",
                                                        "schedule_activity_task",
                                                        "schedule_activity_task",
                                                        "start_timer",
                                                        "start_timer",
                                                        "start_timer",
                                                        "record_marker",
                                                        "request_cancel_activity_task",
                                                        "cancel_timer",
                                                        "modify_workflow_properties"};
  std::string name =
      careful_ && random_.chance(0.9) ? one_of(random_, kCareful) : one_of(random_, kAttributes);
  if (name.ends_with("_execution") && random_.chance(0.5)) {
    name = "start_timer";
  }
  if (random_.chance(0.98)) {
    const Field* attributes = descriptor->FindFieldByName(name + "_command_attributes");
    fill_message(message->GetReflection()->MutableMessage(message, attributes), depth + 1);
  }
  if (!careful_ && random_.chance(0.03)) {
    name = one_of(random_, kAttributes);
  }
  std::string upper = "COMMAND_TYPE_";
  for (const char c : name) {
    upper.push_back(c == '_' ? '_' : static_cast<char>(c - 'a' + 'A'));
  }
  const Field* type = descriptor->FindFieldByName("command_type");
  const auto* value = type->enum_type()->FindValueByName(upper);
  message->GetReflection()->SetEnumValue(message, type,
                                         value == nullptr ? enumerator(type) : value->number());
  for (const char* other : {"user_metadata", "event_group_markers"}) {
    if (random_.chance(0.05)) {
      fill_field(message, descriptor->FindFieldByName(other), depth);
    }
  }
}

void Generator::fill_duration(Message* message, const Field* as) {
  const auto* descriptor = message->GetDescriptor();
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;
  const std::uint64_t kind = random_.below(careful_ ? 90 : 100);
  if (kind < 90) {
    static constexpr std::array<std::int64_t, 8> kSeconds{0, 1, 1, 2, 5, 10, 30, 120};
    seconds = kSeconds[random_.below(kSeconds.size())];
    nanos = random_.chance(0.2) ? static_cast<std::int64_t>(random_.below(1'000'000'000)) : 0;
  } else if (kind < 97) {
    static constexpr std::array<std::int64_t, 8> kSeconds{3'600,
                                                          86'400 * 365,
                                                          std::int64_t{100} * 365 * 86'400,
                                                          std::int64_t{100} * 365 * 86'400 + 1,
                                                          9'223'372'036,
                                                          9'223'372'035,
                                                          315'576'000'000,
                                                          -1};
    seconds = kSeconds[random_.below(kSeconds.size())];
    nanos = random_.chance(0.5) ? 999'999'999 : 0;
  } else {
    seconds = integer(as);
    nanos = kIntegers[random_.below(kIntegers.size())];
  }
  const auto* reflection = message->GetReflection();
  reflection->SetInt64(message, descriptor->FindFieldByName("seconds"), seconds);
  reflection->SetInt32(message, descriptor->FindFieldByName("nanos"), static_cast<std::int32_t>(nanos));
}

void Generator::fill_timestamp(Message* message) {
  const auto* descriptor = message->GetDescriptor();
  const auto* reflection = message->GetReflection();
  const std::int64_t seconds = random_.chance(0.5)
                                   ? 1'700'000'000 + static_cast<std::int64_t>(random_.below(1'000))
                                   : kIntegers[random_.below(kIntegers.size())];
  reflection->SetInt64(message, descriptor->FindFieldByName("seconds"), seconds);
  reflection->SetInt32(message, descriptor->FindFieldByName("nanos"),
                       static_cast<std::int32_t>(kIntegers[random_.below(kIntegers.size())]));
}

bool Generator::wants(const Field* field, int depth) {
  if (is(field, "next_page_token")) {
    return random_.chance(0.3);
  }
  if (refused().contains(field->name())) {
    return !careful_ && random_.chance(0.03);
  }
  if (careful_ && (field->name().ends_with("_run_timeout") || field->name().ends_with("_execution_timeout") ||
                   is(field, "worker_version_capabilities"))) {
    return random_.chance(0.05);
  }
  if (needed().contains(field->name())) {
    return random_.chance(depth < 4 ? 0.97 : 0.5);
  }
  static constexpr std::array<double, 5> kChances{0.4, 0.3, 0.2, 0.12, 0.08};
  return random_.chance(kChances[static_cast<std::size_t>(std::min(depth, 4))]);
}

void Generator::fill_field(Message* message, const Field* field, int depth) {
  int count = 1;
  if (field->is_repeated()) {
    count = is(field, "commands") ? static_cast<int>(random_.below(4)) : static_cast<int>(random_.below(3));
    if (random_.chance(0.004)) {
      count = static_cast<int>(random_.below(3'000));
    }
  }
  for (int i = 0; i < count && left_ > 0; ++i) {
    --left_;
    fill_value(message, field, depth);
  }
}

void Generator::fill_value(Message* message, const Field* field, int depth) {
  const auto* reflection = message->GetReflection();
  const bool repeated = field->is_repeated();
  switch (field->cpp_type()) {
    case Field::CPPTYPE_MESSAGE: {
      Message* inner =
          repeated ? reflection->AddMessage(message, field) : reflection->MutableMessage(message, field);
      if (inner->GetDescriptor()->full_name() == "google.protobuf.Duration") {
        fill_duration(inner, field);
      } else if (field->message_type() == message->GetDescriptor() && random_.chance(0.05)) {
        nest(inner, field);
      } else if (depth < 12 && random_.chance(0.98)) {
        fill_message(inner, depth + 1);
      }
      return;
    }
    case Field::CPPTYPE_STRING: {
      std::string value = field->type() == Field::TYPE_BYTES ? bytes(field) : text(field);
      repeated ? reflection->AddString(message, field, std::move(value))
               : reflection->SetString(message, field, std::move(value));
      return;
    }
    case Field::CPPTYPE_ENUM:
      repeated ? reflection->AddEnumValue(message, field, enumerator(field))
               : reflection->SetEnumValue(message, field, enumerator(field));
      return;
    case Field::CPPTYPE_INT32:
      repeated ? reflection->AddInt32(message, field, static_cast<std::int32_t>(integer(field)))
               : reflection->SetInt32(message, field, static_cast<std::int32_t>(integer(field)));
      return;
    case Field::CPPTYPE_INT64:
      repeated ? reflection->AddInt64(message, field, integer(field))
               : reflection->SetInt64(message, field, integer(field));
      return;
    case Field::CPPTYPE_UINT32:
      repeated ? reflection->AddUInt32(message, field, static_cast<std::uint32_t>(integer(field)))
               : reflection->SetUInt32(message, field, static_cast<std::uint32_t>(integer(field)));
      return;
    case Field::CPPTYPE_UINT64:
      repeated ? reflection->AddUInt64(message, field, static_cast<std::uint64_t>(integer(field)))
               : reflection->SetUInt64(message, field, static_cast<std::uint64_t>(integer(field)));
      return;
    case Field::CPPTYPE_DOUBLE:
      repeated ? reflection->AddDouble(message, field, real())
               : reflection->SetDouble(message, field, real());
      return;
    case Field::CPPTYPE_FLOAT:
      repeated ? reflection->AddFloat(message, field, static_cast<float>(real()))
               : reflection->SetFloat(message, field, static_cast<float>(real()));
      return;
    case Field::CPPTYPE_BOOL:
      repeated ? reflection->AddBool(message, field, random_.chance(0.5))
               : reflection->SetBool(message, field, random_.chance(0.5));
      return;
  }
}

// A message within itself, as failures are: to the depth that parsers accept, and far beyond it.
void Generator::nest(Message* message, const Field* field) {
  static constexpr std::array<int, 7> kDepths{5, 50, 90, 98, 100, 120, 1'000};
  const int depth = kDepths[random_.below(kDepths.size())];
  for (int i = 0; i < depth; ++i) {
    if (i % 16 == 0) {
      fill_message(message, 12);  // nothing deep beside the chain
    }
    const auto* reflection = message->GetReflection();
    message = field->is_repeated() ? reflection->AddMessage(message, field)
                                   : reflection->MutableMessage(message, field);
  }
}

std::string Generator::text(const Field* field) {
  const std::string& type = field->containing_type()->name();
  if (is(field, "namespace")) {
    static constexpr std::array<const char*, 5> kOthers{"other", "Default", "default ", "",
                                                        "temporal-system"};
    // Nearly all else is in `default`, so that one stays as it is.
    const bool changes_it = type.ends_with("NamespaceRequest") && type != "DescribeNamespaceRequest";
    return !changes_it && (careful_ || random_.chance(0.95)) ? "default" : one_of(random_, kOthers);
  }
  if (!careful_ && random_.chance(0.02)) {
    return plain_text();
  }
  if (is(field, "workflow_id")) {
    return numbered("w", random_.below(8));
  }
  if (field->name().ends_with("run_id")) {
    return run_id();
  }
  if (type == "TaskQueue" || field->name().ends_with("task_queue")) {
    static constexpr std::array<const char*, 8> kQueues{"q0", "q0",      "q0",      "q0",
                                                        "q1", "sticky0", "sticky1", "/_sys/q0"};
    return is(field, "normal_name") || (careful_ && random_.chance(0.8)) ? "q0" : one_of(random_, kQueues);
  }
  if (is(field, "activity_id")) {
    return numbered("a", random_.below(6));
  }
  if (is(field, "timer_id")) {
    return numbered("t", random_.below(6));
  }
  if (is(field, "encoding")) {
    return "json/plain";
  }
  if (is(field, "key")) {
    static constexpr std::array<const char*, 5> kKeys{"encoding", "messageType", "k0", "k1",
                                                      "CustomKeywordField"};
    return one_of(random_, kKeys);
  }
  if (is(field, "non_retryable_error_types") && random_.chance(0.3)) {
    return "TemporalTimeout:StartToClose";
  }
  if (is(field, "cron_schedule")) {
    static constexpr std::array<const char*, 4> kSchedules{"* * * * *", "@every 1s", "0 0 31 2 *",
                                                           "99 * * * *"};
    return one_of(random_, kSchedules);
  }
  return careful_ || random_.chance(0.9) ? numbered("n", random_.below(4)) : plain_text();
}

std::string Generator::run_id() {
  const std::uint64_t kind = random_.below(20);
  if (kind < 9) {
    return {};
  }
  return kind < 18 ? pool_.run_id(random_) : kind < 19 ? uuid4(random_) : plain_text();
}

std::string Generator::plain_text() {
  static constexpr std::array<const char*, 6> kTexts{"",       "n0",      "caf\xc3\xa9", "\xf0\x9f\x98\x80",
                                                     "{}%s%n", "a/b\\c\n"};
  static constexpr std::array<const char*, 4> kNotUtf8{"bad \xff utf-8", "\xed\xa0\x80", "\xc0\xaf",
                                                       "\xe2\x82"};
  const std::uint64_t kind = random_.below(1'000);
  if (kind < 800) {
    return one_of(random_, kTexts);
  }
  if (kind < 850) {
    return one_of(random_, kNotUtf8);
  }
  if (kind < 940) {
    static constexpr std::array<std::size_t, 4> kLengths{64, limits::kIdLength, limits::kIdLength + 1, 5'000};
    return std::string(kLengths[random_.below(kLengths.size())], 'x');
  }
  if (kind < 965) {  // a cut in the middle of a character hurts
    std::string wide(random_.below(4), 'x');
    for (std::uint64_t left = 1 + random_.below(3'000); left > 0; --left) {
      wide += "\xf0\x9f\x98\x80";
    }
    return wide;
  }
  if (kind < 990) {
    return std::string(1 + random_.below(64), '\0');
  }
  static constexpr std::array<std::size_t, 6> kLengths{
      70'000,    limits::kBlobWarn + 1, limits::kBlobError, limits::kBlobError + 1,
      3'500'000, limits::kMessage + 1};
  return std::string(kLengths[random_.below(kLengths.size())], 'y');
}

std::string Generator::bytes(const Field* field) {
  if (is(field, "task_token")) {
    const bool of_activity = field->containing_type()->name().find("Activity") != std::string::npos;
    return token(of_activity ? TokenKind::kActivityTask : TokenKind::kWorkflowTask);
  }
  if (is(field, "next_page_token")) {
    return token(TokenKind::kPage);
  }
  return plain_text();
}

std::string Generator::token(TokenKind kind) {
  const std::uint64_t dice = careful_ ? 99 : random_.below(100);
  if (dice < 4) {
    static constexpr std::array<TokenKind, 3> kKinds{TokenKind::kWorkflowTask, TokenKind::kActivityTask,
                                                     TokenKind::kPage};
    kind = kKinds[random_.below(kKinds.size())];
  }
  std::string token = pool_.token(kind, random_);
  if (dice >= 4 && dice < 12 && !token.empty()) {
    token[random_.below(token.size())] ^= static_cast<char>(1 << random_.below(8));
  } else if (dice < 14) {
    token.resize(random_.below(token.size() + 2));
  } else if (dice < 16) {
    return plain_text();
  }
  return token;
}

std::int64_t Generator::integer(const Field* field) {
  if (field->name().ends_with("event_id") && random_.chance(0.9)) {
    return pool_.event_id(random_);
  }
  return careful_ || random_.chance(0.7) ? static_cast<std::int64_t>(random_.below(6))
                                         : kIntegers[random_.below(kIntegers.size())];
}

double Generator::real() {
  static constexpr std::array<double, 12> kValues{0,
                                                  1,
                                                  1,
                                                  2,
                                                  1.5,
                                                  0.5,
                                                  -1,
                                                  1e308,
                                                  1e-308,
                                                  std::numeric_limits<double>::infinity(),
                                                  -std::numeric_limits<double>::infinity(),
                                                  std::numeric_limits<double>::quiet_NaN()};
  return kValues[random_.below(kValues.size())];
}

int Generator::enumerator(const Field* field) {
  if (!careful_ && random_.chance(0.02)) {
    return static_cast<int>(kIntegers[random_.below(kIntegers.size())]);
  }
  const auto* type = field->enum_type();
  return type->value(static_cast<int>(random_.below(static_cast<std::uint64_t>(type->value_count()))))
      ->number();
}

}  // namespace perdure::fuzz
