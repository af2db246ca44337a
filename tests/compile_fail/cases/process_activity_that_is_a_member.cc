// expect: static assertion failed.*perdure: a process activity is a free function
#include "common.h"
#include "perdure/process_activities.h"

class Mailer {
 public:
  int send(int n) { return n + sent_; }

 private:
  int sent_ = 0;
};
perdure::Activities list() { return perdure::process_activities<&Mailer::send>(); }
