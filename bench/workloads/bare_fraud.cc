#include "penstock/bench/workloads/bare_fraud.h"

#include <algorithm>
#include <array>

#include "penstock/bench/workloads/bare_loops.h"
#include "penstock/bench/workloads/transactions.h"

namespace penstock::bench {

namespace {

// Sixteen transactions are made ahead and the slots of their cards fetched, then their figures; then they are worked
// through.
RowSum run_ahead(std::uint64_t events) {
  constexpr std::size_t kAhead = 16;
  FraudRules rules;
  std::array<Transaction, kAhead> batch;
  std::array<std::uint32_t, kAhead> numbers;
  TransactionGenerator generator(0, 1);
  while (generator.next_number() < events) {
    const std::size_t wanted = std::min<std::uint64_t>(kAhead, events - generator.next_number());
    std::size_t size = 0;  // Of those with a positive amount.
    for (std::size_t i = 0; i < wanted; ++i) {
      batch[size] = generator.next();
      rules.prefetch(batch[size].card);
      size += batch[size].amount > 0;
    }
    for (std::size_t i = 0; i < size; ++i) numbers[i] = rules.find(batch[i].card, batch[i].country);
    for (std::size_t i = 0; i < size; ++i) {
      rules.add(numbers[i], batch[i].amount, batch[i].country, batch[i].time_ms);
    }
  }
  return rules.finish().sum;
}

RowSum run_plainly(std::uint64_t events) {
  FraudRules rules;
  TransactionGenerator generator(0, 1);
  for (std::uint64_t i = 0; i < events; ++i) {
    const Transaction t = generator.next();
    if (t.amount <= 0) continue;
    rules.add(rules.find(t.card, t.country), t.amount, t.country, t.time_ms);
  }
  return rules.finish().sum;
}

}  // namespace

RowSum run_bare_fraud(std::uint64_t events, Ahead ahead) {
  return ahead == Ahead::kSixteen ? run_ahead(events) : run_plainly(events);
}

}  // namespace penstock::bench
