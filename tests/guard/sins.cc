#include "tests/guard/sins.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <random>
#include <stdexcept>
#include <thread>

namespace guard_test {
namespace {

using namespace std::chrono_literals;

void need(bool worked, const char* what) {
  if (!worked) {
    throw std::runtime_error(std::string(what) + " was refused");
  }
}

std::string temporary_file() {
  return "/tmp/perdure-guard-" + std::to_string(std::hash<std::thread::id>()(std::this_thread::get_id()));
}

}  // namespace

// What no guard sees; for the static check.
int sins_committed = 0;

// Threads.
void starts_a_thread() {
  ++sins_committed;
  std::thread thread([] {});
  thread.join();
}
void calls_async() {
  need(std::async(std::launch::async, [] { return 1; }).get() == 1, "async");
}

// Random sources.
void calls_rand() { need(rand() >= 0, "rand"); }
void calls_random() { need(random() >= 0, "random"); }
void asks_random_device() { need(std::random_device{}() <= std::random_device::max(), "random_device"); }
void calls_getrandom() {
  int value = 0;
  need(getrandom(&value, sizeof(value), 0) == sizeof(value), "getrandom");
}
void calls_arc4random() { need(arc4random_uniform(10) < 10, "arc4random_uniform"); }

// Processes.
void calls_system() { need(std::system("true") == 0, "system"); }
void opens_a_pipe() {
  FILE* pipe = popen("true", "r");
  need(pipe != nullptr, "popen");
  pclose(pipe);
}
void forks() {
  const pid_t child = fork();
  if (child == 0) {
    _exit(0);
  }
  need(child > 0, "fork");
  waitpid(child, nullptr, 0);
}
void spawns() {
  char name[] = "true";
  char* arguments[] = {name, nullptr};
  pid_t child = 0;
  need(posix_spawnp(&child, "true", nullptr, nullptr, arguments, environ) == 0, "posix_spawnp");
  waitpid(child, nullptr, 0);
}
void executes() {
  execl("/no/such/program", "program", static_cast<char*>(nullptr));
  need(errno == ENOENT, "execl");
}

// The network.
void makes_a_socket() {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  need(descriptor >= 0, "socket");
  close(descriptor);
}
void connects() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // No descriptor: whoever may connect learns that, whoever may not is refused before.
  connect(-1, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  need(errno == EBADF, "connect");
}
void looks_up_a_host() {
  addrinfo* found = nullptr;
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;
  need(getaddrinfo("127.0.0.1", nullptr, &hints, &found) == 0, "getaddrinfo");
  freeaddrinfo(found);
}

// Files.
void writes_a_file() {
  const std::string name = temporary_file();
  need(std::ofstream(name).is_open(), "ofstream");
  std::filesystem::remove(name);
}
void reads_a_file() { need(std::ifstream("/proc/self/maps").is_open(), "ifstream"); }
void calls_open() {
  const int descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
  need(descriptor >= 0, "open");
  close(descriptor);
}
void asks_whether_a_file_exists() { need(std::filesystem::exists("/proc/self"), "exists"); }
void lists_a_folder() {
  need(std::filesystem::directory_iterator("/") != std::filesystem::directory_iterator(), "opendir");
}

// Times and sleeps.
void reads_system_clock() {
  need(std::chrono::system_clock::now().time_since_epoch().count() != 0, "system_clock");
}
void reads_steady_clock() {
  need(std::chrono::steady_clock::now().time_since_epoch().count() != 0, "steady_clock");
}
void waits_for_a_condition() {
  std::mutex mutex;
  std::condition_variable condition;
  std::unique_lock lock(mutex);
  need(!condition.wait_for(lock, 1ms, [] { return false; }), "wait_for");
}
void waits_for_a_future() {
  std::promise<int> promise;
  need(promise.get_future().wait_for(1ms) == std::future_status::timeout, "wait_for");
}
void tries_a_timed_mutex() {
  std::timed_mutex mutex;
  need(mutex.try_lock_for(1ms), "try_lock_for");
}
void calls_time() { need(time(nullptr) != 0, "time"); }
void calls_gettimeofday() {
  timeval now{};
  need(gettimeofday(&now, nullptr) == 0, "gettimeofday");
}
void sleeps_for() {
  const auto none = std::chrono::microseconds(1);
  std::this_thread::sleep_for(none);  // perdure-allow: the guard is tried
  need(none.count() == 1, "sleep_for");
}
void calls_usleep() { need(usleep(1) == 0, "usleep"); }  // perdure-allow: the guard is tried

// The environment.
void reads_the_environment() { need(getenv("PATH") != nullptr, "getenv"); }

const std::vector<Sin>& sins() {
  static const std::vector<Sin> all = {
      {"starts_a_thread", "pthread_create", "start an activity", starts_a_thread},
      {"calls_async", "pthread_create", "start an activity", calls_async},
      {"calls_rand", "rand", "workflow::random()", calls_rand},
      {"calls_random", "random", "workflow::random()", calls_random},
      {"asks_random_device", "std::random_device", "workflow::uuid4()", asks_random_device},
      {"calls_getrandom", "getrandom", "workflow::random()", calls_getrandom},
      {"calls_arc4random", "arc4random_uniform", "workflow::random()", calls_arc4random},
      {"calls_system", "system", "in an activity", calls_system},
      {"opens_a_pipe", "popen", "in an activity", opens_a_pipe},
      {"forks", "fork", "in an activity", forks},
      {"spawns", "posix_spawnp", "in an activity", spawns},
      {"executes", "execl", "in an activity", executes},
      {"makes_a_socket", "socket", "in an activity", makes_a_socket},
      {"connects", "connect", "in an activity", connects},
      {"looks_up_a_host", "getaddrinfo", "in an activity", looks_up_a_host},
      {"writes_a_file", "fopen", "in an activity", writes_a_file},
      {"reads_a_file", "fopen", "in an activity", reads_a_file},
      {"calls_open", "open", "in an activity", calls_open},
      {"asks_whether_a_file_exists", "stat", "in an activity", asks_whether_a_file_exists},
      {"lists_a_folder", "open", "in an activity", lists_a_folder},
      {"reads_system_clock", "clock_gettime", "workflow::now()", reads_system_clock},
      {"reads_steady_clock", "clock_gettime", "workflow::now()", reads_steady_clock},
      {"waits_for_a_condition", "clock_gettime", "workflow::now()", waits_for_a_condition},
      {"waits_for_a_future", "clock_gettime", "workflow::now()", waits_for_a_future},
      {"tries_a_timed_mutex", "clock_gettime", "workflow::now()", tries_a_timed_mutex},
      {"calls_time", "time", "workflow::now()", calls_time},
      {"calls_gettimeofday", "gettimeofday", "workflow::now()", calls_gettimeofday},
      {"sleeps_for", "nanosleep", "workflow::sleep(", sleeps_for},
      {"calls_usleep", "usleep", "workflow::sleep(", calls_usleep},
      {"reads_the_environment", "getenv", "as a parameter", reads_the_environment},
  };
  return all;
}

}  // namespace guard_test
