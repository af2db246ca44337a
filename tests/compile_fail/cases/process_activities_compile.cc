#include "common.h"
#include "perdure/process_activities.h"

int resize(std::string picture, int width) { return static_cast<int>(picture.size()) * width; }
void nothing() {}
perdure::Activities list() {
  return perdure::process_activities<resize, nothing>() + perdure::activities<nothing>();
}
