#pragma once
// What is done to messages between this program and the service: docs/adr/0005.
#include <google/protobuf/message.h>

#include <memory>

#include "perdure/data_converter.h"

namespace perdure::client {

// Thread-safe, as its codec is.
class Boundary {
 public:
  // Null when there is nothing to do to any message.
  static std::unique_ptr<const Boundary> make(const DataConverter& converter);

  // On the way out, in place. Throws DataConversionError with what the codec said; the message is then
  // neither, and must not be sent.
  void encode(google::protobuf::Message* message) const;
  // On the way in, in place. Throws DataConversionError.
  void decode(google::protobuf::Message* message) const;

 private:
  explicit Boundary(DataConverter converter);

  const DataConverter converter_;
};

}  // namespace perdure::client
