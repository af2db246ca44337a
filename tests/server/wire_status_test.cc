// Statuses fit into the headers that clients take.
#include "server/wire_status.h"

#include <google/protobuf/any.pb.h>
#include <gtest/gtest.h>

#include <string>

#include "server/limits.h"

namespace perdure::server {
namespace {

TEST(WireStatuses, AStatusWithoutDetailHasNoDetails) {
  const WireStatus wire = to_wire(not_found("workflow execution not found"));
  EXPECT_EQ(wire.code, 5);
  EXPECT_EQ(wire.message, "workflow execution not found");
  EXPECT_TRUE(wire.details.empty());
}

TEST(WireStatuses, ADetailTravelsAsAnAnyInAnRpcStatus) {
  const WireStatus wire =
      to_wire(Status(Code::kNotFound, "no", "temporal.api.errordetails.v1.NotFoundFailure", "xy"));
  const std::string type = "type.googleapis.com/temporal.api.errordetails.v1.NotFoundFailure";
  google::protobuf::Any any;
  any.set_type_url(type);
  any.set_value("xy");
  const std::string expected = std::string("\x08\x05\x12\x02no\x1a") + static_cast<char>(any.ByteSizeLong()) +
                               any.SerializePartialAsString();
  EXPECT_EQ(wire.details, expected);
}

TEST(WireStatuses, MessagesAreCutAtFourThousandBytes) {
  EXPECT_EQ(to_wire(internal_error(std::string(4000, 'x'))).message.size(), 4000U);
  EXPECT_EQ(to_wire(internal_error(std::string(4001, 'x'))).message.size(), 4000U);
}

TEST(WireStatuses, ACutDoesNotSplitACharacter) {
  const WireStatus wire = to_wire(internal_error(std::string(3999, 'x') + "é"));
  EXPECT_EQ(wire.message, std::string(3999, 'x'));
}

TEST(WireStatuses, MessageAndDetailTogetherStayBelowTheHeadersThatClientsTake) {
  std::string unprintable;
  for (int i = 0; i < 2000; ++i) {
    unprintable += "é";
  }
  for (const std::size_t detail : {0, 100, 3000, 9000, 100'000}) {
    const WireStatus wire =
        to_wire(Status(Code::kInternal, unprintable, "temporal.api.errordetails.v1.NotFoundFailure",
                       std::string(detail, 'd')));
    EXPECT_LE(3 * wire.message.size() + 4 * wire.details.size() / 3, limits::kStatusTrailers) << detail;
    EXPECT_FALSE(wire.message.empty());
  }
}

}  // namespace
}  // namespace perdure::server
