#include "penstock/io/generator/payment_generator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "penstock/tests/harness/alloc_count.h"
#include "penstock/tests/io/io_kit.h"

namespace penstock {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

// As fast as they are taken.
PaymentGeneratorOptions counted(std::uint64_t count) {
  return {.rate = 0, .seconds = 0, .count = count};
}

std::vector<test::ReadLine> generate(const PaymentGeneratorOptions& options, std::uint32_t task = 0,
                                     std::uint32_t tasks = 1) {
  test::ReaderRun run(*payment_generator(options), task, tasks);
  EXPECT_TRUE(run.run().ok());
  return run.lines;
}

std::vector<std::string> texts_of(const std::vector<test::ReadLine>& lines) {
  std::vector<std::string> texts;
  for (const test::ReadLine& line : lines) texts.push_back(line.text);
  return texts;
}

TEST(PaymentGenerator, GivesTheSamePaymentsForeverForASeed) {
  const auto lines = generate(counted(1'000'001));
  // Files written by earlier versions, and figures in documents, depend on these.
  EXPECT_EQ(lines.at(0).text,
            R"({"tx":0,"card":"4000-0000-0000-2234","amount":56.31,)"
            R"("country":"PL","merchant":"m45","ts":"2023-12-31T23:59:59.562Z"})");
  EXPECT_EQ(lines.at(1'000'000).text,
            R"({"tx":1000000,"card":"4000-0000-0000-1181","amount":65.08,)"
            R"("country":"AT","merchant":"m912","ts":"2024-01-01T16:39:59.835Z"})");
}

TEST(PaymentGenerator, GivesOtherPaymentsForAnotherSeed) {
  PaymentGeneratorOptions other = counted(100);
  other.seed = 2;
  EXPECT_NE(texts_of(generate(counted(100))), texts_of(generate(other)));
}

TEST(PaymentGenerator, NumbersItsPaymentsInTheOrigin) {
  const auto lines = generate(counted(1000));
  ASSERT_EQ(lines.size(), 1000u);
  for (std::uint64_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i].origin, (Origin{SplitId{0}, i}));
    EXPECT_THAT(lines[i].text, HasSubstr("{\"tx\":" + std::to_string(i) + ","));
  }
}

TEST(PaymentGenerator, GivesTheSamePaymentsWithAnyNumberOfTasks) {
  const auto expected = texts_of(generate(counted(1000)));
  std::vector<std::string> merged(1000);
  for (std::uint32_t task = 0; task < 3; ++task) {
    for (const test::ReadLine& line : generate(counted(1000), task, 3)) {
      EXPECT_EQ(line.origin.offset % 3, task);
      merged.at(line.origin.offset) = line.text;
    }
  }
  EXPECT_EQ(merged, expected);
}

TEST(PaymentGenerator, WritesTheSamePaymentsToAFile) {
  const test::TemporaryFolder folder;
  const auto files = make_posix_file_system();
  const auto file =
      std::move(files->open_for_writing(folder / "payments", WriteMode::kTruncate)).value();
  PaymentGeneratorOptions options = counted(2000);
  options.bad_share = 0.1;
  EXPECT_TRUE(write_payments(options, *file).ok());
  std::string expected;
  for (const std::string& text : texts_of(generate(options))) expected += text + "\n";
  EXPECT_EQ(test::read_whole_file(folder / "payments"), expected);
}

