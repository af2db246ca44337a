#include "patient.h"

namespace encryption {

std::string file_report(const std::string& patient, const std::string& findings) {
  return "report about " + patient + ": " + findings;
}

}  // namespace encryption
