#include "penstock/bench/workloads/engine_fraud_load.h"

#include <chrono>
#include <optional>
#include <utility>

#include "penstock/api/keyed_stream.h"
#include "penstock/bench/workloads/fraud_operator.h"
#include "penstock/bench/workloads/fraud_row_timer.h"
#include "penstock/bench/workloads/open_loop_source.h"
#include "penstock/bench/workloads/transactions.h"

namespace penstock::bench {
namespace {

struct NumberedTransaction {
  Transaction transaction;
  std::uint64_t number = 0;
};

class NumberedTransactions {
 public:
  NumberedTransactions(std::uint64_t first, std::uint64_t step) noexcept
      : generator_(first, step) {}
  std::uint64_t next_number() const noexcept { return generator_.next_number(); }
  NumberedTransaction next() noexcept {
    const std::uint64_t number = generator_.next_number();
    return {generator_.next(), number};
  }

 private:
  TransactionGenerator generator_;
};

constexpr auto make_transactions = [](std::uint64_t first, std::uint64_t step) noexcept {
  return NumberedTransactions(first, step);
};

// What crosses to the owner of a card is as large as a ring's slot allows: no larger than in the workload.
struct NumberedUse : CardUse {
  std::uint32_t number = 0;
};
static_assert(sizeof(Element<NumberedUse>) == sizeof(Element<CardUse>));

struct NumberedRow {
  FraudRow row;
  std::uint32_t number = 0;  // Of the transaction that made a change.
};

// The workload's operator, with the number of its transaction on each change.
class NumberedFraud {
 public:
  using Output = NumberedRow;

  void open(OperatorContext& context) { rules_.open(context); }
  auto windows() noexcept { return rules_.windows(); }
  void on_record(const Record<NumberedUse>& use, auto&& out) noexcept {
    rules_.on_record(Record<CardUse>{use.value, use.time},
                     Numbering<decltype(out)>{out, use.value.number});
  }
  bool wants_window(const Spending& spending) const noexcept {
    return rules_.wants_window(spending);
  }
  void on_window(const Window<Spending>& window, const KeyContext<std::uint32_t>& key,
                 auto&& out) noexcept {
    rules_.on_window(window, key, Numbering<decltype(out)>{out, 0});
  }

 private:
  template <class Out>
  struct Numbering {
    Out& out;
    std::uint32_t number;
    void collect(const Record<FraudRow>& row) noexcept {
      out.collect(Record<NumberedRow>{{row.value, number}, row.time});
    }
  };

  FraudOperator rules_;
};

// The last operator: hands rows to the timer.
class TimeRows {
 public:
  using Output = NumberedRow;

  TimeRows(const FraudLoad& load, std::shared_ptr<LoadStart> start,
           std::shared_ptr<SharedFraudLatency> result)
      : load_(load), start_(std::move(start)), result_(std::move(result)) {}

  Status open(const TaskContext& context) {
    timer_.emplace(load_, *context.clock);
    return Status();
  }
  void on_record(const Record<NumberedRow>& record, auto&&) noexcept {
    if (!started_) [[unlikely]] {
      timer_->start(start_->at());  // A row comes of a transaction: the load has begun.
      started_ = true;
    }
    const FraudRow& row = record.value.row;
    if (row.kind == FraudRowKind::kChange) {
      timer_->change(record.value.number, row.card, row.previous, row.current, row.time_ms);
    } else {
      timer_->window(row.card, row.time_ms, row.count, row.sum);
    }
  }
  void end_batch(Instant, auto&&) noexcept { timer_->flush(); }
  Status close(auto&&) {
    if (!timer_) return Status();
    timer_->flush();
    const std::lock_guard lock(result_->mutex);
    result_->latency.merge(timer_->latency());
    return Status();
  }

 private:
  FraudLoad load_;
  std::shared_ptr<LoadStart> start_;
  std::shared_ptr<SharedFraudLatency> result_;
  std::optional<FraudRowTimer> timer_;
  bool started_ = false;
};

}  // namespace

void build_fraud_load(Job& job, const FraudLoad& load, std::shared_ptr<SharedFraudLatency> result) {
  auto start = std::make_shared<LoadStart>();
  const auto time_of = [](const NumberedTransaction& t) noexcept {
    return EventTime{t.transaction.time_ms * 1000};
  };
  job.source(OpenLoopSource(load.events(), load.rate_per_second, make_transactions, start),
             "transactions")
      // Never idle: a source that was held up for a second would let others pass its transactions by.
      .event_time(time_of, {.idle_after = std::chrono::nanoseconds(0)})
      .filter([](const NumberedTransaction& t) noexcept { return t.transaction.amount > 0; })
      .map([](const NumberedTransaction& t) noexcept {
        return NumberedUse{{t.transaction.card, t.transaction.amount, t.transaction.country},
                           static_cast<std::uint32_t>(t.number)};
      })
      .key_by(&NumberedUse::card)
      .process(NumberedFraud{})
      .apply(TimeRows(load, start, std::move(result)))
      .for_each([](const NumberedRow&) noexcept {});
}

Result<FraudLatency> run_engine_load(const FraudLoad& load, const Options& options) {
  Job job("fraud load");
  auto result = std::make_shared<SharedFraudLatency>();
  build_fraud_load(job, load, result);
  PENSTOCK_RETURN_IF_ERROR(job.run(options));
  return std::move(result->latency);
}

}  // namespace penstock::bench
