#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "penstock/api/connected_stream.h"
#include "penstock/io/file/watched_file_source.h"
#include "penstock/io/json/json.h"
#include "penstock/tests/api/api_kit.h"
#include "penstock/tests/io/io_kit.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

struct Limit {
  std::uint32_t version = 0;
  std::int64_t amount_max = 0;
};
constexpr auto penstock_json_fields(Tag<Limit>) {
  return json::fields(json::field("version", &Limit::version),
                      json::field("amount_max", &Limit::amount_max));
}
struct Judged {
  std::uint32_t shop = 0;
  std::int64_t amount = 0;
  bool above = false;
  std::uint32_t version = 0;
  friend bool operator==(const Judged&, const Judged&) = default;
};

// Sales against the limit in force.
struct Judge {
  using Output = Judged;
  Limit limit{0, 100};

  void on_record(const Record<Sale>& sale, const KeyContext<std::uint32_t>& shop,
                 CollectorOf<Judged> auto&& out) noexcept {
    const std::int64_t amount = sale.value.amount;
    out.collect(
        Record<Judged>{{shop.key(), amount, amount > limit.amount_max, limit.version}, sale.time});
  }
  void on_broadcast(const Record<Limit>& replaced, auto&&) noexcept { limit = replaced.value; }
};

// Says which task has seen which version.
struct Tell {
  using Output = std::pair<std::uint32_t, std::uint32_t>;
  std::uint32_t task = 0;

  void open(OperatorContext& context) { task = context.task().task_index; }
  void on_record(const Record<Sale>&, auto&&) noexcept {}
  void on_broadcast(const Record<Limit>& limit, CollectorOf<Output> auto&& out) noexcept {
    out.collect(Record<Output>{{task, limit.value.version}, limit.time});
  }
};

TEST(Broadcast, ARuleIsReplacedBetweenTwoRecordsAndTheOutputSaysWhichWasInForce) {
  Job job("judge");
  auto [sales, sale] = job.input<Sale>();
  auto [limits, limit] = job.input<Limit>();
  Collected<Judged> judged;
  collect_into(
      std::move(sales).key_by(&Sale::shop).connect(std::move(limits).broadcast()).process(Judge{}),
      judged);
  TestDriver driver(job);
  ASSERT_TRUE(sale.push({.shop = 1, .amount = 150}).ok());
  ASSERT_TRUE(driver.run_until_idle().ok());
  ASSERT_TRUE(limit.push({1, 200}).ok());
  ASSERT_TRUE(driver.run_until_idle().ok());
  ASSERT_TRUE(sale.push({.shop = 1, .amount = 150}).ok());
  ASSERT_TRUE(driver.run_until_idle().ok());
  ASSERT_TRUE(limit.push({2, 20}).ok());
  ASSERT_TRUE(limit.push({3, 120}).ok());
  ASSERT_TRUE(driver.run_until_idle().ok());
  ASSERT_TRUE(sale.push({.shop = 2, .amount = 150}).ok());
  ASSERT_TRUE(driver.finish().ok());
  EXPECT_THAT(judged.values(), ElementsAre(Judged{1, 150, true, 0}, Judged{1, 150, false, 1},
                                           Judged{2, 150, true, 3}));
  EXPECT_TRUE(driver.finished());
}

TEST(Broadcast, EveryTaskGetsEveryRuleInOrder) {
  Job job("tell");
  auto [limits, limit] = job.input<Limit>();
  auto [sales, sale] = job.input<Sale>();
  Collected<Tell::Output> told;
  collect_into(std::move(sales)
                   .key_by(&Sale::shop)
                   .connect(std::move(limits).broadcast())
                   .parallelism(4)
                   .named("tell")
                   .process(Tell{}),
               told);
  TestDriver driver(job);
  // More than the rings hold.
  for (std::uint32_t version = 1; version <= 300; ++version) {
    ASSERT_TRUE(limit.push({version, 0}).ok());
  }
  ASSERT_TRUE(driver.run_until_idle().ok());
  std::map<std::uint32_t, std::vector<std::uint32_t>> versions;
  for (const auto& [task, version] : told.values()) versions[task].push_back(version);
  ASSERT_EQ(versions.size(), 4u);
  for (const auto& [task, seen] : versions) {
    ASSERT_EQ(seen.size(), 300u) << task;
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  }
}

