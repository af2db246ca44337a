// expect: static assertion failed.*perdure: a class with constructors or private members cannot cross
// expect: check_parameter<2, Ec2Client>
#include "common.h"

class Ec2Client {  // as clients of cloud providers are: credentials, sockets, state
 public:
  explicit Ec2Client(std::string region);
  std::string describe_instances() const;

 private:
  std::string credentials_;
};
class Bad {
 public:
  perdure::Task<std::string> run(std::string account, Ec2Client client);
};
const auto definition = perdure::detail::workflow_definition<Bad>();
