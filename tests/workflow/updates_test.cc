#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include "perdure/workflow.h"
#include "tests/workflow/fake_service.h"
#include "tests/workflow/test_activities.h"

namespace perdure::testing::updates {

using namespace std::chrono_literals;
using namespace workflow;  // NOLINT: as user code would write

struct Cart {
  std::vector<std::string> lines;
  int total = 0;
  bool done = false;
  Task<std::vector<std::string>> run() {
    lines.push_back("run");
    co_await wait_condition([this] { return done && all_handlers_finished(); });
    co_return lines;
  }
  int add(int amount) {
    lines.push_back("add " + std::to_string(amount));
    return total += amount;
  }
  void check(int amount) const {
    if (amount < 0) {
      throw ApplicationError("less than nothing");
    }
  }
  Task<std::string> slow(std::string text) {
    const auto update = current_update_info();
    co_await sleep(1s);
    co_return update->id + " " + co_await execute_activity<echo>(text, {.start_to_close_timeout = 10s});
  }
  void say(std::string what) { lines.push_back("say " + what); }
  Task<> fail(std::string why) {
    co_await sleep(1s);
    throw ApplicationError(why);
  }
  void crash() { throw std::runtime_error("a bug in the handler"); }
  void touch() {}
  void meddle() const { static_cast<void>(sleep(1s)); }
  void finish() { done = true; }
  static constexpr auto signals = perdure::signals<&Cart::say, &Cart::finish>();
  static constexpr auto updates =
      perdure::updates<perdure::validated_by<&Cart::add, &Cart::check>, &Cart::slow, &Cart::fail,
                       &Cart::crash, perdure::validated_by<&Cart::touch, &Cart::meddle>>();
};

struct Shopping {
  FakeService service{"Cart"};
  Driven driven;
};

Shopping shop(const std::function<void(int, FakeService&)>& before_task) {
  Shopping shopping;
  WorkflowRun run(detail::workflow_definition<Cart>(), identity());
  shopping.driven = drive(run, shopping.service, test_activities(), before_task);
  if (shopping.driven.failure.empty()) {
    EXPECT_EQ(replay_failure(detail::workflow_definition<Cart>(), shopping.service), "");
  }
  return shopping;
}

using Results = std::vector<std::string>;

TEST(Updates, AreAcceptedAndCompletedInOneTask) {
  const Shopping shopping = shop([](int task, FakeService& service) {
    if (task == 2) {
      service.update("u1", "add", to_payloads(3));
      service.update("u2", "add", to_payloads(4));
    } else if (task == 3) {
      service.signal("finish");
    }
  });
  EXPECT_EQ(shopping.service.updates(),
            (Results{"u1 accepted", "u1 completed: 3", "u2 accepted", "u2 completed: 7"}));
  EXPECT_EQ(result_text(shopping.driven.last), R"(["run","add 3","add 4"])");
}

TEST(Updates, BeforeTheStartRunTheirHandlerFirst) {
  const Shopping shopping = shop([](int task, FakeService& service) {
    if (task == 1) {
      service.update("u1", "add", to_payloads(3));
      service.signal("finish");
    }
  });
  EXPECT_EQ(result_text(shopping.driven.last), R"(["add 3","run"])");
}

TEST(Updates, AndSignalsKeepTheirOrder) {
  const Shopping shopping = shop([](int task, FakeService& service) {
    if (task == 2) {
      service.signal("say", to_payloads("before"));
      service.update("u1", "add", to_payloads(3));
      service.signal("say", to_payloads("after"));
      service.signal("finish");
    }
  });
  EXPECT_EQ(result_text(shopping.driven.last), R"(["run","say before","add 3","say after"])");
}

TEST(Updates, ThatAreRefusedLeaveNoEvent) {
  const Shopping shopping = shop([](int task, FakeService& service) {
    if (task == 2) {
      service.update("u1", "add", to_payloads(-1));
      service.update("u2", "unheard");
      service.update("u3", "add", to_payloads("text"));
    } else if (task == 3) {
      service.signal("finish");
    }
  });
  ASSERT_EQ(shopping.service.updates().size(), 3U);
  EXPECT_EQ(shopping.service.updates()[0], "u1 refused: less than nothing");
  EXPECT_EQ(
      shopping.service.updates()[1],
      "u2 refused: Update handler for 'unheard' expected but not found, and there is no dynamic handler. "
      "known updates: [add crash fail slow touch]");
  EXPECT_NE(shopping.service.updates()[2].find("u3 refused: argument 1"), std::string::npos);
  EXPECT_EQ(result_text(shopping.driven.last), R"(["run"])");
}

TEST(Updates, WaitAndKnowWhichTheyAre) {
  const Shopping shopping = shop([](int task, FakeService& service) {
    if (task == 2) {
      service.update("u1", "slow", to_payloads("text"));
      service.signal("finish");
    }
  });
  EXPECT_EQ(shopping.service.updates(), (Results{"u1 accepted", R"(u1 completed: "u1 text")"}));
  EXPECT_TRUE(shopping.driven.warnings.empty());
}

TEST(Updates, WhoseHandlerThrowsAFailureFailAlone) {
  const Shopping shopping = shop([](int task, FakeService& service) {
    if (task == 2) {
      service.update("u1", "fail", to_payloads("enough"));
      service.signal("finish");
    }
  });
  EXPECT_EQ(shopping.service.updates(), (Results{"u1 accepted", "u1 failed: enough"}));
  EXPECT_EQ(result_text(shopping.driven.last), R"(["run"])");
}

TEST(Updates, WhoseHandlerThrowsAnythingElseFailTheWorkflowTask) {
  const Shopping shopping = shop([](int task, FakeService& service) {
    if (task == 2) {
      service.update("u1", "crash");
    }
  });
  EXPECT_EQ(shopping.driven.failure, "a bug in the handler");
}

TEST(Updates, WhoseValidatorDoesMoreThanLookFailTheWorkflowTask) {
  const Shopping shopping = shop([](int task, FakeService& service) {
    if (task == 2) {
      service.update("u1", "touch");
    }
  });
  EXPECT_EQ(shopping.driven.failure,
            "a validator of an update must only look at the workflow, but tried to start a timer");
}

struct Impatient : Cart {
  Task<std::vector<std::string>> run() { co_return lines; }
};

TEST(Updates, ThatAreLeftBehindAreWarnedAbout) {
  FakeService service("Impatient");
  WorkflowRun run(detail::workflow_definition<Impatient>(), identity());
  service.update("u1", "slow", to_payloads("text"));
  const Driven driven = drive(run, service, {});
  EXPECT_EQ(service.updates(), (Results{"u1 accepted"}));
  ASSERT_EQ(driven.warnings.size(), 1U);
  EXPECT_NE(driven.warnings[0].find(R"([{"name": "slow", "id": "u1"}])"), std::string::npos)
      << driven.warnings[0];
}

TEST(Updates, WhoseTaskTheServiceDroppedAreForgotten) {
  FakeService service("Cart");
  WorkflowRun run(detail::workflow_definition<Cart>(), identity());
  service.start_task();
  service.complete_task(run.activate(service.events(), {0}));
  service.update("u1", "add", to_payloads(-1));
  service.start_task();
  const Completion refused = run.activate(service.slice(4, 6), {3, &service.messages()});
  EXPECT_EQ(refused.commands.size(), 0U);
  EXPECT_EQ(refused.messages.size(), 1U);
  service.drop_task();
  run.undo_last_task(3);
  EXPECT_EQ(run.last_started_event_id(), 3);
  service.signal("finish");
  service.start_task();
  const Completion completion = run.activate(service.slice(4, 7), {3});
  EXPECT_EQ(result_text(completion), R"(["run"])");
}

TEST(Updates, InAReplayWithoutTheirHandlerAreNondeterminism) {
  FakeService service("Cart");
  WorkflowRun run(detail::workflow_definition<Cart>(), identity());
  drive(run, service, {}, [](int task, FakeService& fake) {
    if (task == 2) {
      fake.update("u1", "add", to_payloads(3));
      fake.signal("finish");
    }
  });
  detail::WorkflowDefinition other = detail::workflow_definition<Cart>();
  other.updates.clear();
  EXPECT_NE(replay_failure(other, service)
                .find("WorkflowExecutionUpdateAccepted (update \"add\", id \"u1\"), but the code produced "
                      "CompleteWorkflowExecution"),
            std::string::npos)
      << replay_failure(other, service);
}

struct SetsHandlers {
  int total = 0;
  Task<int> run() {
    set_update_handler(
        "add", [this](int amount) { return total += amount; },
        [](int amount) {
          if (amount == 0) {
            throw ApplicationError("nothing");
          }
        });
    set_dynamic_update_handler([](std::string update, Payloads arguments) -> Task<std::string> {
      co_await sleep(1s);
      co_return update + " with " + std::to_string(arguments.size());
    });
    co_await wait_condition([this] { return total > 2 && all_handlers_finished(); });
    co_return total;
  }
};

TEST(Updates, CanHaveHandlersThatAreSetLater) {
  FakeService service("SetsHandlers");
  WorkflowRun run(detail::workflow_definition<SetsHandlers>(), identity());
  const Driven driven = drive(run, service, {}, [](int task, FakeService& fake) {
    if (task == 2) {
      fake.update("u1", "add", to_payloads(0));
      fake.update("u2", "other", to_payloads(1, 2, 3));
      fake.update("u3", "add", to_payloads(3));
    }
  });
  EXPECT_EQ(service.updates(), (Results{"u2 accepted", "u3 accepted", "u3 completed: 3",
                                        "u1 refused: nothing", R"(u2 completed: "other with 3")"}));
  EXPECT_EQ(result_text(driven.last), "3");
  EXPECT_EQ(replay_failure(detail::workflow_definition<SetsHandlers>(), service), "");
}

}  // namespace perdure::testing::updates
