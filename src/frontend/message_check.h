#pragma once
// What must hold of every request before anyone looks at its meaning, whichever transport brought it.
#include <google/protobuf/message.h>

#include "base/status.h"

namespace perdure::frontend {

// Copies a caller's request through the wire's own encoding and parser, so that what a remote caller could
// not send does not get in from this process either. kResourceExhausted, with the text that SDKs recognise,
// for a message over limits::kMessage; kInvalidArgument for a message nested deeper than
// limits::kRequestDepth or with a string that is not UTF-8 (which field). Thread-safe.
Status copy_checked(const google::protobuf::Message& from, google::protobuf::Message* to);

}  // namespace perdure::frontend
