// What becomes of a job whose keys have no end: it stops with a Status, never by the system's hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "penstock/tests/api/api_kit.h"

namespace penstock {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

// A new shop with each sale, one a microsecond, without end.
struct NewShops {
  using Value = Sale;
  std::uint32_t next = 0;

  Status open(const SourceContext&) { return Status(); }
  PollResult poll(std::size_t budget, Instant, auto& emit) {
    std::size_t sent = 0;
    for (; sent < budget && !emit.full(); ++sent) {
      const std::uint32_t shop = next++;
      emit(Record<Sale>{{shop, 1, EventTime{shop}}, EventTime{shop}});
    }
    return {.records = sent, .state = SourceState::kMore};
  }
};

std::string message_of(const Status& status) { return std::string(status.message()); }

Status run_new_shops(const Options& options) {
  Job job("endless");
  job.source(NewShops{})
      .parallelism(1)
      .key_by(&Sale::shop)
      .named("per shop")
      .process(CountPerShop{})
      .for_each([](const ShopCount&) noexcept {});
  return job.run(options);
}

TEST(StateLimits, MaxKeysOfAStageEndsTheJobWithItsNameTheNumberAndTheRemedy) {
  Job job("keys");
  auto [sales, input] = job.input<Sale>();
  std::move(sales)
      .key_by(&Sale::shop)
      .named("per shop")
      .max_keys(10)
      .process(CountPerShop{})
      .for_each([](const auto&) {});
  TestDriver driver(job);
  for (std::uint32_t shop = 0; shop < 10; ++shop) ASSERT_TRUE(input.push({.shop = shop}).ok());
  EXPECT_TRUE(driver.run_until_idle().ok());
  EXPECT_EQ(driver.job().metrics().state_keys(), 10u);
  ASSERT_TRUE(input.push({.shop = 3}).ok());
  EXPECT_TRUE(driver.run_until_idle().ok()) << "it is no new key";
  ASSERT_TRUE(input.push({.shop = 10}).ok());
  const Status status = driver.run_until_idle();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(message_of(status), AllOf(HasSubstr("per shop"), HasSubstr("10 keys"),
                                        HasSubstr("max_keys"), HasSubstr("Ttl")));
}

TEST(StateLimits, TheTasksOfAStageShareItsKeys) {
  Job job("shares");
  job.source(NewShops{})
      .parallelism(1)
      .key_by(&Sale::shop)
      .parallelism(4)
      .max_keys(40'000)
      .process(CountPerShop{})
      .for_each([](const ShopCount&) noexcept {});
  const Status status = job.run();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(message_of(status), HasSubstr("10000 keys"));
}

TEST(StateLimits, TheMemoryOfAJobEndsItWithTheLimitAndTheRemedy) {
  Options options;
  options.state_bytes_max = std::uint64_t{8} << 20;
  const Status status = run_new_shops(options);
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(message_of(status), AllOf(HasSubstr("per shop"), HasSubstr("8388608 bytes"),
                                        HasSubstr("state_bytes_max"), HasSubstr("Ttl")));
}

TEST(StateLimits, PanesAndTimersCountToo) {
  Options options;
  options.state_bytes_max = std::uint64_t{8} << 20;
  Job windows("windows");
  windows.source(NewShops{})
      .parallelism(1)
      .event_time(&Sale::at)
      .key_by(&Sale::shop)
      .named("per shop")
      .window(sliding(24h, 1h))
      .count()
      .for_each([](const auto&) noexcept {});
  EXPECT_THAT(message_of(windows.run(options)), AllOf(HasSubstr("per shop"), HasSubstr("8388608")));
  Job sessions("sessions");
  sessions.source(NewShops{})
      .parallelism(1)
      .event_time(&Sale::at)
      .key_by(&Sale::shop)
      .named("per shop")
      .window(session(24h))
      .count()
      .for_each([](const auto&) noexcept {});
  EXPECT_THAT(message_of(sessions.run(options)),
              AllOf(HasSubstr("per shop"), HasSubstr("8388608")));
}

TEST(StateLimits, ExpectedKeysHaveTheirMemoryFromTheStart) {
  constexpr std::uint64_t kKeys = 100'000;
  const auto bytes_at_start = [](std::uint64_t expected) {
    Job job("expected");
    auto [sales, input] = job.input<Sale>();
    std::move(sales)
        .event_time(&Sale::at)
        .key_by(&Sale::shop)
        .expected_keys(expected)
        .window(sliding(4h, 1h))
        .count()
        .for_each([](const auto&) noexcept {});
    TestDriver driver(job);
    EXPECT_TRUE(input.push({.shop = 1}).ok());
    EXPECT_TRUE(driver.run_until_idle().ok());
    return driver.job().metrics().state_bytes();
  };
  // An entry of 32 bytes, a slot of 8 in the index, a place of 8 and at least four panes of 8.
  const std::uint64_t least = kKeys * (32 + 8 + 8 + 4 * 8);
  EXPECT_GE(bytes_at_start(kKeys), least);
  EXPECT_LT(bytes_at_start(0), least / 4);
}

TEST(StateLimits, MoreKeysThanExpectedHaveStateAsWell) {
  Job job("more");
  auto [sales, input] = job.input<Sale>();
  std::move(sales)
      .key_by(&Sale::shop)
      .expected_keys(10)
      .process(CountPerShop{})
      .for_each([](const auto&) {});
  TestDriver driver(job);
  for (std::uint32_t shop = 0; shop < 1000; ++shop) ASSERT_TRUE(input.push({.shop = shop}).ok());
  EXPECT_TRUE(driver.run_until_idle().ok());
  EXPECT_EQ(driver.job().metrics().state_keys(), 1000U);
}

TEST(StateLimits, AJobThatExpectsMoreKeysThanItHasMemoryForDoesNotStart) {
  Options options;
  options.state_bytes_max = std::uint64_t{8} << 20;
  Job job("too many");
  auto [sales, input] = job.input<Sale>();
  std::move(sales)
      .key_by(&Sale::shop)
      .named("per shop")
      .expected_keys(10'000'000)
      .process(CountPerShop{})
      .for_each([](const auto&) {});
  const Status status = job.open(options).status();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(message_of(status), AllOf(HasSubstr("per shop"), HasSubstr("10000000 expected keys"),
                                        HasSubstr("8388608 bytes")));
}

// Counts of a shop, forgotten 50 us behind the watermark.
struct ForgetfulCount {
  using Output = ShopCount;
  ExpiringValue<std::int64_t> count;

  void open(OperatorContext& context) {
    count = context.value_state<std::int64_t>("count",
                                              Ttl{.after = 50us, .time = TimeDomain::kEventTime});
  }
  void on_record(const Record<Sale>& record, CollectorOf<ShopCount> auto&& out) noexcept {
    out.collect(Record<ShopCount>{{record.value.shop, ++count.get_or_create()}, record.time});
  }
};

TEST(StateLimits, KeysAndBytesAreCountedAndFallWhenKeysExpire) {
  Job job("metrics");
  auto [sales, input] = job.input<Sale>();
  std::move(sales)
      .event_time(&Sale::at, {.max_disorder = 1h})
      .key_by(&Sale::shop)
      .process(ForgetfulCount{})
      .for_each([](const auto&) noexcept {});
  TestDriver driver(job, {.ring_slots = 1024, .batch_max = 1024});
  constexpr std::uint32_t kShops = 100'000;
  for (std::uint32_t shop = 0; shop < kShops; ++shop) {
    while (!input.push({.shop = shop, .at = {shop}}).ok()) (void)driver.run_until_idle();
  }
  (void)driver.run_until_idle();
  const JobMetrics full = driver.job().metrics();
  EXPECT_EQ(full.state_keys(), kShops);
  EXPECT_GT(full.state_bytes(), kShops * 32u);
  ASSERT_TRUE(input.push({.at = EventTime{0} + 3h}).ok());
  const auto bytes = [&] { return driver.job().metrics().state_bytes(); };
  const auto done = [&] {
    return driver.job().metrics().state_keys() <= 1 && bytes() < full.state_bytes() / 5;
  };
  for (int i = 0; i < 50'000 && !done(); ++i) (void)driver.advance(1us);
  EXPECT_LE(driver.job().metrics().state_keys(), 1u);
  EXPECT_LT(bytes(), full.state_bytes() / 5);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// In a process of its own that may have so much and no more.
void run_within(__rlimit_resource resource, std::uint64_t bytes) {
  const rlimit limit{bytes, bytes};
  if (::setrlimit(resource, &limit) != 0) std::_Exit(2);
  const Status status = run_new_shops({});
  std::fprintf(stderr, "%s\n", status.to_string().c_str());
  std::_Exit(status.code() == StatusCode::kResourceExhausted ? 0 : 1);
}

class StateLimitsDeathTest : public testing::Test {
 protected:
  StateLimitsDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(StateLimitsDeathTest, ALimitOfDataEndsTheJobNotTheProcess) {
  EXPECT_EXIT(run_within(RLIMIT_DATA, std::uint64_t{256} << 20), testing::ExitedWithCode(0),
              "per shop.*limit of 201326592 bytes.*state_bytes_max");
}

TEST_F(StateLimitsDeathTest, ALimitOfAddressSpaceEndsTheJobNotTheProcess) {
  EXPECT_EXIT(run_within(RLIMIT_AS, std::uint64_t{1} << 30), testing::ExitedWithCode(0),
              "per shop.*(state_bytes_max|Ttl)");
}
#endif

}  // namespace
}  // namespace penstock
