// Goal: in a steady state a record costs no lock, no system call and no reading of the clock.
// Method: the worker counts its own calls between two records, far behind the first; a job whose function makes such
// calls shows that they would be seen.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>

#include "penstock/io/generator/payment_generator.h"
#include "penstock/io/json/json.h"
#include "penstock/tests/api/api_kit.h"
#include "penstock/tests/harness/call_count.h"

namespace penstock {
namespace {

// Between record `first` and record `first + records` of a job.
struct Span {
  std::uint64_t first = 0;
  std::uint64_t records = 0;
  std::atomic<JobHandle*> job{nullptr};
  CallCounts calls;
  std::uint64_t steps = 0;
  Status counted = Status::failed_precondition("the span was never reached");
};

// The function at the end of the job: does `work` for each record, and measures the span.
template <class Work>
struct MeasureSpan {
  std::shared_ptr<Span> span;
  Work work;
  std::uint64_t seen = 0;
  CallCounts before{};

  void operator()(const auto&) noexcept {
    work();
    ++seen;
    if (seen == span->first) begin();
    if (seen == span->first + span->records) end();
  }
  void begin() {
    while (span->job.load() == nullptr) std::this_thread::yield();
    span->counted = count_system_calls_of_this_thread();
    span->steps = steps();
    before = thread_calls_so_far();
  }
  void end() {
    span->calls = thread_calls_so_far() - before;
    span->steps = steps() - span->steps;
  }
  std::uint64_t steps() const { return span->job.load()->metrics().workers[0].steps; }
};

// Sales of a thousand shops in turn.
struct Sales {
  using Value = Sale;
  std::uint64_t count = 0;
  std::uint64_t next = 0;

  Status open(const SourceContext&) { return Status(); }
  PollResult poll(std::size_t max, Instant, auto& emit) {
    PollResult result;
    for (; result.records < max && next < count && !emit.full(); ++next, ++result.records)
      emit(Record<Sale>{{static_cast<std::uint32_t>(next % 1000), 1, {}}, EventTime{}});
    if (next == count) result.state = SourceState::kEnded;
    return result;
  }
};

struct Payment {
  InlineString<19> card;
  double amount = 0;
};

constexpr auto penstock_json_fields(Tag<Payment>) {
  return json::fields(json::field("card", &Payment::card), json::field("amount", &Payment::amount));
}

struct Total {
  using Output = double;
  ValueState<double> total;

  void open(OperatorContext& context) { total = context.value_state<double>("total"); }
  void on_record(const Record<Payment>& payment, CollectorOf<double> auto&& out) noexcept {
    double& sum = total.get_or_create();
    sum += payment.value.amount;
    out.collect(Record<double>{sum, payment.time});
  }
};

class SteadyStateCalls : public testing::Test {
 protected:
  void SetUp() override {
    if (!kCallsAreCounted) GTEST_SKIP() << "a sanitizer stands where the counters would";
  }

  void run(const Job& job) {
    Result<JobHandle> running = job.start();
    ASSERT_TRUE(running.ok()) << running.status().to_string();
    span_->job = &*running;
    const Status end = running->wait();
    ASSERT_TRUE(end.ok()) << end.to_string();
    ASSERT_TRUE(span_->counted.ok()) << span_->counted.to_string();
  }
  template <class Work>
  void run_sales(std::uint64_t first, std::uint64_t records, Work work) {
    span_->first = first;
    span_->records = records;
    Job job("sales");
    job.source(Sales{first + records})
        .key_by(&Sale::shop)
        .process(CountPerShop{})
        .for_each(MeasureSpan<Work>{span_, work});
    run(job);
  }
  void expect_no_calls_per_record() const {
    const CallCounts& calls = span_->calls;
    EXPECT_EQ(calls.locks, 0u);
    EXPECT_LT(calls.system_calls, span_->records / 1000);
    EXPECT_LE(calls.clock_reads, span_->steps + 1) << "one for a step of the worker is enough";
    EXPECT_LT(calls.clock_reads, span_->records / 8);
  }

  std::shared_ptr<Span> span_ = std::make_shared<Span>();
};

TEST_F(SteadyStateCalls, AreNotMadeForAKeyedRecord) {
  run_sales(100'000, 1'000'000, []() noexcept {});
  expect_no_calls_per_record();
}

TEST_F(SteadyStateCalls, AreNotMadeForARecordThatIsDecoded) {
  PaymentGeneratorOptions payments;
  payments.rate = 0;
  payments.seconds = 0;
  payments.count = 300'000;
  payments.cards = 1000;
  span_->first = 100'000;  // Every card has been seen.
  span_->records = 200'000;
  const auto nothing = []() noexcept {};
  Job job("payments");
  job.source(payment_generator(payments), json::decoder<Payment>())
      .key_by(&Payment::card)
      .process(Total{})
      .for_each(MeasureSpan<decltype(nothing)>{span_, nothing});
  run(job);
  expect_no_calls_per_record();
}

TEST_F(SteadyStateCalls, WouldBeSeen) {
  auto mutex = std::make_shared<std::mutex>();
  run_sales(1000, 2000, [mutex]() noexcept {
    const std::lock_guard lock(*mutex);
    (void)std::chrono::steady_clock::now();
    (void)::getppid();
  });
  EXPECT_GE(span_->calls.locks, 2000u);
  EXPECT_GE(span_->calls.system_calls, 2000u);
  EXPECT_GE(span_->calls.clock_reads, 2000u);
}

}  // namespace
}  // namespace penstock
