// What the service says about itself and its namespaces.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "tests/runtime/harness.h"

namespace perdure::testing {
namespace {

using Described = wire::DescribeNamespaceResponse;

PendingPointer<Described> describe(Rig& rig, const std::string& name, const std::string& id) {
  wire::DescribeNamespaceRequest request;
  request.set_namespace_(name);
  request.set_id(id);
  return rig.call<Described>("DescribeNamespace", request);
}

TEST(System, CapabilitiesAreTrueOnlyForWhatWorks) {
  Rig rig;
  auto system = rig.call<wire::GetSystemInfoResponse>("GetSystemInfo", wire::GetSystemInfoRequest());
  ASSERT_TRUE(system->ok());
  EXPECT_EQ(system->response.server_version(), "1.32.0");
  EXPECT_TRUE(system->response.capabilities().sdk_metadata());
  EXPECT_FALSE(system->response.capabilities().supports_schedules());
  EXPECT_TRUE(system->response.capabilities().eager_workflow_start());
  EXPECT_FALSE(system->response.capabilities().nexus());
}

TEST(System, TheClusterNamesItsStore) {
  Rig rig;
  auto cluster = rig.call<wire::GetClusterInfoResponse>("GetClusterInfo", wire::GetClusterInfoRequest());
  ASSERT_TRUE(cluster->ok());
  EXPECT_EQ(cluster->response.history_shard_count(), 1);
  EXPECT_EQ(cluster->response.cluster_name(), "active");
  EXPECT_EQ(cluster->response.persistence_store(), "sqlite");
  EXPECT_EQ(cluster->response.supported_clients().at("temporal-cli"), "<2.0.0");
}

TEST(System, ANamespaceIsDescribedByNameAndById) {
  Rig rig;
  auto by_name = describe(rig, "default", "");
  ASSERT_TRUE(by_name->ok());
  const auto& info = by_name->response.namespace_info();
  EXPECT_EQ(info.state(), enums::NAMESPACE_STATE_REGISTERED);
  EXPECT_EQ(info.limits().blob_size_limit_error(), static_cast<std::int64_t>(limits::kBlobError));
  EXPECT_EQ(by_name->response.config().workflow_execution_retention_ttl().seconds(), 72 * 3600);
  auto by_id = describe(rig, "", info.id());
  ASSERT_TRUE(by_id->ok());
  EXPECT_EQ(by_id->response.SerializeAsString(), by_name->response.SerializeAsString());
}

TEST(System, ADescriptionNeedsOneNameOfANamespaceThatExists) {
  Rig rig;
  const std::string id = describe(rig, "default", "")->response.namespace_info().id();
  EXPECT_EQ(describe(rig, "", "")->status->message(), "Namespace not set on request.");
  EXPECT_EQ(describe(rig, "default", id)->status->message(),
            "GetNamespace operation failed.  Both ID and Name specified in request.");
  EXPECT_EQ(describe(rig, "nowhere", "")->status->code(), Code::kNotFound);
  EXPECT_EQ(describe(rig, "", "nothing")->status->message(), "Namespace nothing is not found.");
}

TEST(System, NamespacesAreListedOnOnePage) {
  Rig rig;
  wire::ListNamespacesRequest request;
  auto listed = rig.call<wire::ListNamespacesResponse>("ListNamespaces", request);
  ASSERT_TRUE(listed->ok());
  ASSERT_EQ(listed->response.namespaces_size(), 1);
  EXPECT_EQ(listed->response.namespaces(0).SerializeAsString(),
            describe(rig, "default", "")->response.SerializeAsString());
  EXPECT_TRUE(listed->response.next_page_token().empty());
  request.set_next_page_token("made up");
  EXPECT_EQ(rig.call<wire::ListNamespacesResponse>("ListNamespaces", request)->status->code(),
            Code::kInvalidArgument);
}

}  // namespace
}  // namespace perdure::testing