TEST(Broadcast, OneStreamOfRulesMayLeadToSeveralStagesAndBeRead) {
  Job job("twice");
  auto [limits, limit] = job.input<Limit>();
  const auto broadcast = std::move(limits).broadcast();
  auto [first, first_sale] = job.input<Sale>();
  auto [second, second_sale] = job.input<Sale>();
  Collected<Judged> judged[2];
  collect_into(std::move(first).key_by(&Sale::shop).connect(broadcast).process(Judge{}), judged[0]);
  collect_into(std::move(second).key_by(&Sale::shop).connect(broadcast).process(Judge{}),
               judged[1]);
  Collected<std::uint32_t> read;
  collect_into(broadcast.read().map([](const Limit& l) noexcept { return l.version; }), read);
  TestDriver driver(job);
  ASSERT_TRUE(limit.push({9, 1}).ok());
  ASSERT_TRUE(driver.run_until_idle().ok());
  ASSERT_TRUE(first_sale.push({.shop = 1, .amount = 2}).ok());
  ASSERT_TRUE(second_sale.push({.shop = 1, .amount = 2}).ok());
  ASSERT_TRUE(driver.finish().ok());
  EXPECT_THAT(judged[0].values(), ElementsAre(Judged{1, 2, true, 9}));
  EXPECT_THAT(judged[1].values(), ElementsAre(Judged{1, 2, true, 9}));
  EXPECT_THAT(read.values(), ElementsAre(9u));
}

TEST(Broadcast, RulesHaveNoPartInTheWatermark) {
  Job job("watermark");
  auto [sales, sale] = job.input<Sale>();
  auto [limits, limit] = job.input<Limit>();
  auto watermarks = std::make_shared<std::vector<EventTime>>();
  std::move(sales)
      .event_time(&Sale::at, {})
      .key_by(&Sale::shop)
      .connect(std::move(limits)
                   .event_time([](const Limit& l) noexcept { return EventTime{l.amount_max}; }, {})
                   .broadcast())
      .process(Judge{})
      .apply(NoteWatermarks<Judged>{watermarks})
      .for_each([](const Judged&) noexcept {});
  TestDriver driver(job);
  ASSERT_TRUE(sale.push({.shop = 1, .amount = 1, .at = EventTime{1000}}).ok());
  ASSERT_TRUE(driver.run_until_idle().ok());
  EXPECT_THAT(*watermarks, ElementsAre(EventTime{1000})) << "a silent rules stream holds nothing";
  ASSERT_TRUE(limit.push({1, 5}).ok());
  ASSERT_TRUE(limit.push({2, 5000}).ok());
  ASSERT_TRUE(driver.run_until_idle().ok());
  ASSERT_TRUE(sale.push({.shop = 1, .amount = 1, .at = EventTime{2000}}).ok());
  ASSERT_TRUE(driver.run_until_idle().ok());
  EXPECT_THAT(*watermarks, ElementsAre(EventTime{1000}, EventTime{2000}));
}

// Remembers what it had seen of both streams at each barrier.
struct CutJudge {
  using Output = Judged;
  Limit limit;
  void on_record(const Record<Sale>& sale, CollectorOf<Judged> auto&& out) noexcept {
    out.collect(Record<Judged>{{sale.value.shop, sale.value.amount, false, limit.version}, {}});
  }
  void on_broadcast(const Record<Limit>& replaced, auto&&) noexcept { limit = replaced.value; }
};
struct CountAtBarriers {
  using Output = Judged;
  std::shared_ptr<std::vector<std::size_t>> cuts;
  std::size_t records = 0;
  void on_record(const Record<Judged>& record, auto&& out) noexcept {
    ++records;
    out.collect(record);
  }
  void on_barrier(Epoch) noexcept { cuts->push_back(records); }
};

