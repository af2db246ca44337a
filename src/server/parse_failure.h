#pragma once
// Why bytes are not a message: asked only after the parser refused them.
#include <google/protobuf/descriptor.h>

#include <string_view>

#include "base/status.h"

namespace perdure::server {

// kInternal with grpc-go's texts for bytes that are not wire format or hold a string that is not UTF-8;
// kInvalidArgument for messages nested deeper than limits::kRequestDepth. Uses no recursion.
Status why_not_parsed(std::string_view bytes, const google::protobuf::Descriptor& type);

}  // namespace perdure::server
