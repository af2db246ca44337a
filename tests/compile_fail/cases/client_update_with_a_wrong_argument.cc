// expect: no matching member function for call to 'execute_update'
// expect: no known conversion from 'const char\[5\]' to .*int
#include "client_common.h"

struct Cart {
  perdure::Task<int> run();
  int add(int amount);
};
int call(const perdure::WorkflowHandle<int>& cart) { return cart.execute_update<&Cart::add>("text"); }
