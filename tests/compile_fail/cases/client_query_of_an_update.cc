// expect: static assertion failed.*perdure: query<…> asks a query handler, which is a const member function
#include "client_common.h"

struct Cart {
  perdure::Task<int> run();
  int add(int amount);
};
int call(const perdure::WorkflowHandle<int>& cart) { return cart.query<&Cart::add>(1); }
