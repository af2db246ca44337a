#include "server/reflection_answers.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstdint>
#include <set>

#include "api/convert.h"
#include "base/status.h"

namespace perdure::server {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// The questions, as fields of ServerReflectionRequest; 0: none.
enum Question : std::uint32_t {
  kFileByName = 3,
  kFileContainingSymbol = 4,
  kFileContainingExtension = 5,
  kExtensionNumbersOfType = 6,
  kListServices = 7,
};

struct Asked {
  std::string host;
  std::uint32_t question = 0;
  std::string argument;  // of an extension: its type
  std::uint32_t extension_number = 0;
};

constexpr std::uint32_t tag(std::uint32_t field, WireFormatLite::WireType type) { return field << 3 | type; }

void append_varint(std::string* out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    out->push_back(static_cast<char>(value | 0x80));
  }
  out->push_back(static_cast<char>(value));
}

void append_number(std::string* out, std::uint32_t field, std::uint64_t value) {
  append_varint(out, tag(field, WireFormatLite::WIRETYPE_VARINT));
  append_varint(out, value);
}

void append_bytes(std::string* out, std::uint32_t field, const std::string& bytes) {
  append_varint(out, tag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
  append_varint(out, bytes.size());
  out->append(bytes);
}

// ExtensionRequest {string containing_type = 1; int32 extension_number = 2;}
bool read_extension(const std::string& bytes, Asked* asked) {
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
  while (const std::uint32_t next = in.ReadTag()) {
    const bool read = next == tag(1, WireFormatLite::WIRETYPE_LENGTH_DELIMITED)
                          ? WireFormatLite::ReadString(&in, &asked->argument)
                      : next == tag(2, WireFormatLite::WIRETYPE_VARINT)
                          ? in.ReadVarint32(&asked->extension_number)
                          : WireFormatLite::SkipField(&in, next);
    if (!read) {
      return false;
    }
  }
  return in.ConsumedEntireMessage();
}

// ServerReflectionRequest {string host = 1; oneof {the questions}}: all of them length-delimited.
bool read_request(const std::string& bytes, Asked* asked) {
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
  while (const std::uint32_t next = in.ReadTag()) {
    const std::uint32_t field = next >> 3;
    const bool is_question = field >= kFileByName && field <= kListServices;
    const bool is_text = (next & 7) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
    bool read = false;
    if (is_text && field == 1) {
      read = WireFormatLite::ReadString(&in, &asked->host);
    } else if (is_text && is_question) {
      asked->question = field;
      read = WireFormatLite::ReadString(&in, &asked->argument);
    } else {
      read = WireFormatLite::SkipField(&in, next);
    }
    if (!read) {
      return false;
    }
  }
  return in.ConsumedEntireMessage();
}

void add_error(std::string* answer, Code code, const std::string& message) {
  std::string error;  // ErrorResponse {int32 error_code = 1; string error_message = 2;}
  append_number(&error, 1, static_cast<std::uint64_t>(code));
  append_bytes(&error, 2, message);
  append_bytes(answer, 7, error);
}

// The file and all that it imports, each once.
void append_files(const FileDescriptor& file, std::set<const FileDescriptor*>* seen, std::string* out) {
  if (!seen->insert(&file).second) {
    return;
  }
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  append_bytes(out, 1, api::serialize(proto));
  for (int i = 0; i < file.dependency_count(); ++i) {
    append_files(*file.dependency(i), seen, out);
  }
}

void add_file(std::string* answer, const FileDescriptor* file, const std::string& what) {
  if (file == nullptr) {
    add_error(answer, Code::kNotFound, what + " not found");
    return;
  }
  std::set<const FileDescriptor*> seen;
  std::string files;  // FileDescriptorResponse {repeated bytes file_descriptor_proto = 1;}
  append_files(*file, &seen, &files);
  append_bytes(answer, 4, files);
}

void add_services(std::string* answer, const std::vector<std::string>& services) {
  std::string list;  // ListServiceResponse {repeated ServiceResponse {string name = 1;} service = 1;}
  for (const std::string& service : services) {
    std::string entry;
    append_bytes(&entry, 1, service);
    append_bytes(&list, 1, entry);
  }
  append_bytes(answer, 6, list);
}

void add_extension_numbers(std::string* answer, const std::string& type) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  const auto* descriptor = pool.FindMessageTypeByName(type);
  if (descriptor == nullptr) {
    add_error(answer, Code::kNotFound, "type " + type + " not found");
    return;
  }
  std::vector<const FieldDescriptor*> extensions;
  pool.FindAllExtensions(descriptor, &extensions);
  std::string numbers;  // ExtensionNumberResponse {string base_type_name = 1; repeated int32 … = 2;}
  append_bytes(&numbers, 1, type);
  for (const FieldDescriptor* extension : extensions) {
    append_number(&numbers, 2, static_cast<std::uint64_t>(extension->number()));
  }
  append_bytes(answer, 5, numbers);
}

const FileDescriptor* file_of_extension(const Asked& asked) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  const auto* type = pool.FindMessageTypeByName(asked.argument);
  const auto* extension =
      type == nullptr ? nullptr : pool.FindExtensionByNumber(type, static_cast<int>(asked.extension_number));
  return extension == nullptr ? nullptr : extension->file();
}

}  // namespace

std::string answer_reflection(const std::string& request, const std::vector<std::string>& services) {
  Asked asked;
  std::string answer;  // ServerReflectionResponse {string valid_host = 1; … original_request = 2; oneof {…}}
  const bool valid = read_request(request, &asked) && (asked.question != kFileContainingExtension ||
                                                       read_extension(std::string(asked.argument), &asked));
  if (!valid) {
    add_error(&answer, Code::kInvalidArgument, "the request is no ServerReflectionRequest");
    return answer;
  }
  append_bytes(&answer, 1, asked.host);
  append_bytes(&answer, 2, request);
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  switch (asked.question) {
    case kFileByName:
      add_file(&answer, pool.FindFileByName(asked.argument), "file " + asked.argument);
      break;
    case kFileContainingSymbol:
      add_file(&answer, pool.FindFileContainingSymbol(asked.argument), "symbol " + asked.argument);
      break;
    case kFileContainingExtension:
      add_file(&answer, file_of_extension(asked), "extension of " + asked.argument);
      break;
    case kExtensionNumbersOfType:
      add_extension_numbers(&answer, asked.argument);
      break;
    case kListServices:
      add_services(&answer, services);
      break;
    default:
      add_error(&answer, Code::kInvalidArgument, "the request asks nothing that is known here");
  }
  return answer;
}

}  // namespace perdure::server
