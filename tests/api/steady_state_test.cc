// Goal: in a steady state a record costs no allocation, no lock and no system call of ours.
// Method: the allocation counter around many records on a thread that steps the job by hand; an idle engine on its own
// thread is seen asleep, and a record wakes it.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "penstock/api/job.h"
#include "penstock/io/generator/payment_generator.h"
#include "penstock/io/json/json.h"
#include "penstock/io/memory/memory_source.h"
#include "penstock/tests/harness/alloc_count.h"

namespace penstock {
namespace {

struct Payment {
  InlineString<19> card;
  double amount = 0;
  EventTime at;
};

constexpr auto penstock_json_fields(Tag<Payment>) {
  return json::fields(json::field("card", &Payment::card), json::field("amount", &Payment::amount),
                      json::field("ts", &Payment::at, json::iso8601));
}

struct Total {
  using Output = double;
  void open(OperatorContext& context) { total_ = context.value_state<double>("total"); }
  void on_record(const Record<Payment>& payment, CollectorOf<double> auto&& out) noexcept {
    double& total = total_.get_or_create();
    total += payment.value.amount;
    out.collect(Record<double>{total, payment.time});
  }

 private:
  ValueState<double> total_;
};

TEST(SteadyState, DecodingKeyingAndStateAllocateNothingPerRecord) {
  PaymentGeneratorOptions options;
  std::vector<std::string> lines(60'000);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    char line[kPaymentBytesMax];
    lines[i].assign(line, write_payment(options, i % 20'000, line));
  }
  Job job("steady");
  double last = 0;
  job.source(memory_source(std::move(lines)), json::decoder<Payment>())
      .event_time(&Payment::at, {.max_disorder = std::chrono::seconds(5)})
      .filter([](const Payment& payment) noexcept { return payment.amount > 0; })
      .key_by(&Payment::card)
      .process(Total{})
      .for_each([&last](const double& total) noexcept { last = total; });
  Result<JobHandle> running = job.open();
  ASSERT_TRUE(running.ok()) << running.status().to_string();
  const auto records_read = [&] { return running->metrics().records_read(); };
  while (records_read() < 20'000)
    ASSERT_EQ(running->poll(), StepOutcome::kWorked);  // Every card has been seen.

  std::uint64_t allocations = 0;
  std::uint64_t steps = 0;
  for (StepOutcome outcome = StepOutcome::kWorked; outcome == StepOutcome::kWorked && steps < 100;
       ++steps) {
    const std::uint64_t before = thread_allocations_so_far();
    outcome = running->poll();
    allocations += thread_allocations_so_far() - before;
  }
  EXPECT_EQ(allocations, 0u) << "over " << steps << " steps";
  EXPECT_GT(last, 0);
}

struct Tick {
  std::uint64_t number;
};

TEST(SteadyState, AnIdleEngineSleepsAndARecordWakesIt) {
  Job job("idle");
  auto [ticks, input] = job.input<Tick>();
  std::atomic<std::uint64_t> seen{0};
  std::move(ticks).for_each([&seen](const Tick& tick) noexcept { seen = tick.number; });
  Result<JobHandle> running = job.start();
  ASSERT_TRUE(running.ok());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  for (std::uint64_t number = 1; number <= 20; ++number) {
    // Asleep: its steps stand still between two looks.
    std::uint64_t steps = 0;
    do {
      steps = running->metrics().workers[0].steps;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the worker does not go to sleep";
    } while (running->metrics().workers[0].steps != steps || steps == 0);
    ASSERT_TRUE(input.push({number}).ok());
    while (seen != number)
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "record " << number << " is lost";
  }
  input.close();
  EXPECT_TRUE(running->wait().ok());
}

}  // namespace
}  // namespace penstock
