// perdure-approval [TARGET [SECONDS]]: an expense that somebody has to approve in time.
#include <perdure/perdure.h>

#include <iostream>
#include <optional>
#include <string>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

struct Decision {
  bool approved = false;
  std::string by;
};

void notify(const std::string& whom, const std::string& text) {
  std::cout << whom << ": " << text << std::endl;
}

// [workflow]
class Expense {
 public:
  perdure::Task<std::string> run(std::string what, std::chrono::seconds patience) {
    co_await workflow::execute_activity<notify>("boss", "please decide: " + what,
                                                {.start_to_close_timeout = 10s});
    try {
      co_await workflow::wait_condition([this] { return decision_.has_value(); }, patience);
      status_ = (decision_->approved ? "approved by " : "refused by ") + decision_->by;
    } catch (const perdure::TimeoutError&) {
      status_ = "refused, as nobody decided in time";
    }
    co_await workflow::execute_activity<notify>("you", status_, {.start_to_close_timeout = 10s});
    co_return status_;
  }

  // The first decision counts.
  void decide(Decision decision) {
    if (!decision_) {
      decision_ = decision;
    }
  }
  std::string status() const { return status_; }

  static constexpr auto signals = perdure::signals<&Expense::decide>();
  static constexpr auto queries = perdure::queries<&Expense::status>();

 private:
  std::optional<Decision> decision_;
  std::string status_ = "undecided";
};
// [workflow]

int main(int argc, char** argv) try {
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  perdure::Worker worker(client, {.task_queue = "expenses",
                                  .workflows = perdure::workflows<Expense>(),
                                  .activities = perdure::activities<notify>()});
  worker.start();
  const std::chrono::seconds patience(argc > 2 ? std::stoi(argv[2]) : 2);
  const auto train =
      client.start_workflow<Expense>("a train ticket", 1h, {.id = "expense-1", .task_queue = "expenses"});
  const auto plane =
      client.start_workflow<Expense>("a plane", patience, {.id = "expense-2", .task_queue = "expenses"});
  const std::string status = train.query<&Expense::status>();
  std::cout << "the ticket is " << status << std::endl;
  train.signal<&Expense::decide>({.approved = true, .by = "alice"});
  train.result();
  plane.result();
} catch (const perdure::PerdureError& error) {
  std::cerr << "perdure-approval: " << error.what() << "\n";
  return 1;
}