TEST(PaymentGenerator, ReportsAFullDiskWhenItWritesAFile) {
  const auto file =
      std::move(make_posix_file_system()->open_for_writing("/dev/full", WriteMode::kAppend))
          .value();
  EXPECT_EQ(write_payments(counted(10'000), *file).code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(write_payments(counted(0), *file).code(), StatusCode::kInvalidArgument);
}

TEST(PaymentGenerator, GivesOutEachPaymentWhenItIsDue) {
  test::ReaderRun run(*payment_generator({.rate = 1000, .seconds = 0}));
  run.clock.advance(seconds(7));
  const PollResult first = *run.poll();
  EXPECT_EQ(first.records, 1u);
  EXPECT_EQ(first.state, SourceState::kWaiting);
  EXPECT_EQ(first.wake_at, run.clock.now() + milliseconds(1));
  EXPECT_EQ(run.poll()->records, 0u);
  run.clock.advance(std::chrono::microseconds(999));
  EXPECT_EQ(run.poll()->records, 0u);
  run.clock.advance(std::chrono::microseconds(1));
  EXPECT_EQ(run.poll()->records, 1u);
}

TEST(PaymentGenerator, StampsLatePaymentsWithWhenTheyWereDue) {
  test::ReaderRun run(*payment_generator({.rate = 1000, .seconds = 0}));
  ASSERT_TRUE(run.poll().ok());
  run.clock.advance(milliseconds(300));  // Stalled: 300 payments are late now.
  const PollResult behind = *run.poll();
  EXPECT_EQ(behind.records, 256u);
  EXPECT_EQ(behind.state, SourceState::kMore);
  EXPECT_EQ(run.poll()->records, 44u);
  for (std::size_t i = 0; i < run.lines.size(); ++i) {
    EXPECT_EQ(run.lines[i].arrival.nanos, static_cast<std::int64_t>(i) * 1'000'000);
  }
}

TEST(PaymentGenerator, EndsAfterItsSecondsOrItsCount) {
  PaymentGeneratorOptions options{.rate = 100, .seconds = 3};
  EXPECT_EQ(payment_count(options), 300u);
  options.count = 50;
  EXPECT_EQ(payment_count(options), 50u);
  test::ReaderRun run(*payment_generator(options));
  ASSERT_TRUE(run.poll().ok());
  run.clock.advance(seconds(100));
  const PollResult last = *run.poll();
  EXPECT_EQ(last.state, SourceState::kEnded);
  EXPECT_EQ(run.lines.size(), 50u);
  EXPECT_EQ(run.poll()->state, SourceState::kEnded);
}

TEST(PaymentGenerator, EndsByTheClockWhenItHasNoRate) {
  test::ReaderRun run(*payment_generator({.rate = 0, .seconds = 2}));
  EXPECT_EQ(run.poll()->state, SourceState::kMore);
  run.clock.advance(milliseconds(1999));
  EXPECT_EQ(run.poll()->records, 256u);
  run.clock.advance(milliseconds(1));
  const PollResult last = *run.poll();
  EXPECT_EQ(last.records, 0u);
  EXPECT_EQ(last.state, SourceState::kEnded);
}

TEST(PaymentGenerator, BurstsInTheFirstTenthOfEachSecond) {
  test::ReaderRun run(*payment_generator({.rate = 1000, .seconds = 10, .burst_factor = 5}));
  ASSERT_TRUE(run.poll().ok());
  run.clock.advance(seconds(10));
  EXPECT_TRUE(run.run().ok());
  ASSERT_EQ(run.lines.size(), 10'000u);
  std::vector<int> in_burst(10, 0);
  std::vector<int> in_second(10, 0);
  Instant before{};
  for (const test::ReadLine& line : run.lines) {
    EXPECT_GE(line.arrival, before);
    before = line.arrival;
    const auto second = static_cast<std::size_t>(line.arrival.nanos / 1'000'000'000);
    ++in_second.at(second);
    if (line.arrival.nanos % 1'000'000'000 < 100'000'000) ++in_burst.at(second);
  }
  for (std::size_t second = 0; second < 10; ++second) {
    EXPECT_NEAR(in_burst[second], 500, 1);
    EXPECT_NEAR(in_second[second], 1000, 1);
  }
}

TEST(PaymentGenerator, CutsLinesByTheBadShare) {
  PaymentGeneratorOptions options = counted(20'000);
  for (const std::string& text : texts_of(generate(options))) ASSERT_EQ(text.back(), '}');
  options.bad_share = 0.25;
  const auto texts = texts_of(generate(options));
  const auto bad = std::count_if(texts.begin(), texts.end(),
                                 [](const std::string& text) { return text.back() != '}'; });
  EXPECT_NEAR(static_cast<double>(bad), 5'000, 300);
}

TEST(PaymentGenerator, FitsTheLongestPaymentIntoItsBound) {
  PaymentGeneratorOptions options = counted(0);
  options.cards = 600'000'000;
  options.disorder = milliseconds(0);
  options.refund_share = 1;
  options.fraud_share = 1;
  char line[kPaymentBytesMax];
  std::size_t longest = 0;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    longest = std::max(longest, write_payment(options, i * 1'000'000'007, line));
  }
  // The number of a payment may have 20 digits, the year beyond 9999 none.
  EXPECT_LE(longest + 4, kPaymentBytesMax);
}

TEST(PaymentGenerator, AllocatesNothingAfterOpen) {
  test::ReaderRun run(*payment_generator(counted(0)));
  std::vector<RawRecord> batch(256);
  const auto files = make_posix_file_system();
  const auto opened =
      payment_generator(counted(100'000))->open({0, 1, &run.clock, files.get(), &run.waker});
  const std::uint64_t before = thread_allocations_so_far();
  std::size_t records = 0;
  while (records < 100'000) records += opened.value()->poll(batch, run.clock.now()).value().records;
  EXPECT_EQ(thread_allocations_so_far(), before);
}

TEST(PaymentGenerator, RefusesOptionsThatCannotBe) {
  using Change = std::function<void(PaymentGeneratorOptions&)>;
  const std::pair<const char*, Change> changes[] = {
      {"rate", [](auto& options) { options.rate = -1; }},
      {"rate", [](auto& options) { options.rate = kNotANumber; }},
      {"rate", [](auto& options) { options.rate = 1e300; }},
      {"seconds", [](auto& options) { options.seconds = -1; }},
      {"burst_factor", [](auto& options) { options.burst_factor = 11; }},
      {"burst_factor", [](auto& options) { options.burst_factor = 0; }},
      {"cards", [](auto& options) { options.cards = 0; }},
      {"cards", [](auto& options) { options.cards = 600'000'001; }},
      {"skew", [](auto& options) { options.skew = 0.5; }},
      {"disorder", [](auto& options) { options.disorder = milliseconds(-1); }},
      {"fraud_share", [](auto& options) { options.fraud_share = 1.5; }},
      {"refund_share", [](auto& options) { options.refund_share = -0.1; }},
      {"bad_share", [](auto& options) { options.bad_share = kNotANumber; }},
      {"start", [](auto& options) { options.start = kMinEventTime; }},
      {"start", [](auto& options) { options.start = kMaxEventTime; }},
  };
  for (const auto& [option, change] : changes) {
    PaymentGeneratorOptions options;
    change(options);
    const Status status = test::ReaderRun(*payment_generator(options)).open_status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << option;
    EXPECT_THAT(status.to_string(), HasSubstr(std::string("option ") + option + " is "));
    EXPECT_THAT(status.to_string(), HasSubstr("choose"));
  }
}

}  // namespace
}  // namespace penstock
