#pragma once
// What a user says about a connection to a server, checked, as the transport wants it.
#include <string>

#include "client/remote.h"
#include "perdure/client_options.h"

namespace perdure::sdk {

// "HOST:PORT" or "[IPV6]:PORT", port 1 to 65535.
bool is_address(const std::string& target);

// Throws OptionsError for what cannot work.
client::RemoteOptions remote_options(const std::string& address, const ConnectOptions& options);

// Throws OptionsError if an option is given that is for servers.
void refuse_remote_options(const std::string& target, const ConnectOptions& options);

}  // namespace perdure::sdk
