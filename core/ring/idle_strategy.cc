#include "penstock/core/ring/idle_strategy.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>

#include "penstock/core/ring/parker.h"

namespace penstock {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::microseconds;
using std::chrono::nanoseconds;

constexpr std::size_t kRounds = 31;
constexpr nanoseconds kShortest = microseconds(1);
constexpr nanoseconds kLongest = microseconds(200);

// A thread that parks, and says when it ran again.
class Sleeper {
 public:
  Sleeper() : thread_([this] { run(); }) {}
  ~Sleeper() {
    stop_.store(true, std::memory_order_seq_cst);
    parker_.wake();
    thread_.join();
  }

  // One sleep and one wake, timed from before the wake to the first instruction after it.
  nanoseconds wake_once(std::uint64_t round) {
    while (parker_.sleeps() <= round) std::this_thread::sleep_for(microseconds(20));
    // The count rises just before the system call; a core that has had time to go idle is the case that matters.
    std::this_thread::sleep_for(microseconds(100));
    const SteadyClock::time_point before = SteadyClock::now();
    parker_.wake();
    while (rounds_.load(std::memory_order_acquire) <= round)
      std::this_thread::sleep_for(microseconds(20));
    return awake_at_ - before;
  }

 private:
  void run() {
    while (!stop_.load(std::memory_order_seq_cst)) {
      parker_.prepare_park();
      parker_.park_until(kNever);
      awake_at_ = SteadyClock::now();
      rounds_.fetch_add(1, std::memory_order_release);  // Publishes awake_at_.
    }
  }

  Parker parker_;
  SteadyClock::time_point awake_at_;
  std::atomic<std::uint64_t> rounds_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;  // Last: it uses the others.
};

nanoseconds median_of(std::array<nanoseconds, kRounds>& costs) {
  const auto middle = costs.begin() + kRounds / 2;
  std::nth_element(costs.begin(), middle, costs.end());
  return std::clamp(*middle, kShortest, kLongest);
}

}  // namespace

nanoseconds calibrate_wake_cost() {
  Sleeper sleeper;
  std::array<nanoseconds, kRounds> costs{};
  for (std::size_t round = 0; round < kRounds; ++round) costs[round] = sleeper.wake_once(round);
  return median_of(costs);
}

nanoseconds calibrate_timer_lateness() {
  Parker parker;
  std::array<nanoseconds, kRounds> latenesses{};
  for (nanoseconds& lateness : latenesses) {
    const SteadyClock::time_point deadline = SteadyClock::now() + microseconds(100);
    parker.prepare_park();
    parker.park_until(Instant{deadline.time_since_epoch().count()});
    lateness = SteadyClock::now() - deadline;
  }
  return median_of(latenesses);
}

}  // namespace penstock
