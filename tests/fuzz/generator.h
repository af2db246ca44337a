#pragma once
// Random but plausible requests, by reflection: fields that a method cannot do without are nearly always
// there, ids come from a small pool, and now and then a value is extreme.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <string>

#include "base/random.h"
#include "tests/fuzz/pool.h"

namespace perdure::fuzz {

class Generator {
 public:
  Generator(Random& random, Pool& pool) : random_(random), pool_(pool) {}

  void fill(google::protobuf::Message* request);

 private:
  using Message = google::protobuf::Message;
  using Field = google::protobuf::FieldDescriptor;

  void fill_message(Message* message, int depth);
  void fill_command(Message* message, int depth);
  void fill_duration(Message* message, const Field* as);
  void fill_timestamp(Message* message);
  bool wants(const Field* field, int depth);
  void fill_field(Message* message, const Field* field, int depth);
  void fill_value(Message* message, const Field* field, int depth);
  void nest(Message* message, const Field* field);

  std::string text(const Field* field);
  std::string run_id();
  std::string plain_text();
  std::string bytes(const Field* field);
  std::string token(TokenKind kind);
  std::int64_t integer(const Field* field);
  double real();
  int enumerator(const Field* field);

  Random& random_;
  Pool& pool_;
  bool careful_ = false;  // this request shall be carried out
  int left_ = 0;          // fields that this request may still get
};

}  // namespace perdure::fuzz
