#include <perdure/perdure.h>
#include <perdure/server.h>

#include <iostream>

int main() {
  const auto client = perdure::Client::connect("file:./served-state");
  const auto server = perdure::serve(client, "127.0.0.1:0");
  std::cout << "Hello, package! Served on " << server.address() << "\n";
}
