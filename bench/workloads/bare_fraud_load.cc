#include <algorithm>
#include <array>

#include "penstock/bench/harness/open_loop.h"
#include "penstock/bench/workloads/bare_fraud.h"
#include "penstock/bench/workloads/fraud_load.h"
#include "penstock/bench/workloads/fraud_row_timer.h"
#include "penstock/bench/workloads/transactions.h"
#include "penstock/core/base/cpu.h"

namespace penstock::bench {
namespace {

// Rows to the timer; a change is due with the transaction that is being added.
struct TimedRows {
  FraudRowTimer* timer;
  std::uint64_t number = 0;

  void change(std::uint32_t card, std::uint8_t previous, std::uint8_t current,
              std::int64_t time_ms) noexcept {
    timer->change(number, card, previous, current, time_ms);
  }
  void window(std::uint32_t card, std::int64_t end_ms, std::int64_t count,
              std::int64_t sum) noexcept {
    timer->window(card, end_ms, count, sum);
  }
};

constexpr std::size_t kAhead = 16;

// As the bare loop over all transactions does it: the places of these are fetched before they are worked through.
void work_off(TransactionGenerator& generator, std::size_t count,
              FraudRulesInto<TimedRows>& rules) {
  std::array<Transaction, kAhead> batch;
  std::array<std::uint32_t, kAhead> places;
  const std::uint64_t first = generator.next_number();
  for (std::size_t i = 0; i < count; ++i) {
    batch[i] = generator.next();
    rules.prefetch(batch[i].card);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (batch[i].amount > 0) places[i] = rules.find(batch[i].card, batch[i].country);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (batch[i].amount <= 0) continue;
    rules.rows().number = first + i;
    rules.add(places[i], batch[i].amount, batch[i].country, batch[i].time_ms);
  }
}

}  // namespace

FraudLatency run_bare_load(const FraudLoad& load) {
  const RealClock clock;
  FraudRowTimer timer(load, clock);
  FraudRulesInto<TimedRows> rules(TimedRows{&timer});
  TransactionGenerator generator(0, 1);
  const Instant start = clock.now();
  const OpenLoopSchedule schedule(start, load.rate_per_second);
  timer.start(start);
  const std::uint64_t events = load.events();
  while (generator.next_number() < events) {
    const std::uint64_t due = std::min(schedule.due_count(clock.now()), events);
    const std::uint64_t late = due - std::min(due, generator.next_number());
    if (late == 0) {
      cpu_relax();
      continue;
    }
    work_off(generator, std::min<std::uint64_t>(late, kAhead), rules);
    timer.flush();
  }
  rules.finish();
  timer.flush();
  return timer.latency();
}

}  // namespace penstock::bench