TEST(Broadcast, ABarrierAlignsOverBothInputs) {
  Job job("align");
  auto [sales, sale] = job.input<Sale>();
  auto [limits, limit] = job.input<Limit>();
  Collected<Judged> judged;
  auto cuts = std::make_shared<std::vector<std::size_t>>();
  collect_into(std::move(sales)
                   .key_by(&Sale::shop)
                   .connect(std::move(limits).broadcast())
                   .process(CutJudge{})
                   .apply(CountAtBarriers{cuts}),
               judged);
  VirtualClock clock;
  Options options;
  options.seed = 1;
  options.clock = &clock;
  Result<JobHandle> opened = job.open(options);
  ASSERT_TRUE(opened.ok());
  Engine& engine = opened->engine();
  const auto step = [&](std::size_t task) { engine.step_task(task, 16); };
  constexpr std::size_t kSales = 0;
  constexpr std::size_t kLimits = 1;
  constexpr std::size_t kKeyed = 2;
  ASSERT_EQ(opened->metrics().tasks[kKeyed].stage, "keyed");
  step(kSales);
  // The barrier of the sales goes ahead of a sale; that of the limits has not come.
  engine.request_epoch();
  step(kSales);
  ASSERT_TRUE(sale.push({.shop = 1, .amount = 1}).ok());
  step(kSales);
  for (int i = 0; i < 4; ++i) step(kKeyed);
  EXPECT_THAT(judged.values(), IsEmpty()) << "a sale of the next epoch waits";
  EXPECT_THAT(*cuts, IsEmpty());
  ASSERT_TRUE(limit.push({7, 1}).ok());
  step(kLimits);  // Its barrier goes first, then the limit: a rule of the next epoch.
  step(kLimits);
  for (int i = 0; i < 4; ++i) step(kKeyed);
  EXPECT_THAT(*cuts, ElementsAre(0u));
  EXPECT_THAT(judged.values(), ElementsAre(Judged{1, 1, false, 7}));
  EXPECT_EQ(engine.completed_epoch(), Epoch{1});
  engine.request_epoch();
  step(kLimits);
  ASSERT_TRUE(limit.push({8, 1}).ok());
  step(kLimits);
  ASSERT_TRUE(sale.push({.shop = 1, .amount = 2}).ok());
  for (int i = 0; i < 4; ++i) step(kKeyed);
  step(kSales);
  step(kSales);
  for (int i = 0; i < 6; ++i) step(kKeyed);
  // The rule behind its barrier waited for the other barrier.
  EXPECT_THAT(judged.values(), ElementsAre(Judged{1, 1, false, 7}, Judged{1, 2, false, 8}));
  EXPECT_THAT(*cuts, ElementsAre(0u, 1u));
}

TEST(Broadcast, TheJobEndsWithItsKeyedStreamAndSoDoSourcesThatOnlyItRead) {
  for (const std::uint32_t workers : {1u, 2u}) {
    Job job("end");
    auto [sales, sale] = job.input<Sale>();
    auto [limits, limit] = job.input<Limit>();
    Collected<Judged> judged;
    collect_into(std::move(sales)
                     .key_by(&Sale::shop)
                     .connect(std::move(limits)
                                  .rebalance()
                                  .map([](const Limit& l) noexcept { return l; })
                                  .broadcast())
                     .process(Judge{}),
                 judged);
    ASSERT_TRUE(sale.push({.shop = 1, .amount = 1}).ok());
    Options options;
    options.workers = workers;
    Result<JobHandle> handle = job.start(options);
    ASSERT_TRUE(handle.ok());
    sale.close();  // The limits stay open.
    ASSERT_TRUE(handle->wait_for(kHangsAfter));
    EXPECT_TRUE(handle->wait().ok());
    EXPECT_EQ(judged.size(), 1u);
    EXPECT_EQ(limit.push({1, 1}).code(), StatusCode::kFailedPrecondition);
  }
}

// Endless, and never waits.
struct FloodOfLimits {
  using Value = Limit;
  std::uint32_t next = 0;
  Status open(const SourceContext&) { return Status(); }
  PollResult poll(std::size_t max, Instant, auto& emit) {
    PollResult result;
    for (; result.records < max && !emit.full(); ++result.records)
      emit(Record<Limit>{{++next, 0}, EventTime{}});
    return result;
  }
};

TEST(Broadcast, ASourceOfRulesThatFillsItsRingsEndsWithTheKeyedStream) {
  for (const std::uint32_t workers : {1u, 3u}) {
    Job job("flood");
    auto [sales, sale] = job.input<Sale>();
    auto limits = job.source(FloodOfLimits{}).parallelism(2).broadcast();
    Collected<Judged> judged;
    collect_into(std::move(sales).key_by(&Sale::shop).connect(limits).process(Judge{}), judged);
    Options options;
    options.workers = workers;
    Result<JobHandle> handle = job.start(options);
    ASSERT_TRUE(handle.ok());
    for (std::uint32_t shop = 0; shop < 1000; ++shop) ASSERT_TRUE(sale.push({.shop = shop}).ok());
    sale.close();
    ASSERT_TRUE(handle->wait_for(kHangsAfter));
    EXPECT_TRUE(handle->wait().ok());
    EXPECT_EQ(judged.size(), 1000u) << "a flood of rules starves no record";
  }
}

