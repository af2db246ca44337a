#pragma once
// What must hold of every request before anyone looks at its meaning, whichever transport brought it. On the
// wire the parser already refuses the same things; a caller in this process has no parser.
#include <google/protobuf/message.h>

#include "base/status.h"

namespace perdure::frontend {

// kResourceExhausted, with the text that SDKs recognise, for a message over limits::kMessage;
// kInvalidArgument for a message nested deeper than a parser accepts (100 levels) or with a string that is
// not UTF-8 (which field).
Status check_message(const google::protobuf::Message& message);

}  // namespace perdure::frontend
