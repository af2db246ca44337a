// Updates from end to end: typed results, what refuses and fails them, handles, update with start.
#include "tests/sdk/fixture.h"

namespace sdk_test::updates {

class Account {
 public:
  perdure::Task<int> run() {
    co_await workflow::wait_condition([this] { return closed_ && workflow::all_handlers_finished(); });
    co_return balance_;
  }
  int deposit(int amount) { return balance_ += amount; }
  void check(int amount) const {
    if (amount <= 0) {
      throw perdure::ApplicationError("nothing to deposit", {.type = "BadAmount"});
    }
  }
  perdure::Task<int> withdraw_later(int amount) {
    co_await workflow::sleep(1ms);
    if (amount > balance_) {
      throw perdure::ApplicationError("not that much", {.type = "Overdrawn"});
    }
    co_return balance_ -= amount;
  }
  void close() { closed_ = true; }
  static constexpr auto updates = perdure::updates<perdure::validated_by<&Account::deposit, &Account::check>,
                                                   &Account::withdraw_later, &Account::close>();

 private:
  int balance_ = 0;
  bool closed_ = false;
};

class UpdatesTest : public SdkTest {
 protected:
  perdure::WorkflowOptions options() { return {.id = "w", .task_queue = kQueue}; }
  auto start() { return client().start_workflow<Account>(options()); }
};

TEST_F(UpdatesTest, GiveWhatTheirHandlersGive) {
  const auto running = worker({.workflows = perdure::workflows<Account>()});
  const auto handle = start();
  EXPECT_EQ(handle.execute_update<&Account::deposit>(5), 5);
  EXPECT_EQ(handle.execute_update<&Account::withdraw_later>(2), 3);
  EXPECT_EQ(handle.execute_update_by_name<int>("deposit", {}, 4), 7);
  handle.execute_update<&Account::close>();
  EXPECT_EQ(handle.result(), 7);
}

TEST_F(UpdatesTest, ThatAreRefusedOrFailSayWhy) {
  const auto running = worker({.workflows = perdure::workflows<Account>()});
  const auto handle = start();
  const auto refused =
      error_of<perdure::WorkflowUpdateFailedError>([&] { handle.execute_update<&Account::deposit>(0); });
  ASSERT_TRUE(refused);
  EXPECT_EQ(dynamic_cast<const perdure::ApplicationError&>(*refused->cause()).type(), "BadAmount");
  const auto failed = error_of<perdure::WorkflowUpdateFailedError>(
      [&] { handle.execute_update<&Account::withdraw_later>(1); });
  ASSERT_TRUE(failed);
  EXPECT_EQ(dynamic_cast<const perdure::ApplicationError&>(*failed->cause()).type(), "Overdrawn");
  EXPECT_EQ(handle.fetch_history().find("BadAmount"), std::string::npos) << "a refused one leaves nothing";
  EXPECT_THROW(
      handle.start_update<&Account::deposit>(1, {.wait_for_stage = perdure::WorkflowUpdateStage::kAdmitted}),
      perdure::OptionsError);
}

TEST_F(UpdatesTest, AreFoundAgainByTheirId) {
  const auto running = worker({.workflows = perdure::workflows<Account>()});
  const auto handle = start();
  const auto update = handle.start_update<&Account::deposit>(5, {.id = "first"});
  EXPECT_EQ(update.id(), "first");
  EXPECT_EQ(update.result(), 5);
  EXPECT_EQ(handle.get_update_handle<&Account::deposit>("first").result(), 5);
  EXPECT_EQ(handle.execute_update<&Account::deposit>(5, {.id = "first"}), 5) << "the same update";
}

TEST_F(UpdatesTest, StartTheirWorkflow) {
  const auto running = worker({.workflows = perdure::workflows<Account>()});
  perdure::WorkflowOptions existing = options();
  existing.id_conflict_policy = perdure::WorkflowIdConflictPolicy::kUseExisting;
  for (int i = 1; i <= 2; ++i) {
    auto start = client().with_start_workflow<Account>(existing);
    EXPECT_THROW(start.workflow_handle(), perdure::PerdureError);
    EXPECT_EQ(client().execute_update_with_start_workflow<&Account::deposit>(start, 5), 5 * i);
    EXPECT_EQ(start.workflow_handle().id(), "w");
    EXPECT_THROW(client().execute_update_with_start_workflow<&Account::deposit>(start, 5),
                 perdure::OptionsError);
  }
  auto failing = client().with_start_workflow<Account>(options());
  EXPECT_THROW(client().execute_update_with_start_workflow<&Account::deposit>(failing, 5),
               perdure::WorkflowAlreadyStartedError);
}

}  // namespace sdk_test::updates
