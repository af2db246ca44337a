// Refused because nobody listens there, and not because there is no gRPC in the program.
#include <perdure/perdure.h>

#include <iostream>

int main() {
  try {
    perdure::Client::connect("127.0.0.1:1");
  } catch (const perdure::RpcError&) {
    std::cout << "Hello, package! Nobody answers.\n";
  }
}