TEST(Broadcast, RulesThatEndLeaveTheLastOneInForce) {
  Job job("rules end");
  auto [sales, sale] = job.input<Sale>();
  auto [limits, limit] = job.input<Limit>();
  Collected<Judged> judged;
  collect_into(
      std::move(sales).key_by(&Sale::shop).connect(std::move(limits).broadcast()).process(Judge{}),
      judged);
  TestDriver driver(job);
  ASSERT_TRUE(limit.push({4, 10}).ok());
  limit.close();
  ASSERT_TRUE(driver.run_until_idle().ok());
  driver.job().engine().request_epoch();
  ASSERT_TRUE(driver.run_until_idle().ok());
  ASSERT_TRUE(sale.push({.shop = 1, .amount = 11}).ok());
  ASSERT_TRUE(driver.run_until_idle().ok());
  EXPECT_THAT(judged.values(), ElementsAre(Judged{1, 11, true, 4}));
  EXPECT_EQ(driver.job().engine().completed_epoch(), Epoch{1})
      << "an ended input counts as aligned";
  EXPECT_FALSE(driver.finished());
}

TEST(Broadcast, DrainAndFinishEndBothStreams) {
  for (const bool finish : {false, true}) {
    Job job("drain");
    auto [sales, sale] = job.input<Sale>();
    auto [limits, limit] = job.input<Limit>();
    Collected<Judged> judged;
    collect_into(std::move(sales)
                     .key_by(&Sale::shop)
                     .connect(std::move(limits).broadcast())
                     .process(Judge{}),
                 judged);
    TestDriver driver(job);
    ASSERT_TRUE(sale.push({.shop = 1}).ok());
    ASSERT_TRUE((finish ? driver.finish() : driver.drain()).ok());
    EXPECT_TRUE(driver.finished());
    EXPECT_EQ(judged.size(), 1u);
  }
}

TEST(Broadcast, AWatchedFileReplacesTheRulesAndBrokenContentLeavesTheOldOnesInForce) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "limit.json";
  test::write_file(path, R"({"version": 1, "amount_max": 10})");
  Job job("watched");
  auto [sales, sale] = job.input<Sale>();
  auto limits =
      job.source(watched_file_source({.path = path, .poll_interval = 100ms}),
                 json::decoder<Limit>(), {.on_error = ErrorPolicy::kSkip, .dead_letter_path = ""})
          .broadcast();
  Collected<Judged> judged;
  collect_into(std::move(sales).key_by(&Sale::shop).connect(limits).process(Judge{}), judged);
  TestDriver driver(job);
  ASSERT_TRUE(driver.run_until_idle().ok());
  for (const char* content :
       {"", R"({"version": 2, "amount_max": "ten"})", "{", R"({"version": 3, "amount_max": 20})"}) {
    if (content[0] != '\0') test::write_file(path, content);
    ASSERT_TRUE(driver.advance(100ms).ok());
    ASSERT_TRUE(sale.push({.shop = 1, .amount = 15}).ok());
    ASSERT_TRUE(driver.run_until_idle().ok());
  }
  EXPECT_THAT(judged.values(), ElementsAre(Judged{1, 15, true, 1}, Judged{1, 15, true, 1},
                                           Judged{1, 15, true, 1}, Judged{1, 15, false, 3}));
  EXPECT_EQ(driver.job().metrics().errors(), 2u);
  sale.close();
  ASSERT_TRUE(driver.run_until_idle().ok());
  EXPECT_TRUE(driver.finished()) << "the file, which has no end, keeps no job open";
}

TEST(Broadcast, StreamsOfTwoJobsRefuseToStart) {
  Job job("one");
  Job other("other");
  auto [sales, sale] = job.input<Sale>();
  auto [limits, limit] = other.input<Limit>();
  Collected<Judged> judged;
  collect_into(
      std::move(sales).key_by(&Sale::shop).connect(std::move(limits).broadcast()).process(Judge{}),
      judged);
  for (Job* each : {&job, &other}) {
    const Result<JobHandle> opened = each->open();
    ASSERT_FALSE(opened.ok());
    EXPECT_THAT(std::string(opened.status().message()), HasSubstr("connect"));
  }
}

}  // namespace
}  // namespace penstock
