#include "penstock/bench/workloads/bare_fraud.h"

#include <algorithm>

#include "penstock/bench/workloads/bare_loops.h"
#include "penstock/bench/workloads/transactions.h"

namespace penstock::bench {

void FraudRules::add_card(std::uint32_t card, std::uint8_t country) {
  cards_.push_back(card);
  countries_.push_back(country);
  totals_.emplace_back();
  for (auto& slice : slices_) slice.emplace_back();
}

void FraudRules::close_slice(std::int64_t end_ms) {
  constexpr std::size_t kBlock =
      256;  // Cards whose totals stay in the nearest cache between the two loops.
  Figures* const newest = slices_[open_].data();
  Figures* const oldest = slices_[(open_ - kSlices) % kPlaces].data();
  Figures* const totals = totals_.data();
  for (std::size_t block = 0; block < cards_.size(); block += kBlock) {
    const std::size_t end = std::min(block + kBlock, cards_.size());
    for (std::size_t i = block; i < end; ++i) {
      totals[i].sum += newest[i].sum - oldest[i].sum;
      totals[i].count += newest[i].count - oldest[i].count;
      oldest[i] = Figures{};
    }
    for (std::size_t i = block; i < end; ++i) {
      add_fraud_window_row(cards_[i], end_ms, totals[i].count, totals[i].sum, out_);
    }
  }
  open_ = (open_ + 1) % kPlaces;
}

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
  return rules.finish();
}

RowSum run_plainly(std::uint64_t events) {
  FraudRules rules;
  TransactionGenerator generator(0, 1);
  for (std::uint64_t i = 0; i < events; ++i) {
    const Transaction t = generator.next();
    if (t.amount <= 0) continue;
    rules.add(rules.find(t.card, t.country), t.amount, t.country, t.time_ms);
  }
  return rules.finish();
}

}  // namespace

RowSum run_bare_fraud(std::uint64_t events, Ahead ahead) {
  return ahead == Ahead::kSixteen ? run_ahead(events) : run_plainly(events);
}

}  // namespace penstock::bench
