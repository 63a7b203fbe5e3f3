// Sources that have fewer parts than the stage that reads them has tasks: those without a part hold nobody back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "penstock/api/stream.h"
#include "penstock/api/windowed_stream.h"
#include "penstock/core/base/bytes.h"
#include "penstock/io/json/json.h"
#include "penstock/tests/api/api_kit.h"
#include "penstock/tests/core/checkpoint/checkpoint_kit.h"
#include "penstock/tests/sim/sim_file_system.h"

namespace penstock {
namespace {

using testing::Contains;
using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr std::uint64_t kPerSplit = 400;
constexpr std::uint32_t kTasks = 4;  // Until the crash.

struct Tick {
  std::uint32_t shop = 0;
  std::int64_t at = 0;
};
constexpr auto penstock_json_fields(Tag<Tick>) {
  return json::fields(json::field("shop", &Tick::shop), json::field("at", &Tick::at));
}

// A topic of `splits` partitions that lives on: a record each poll while there are any, and never an end. Task k of n
// reads the splits k, k + n, ..., of which there may be none.
class TopicReader final : public ByteReader {
 public:
  TopicReader(std::uint32_t splits, const SourceContext& context) {
    for (std::uint32_t split = context.task_index; split < splits; split += context.task_count)
      splits_.push_back({split});
    next_.resize(splits);
  }
  Result<PollResult> poll(std::span<RawRecord> batch, Instant now) override {
    PollResult result;
    result.splits_changed = !std::exchange(told_, true);
    result.state = SourceState::kWaiting;
    for (const SplitId split : splits_) {
      std::uint64_t& next = next_[split.value];
      if (next == kPerSplit || result.records == batch.size()) continue;
      std::string& line = lines_[result.records];
      line = "{\"shop\":" + std::to_string(next % 7) + ",\"at\":" + std::to_string(next * 10) + "}";
      line.reserve(line.size() + kRawPaddingBytes);
      batch[result.records++] = {line, {split, next++}, now};
      result.state = SourceState::kMore;
    }
    return result;
  }
  std::span<const SplitId> splits() const override { return splits_; }
  void capture(std::span<const RawRecord> unread, SnapshotWriter& out) const override {
    std::vector<std::uint64_t> at = next_;
    for (const RawRecord& raw : unread)
      at[raw.origin.split.value] = std::min(at[raw.origin.split.value], raw.origin.offset);
    out.section("topic", 1);
    for (const SplitId split : splits_) {
      std::string bytes;
      ByteAppender to(bytes);
      to.number(split.value);
      to.number(at[split.value]);
      out.add(bytes);
    }
  }
  Status restore(const SnapshotItem& item) override {
    ByteCursor from(item.bytes);
    std::uint32_t split = 0;
    std::uint64_t next = 0;
    if (!from.number(split) || !from.number(next) || split >= next_.size())
      return Status::data_error("no position of a topic");
    next_[split] = next;
    return {};
  }

 private:
  std::vector<SplitId> splits_;
  std::vector<std::uint64_t> next_;
  std::array<std::string, 16> lines_;
  bool told_ = false;
};

class Topic final : public ByteSource {
 public:
  explicit Topic(std::uint32_t splits) : splits_(splits) {}
  std::string name() const override { return "topic"; }
  std::uint32_t parallelism_max() const override { return ~0u; }
  Result<std::unique_ptr<ByteReader>> open(const SourceContext& context) const override {
    return std::unique_ptr<ByteReader>(std::make_unique<TopicReader>(splits_, context));
  }

 private:
  std::uint32_t splits_;
};

using Counts = std::vector<std::array<std::int64_t, 3>>;  // Shop, end, count.

// Windows, with so many tasks that read and so many that count; sources are never idle for want of records.
struct WindowJob {
  Job job{"few splits"};
  std::shared_ptr<Counts> counts = std::make_shared<Counts>();

  WindowJob(std::uint32_t splits, std::uint32_t tasks) {
    job.source(std::make_shared<Topic>(splits), json::decoder<Tick>())
        .parallelism(tasks)
        .event_time([](const Tick& tick) { return EventTime{tick.at}; }, {.idle_after = {}})
        .key_by(&Tick::shop)
        .named("windows")
        .parallelism(tasks)
        .window(tumbling(100us))
        .count()
        .for_each([counts = counts](const auto& row) {
          counts->push_back({row.key, row.end.micros, static_cast<std::int64_t>(row.value)});
        });
  }
};

struct Shape {
  std::uint32_t splits;
  std::uint32_t tasks_after;
};

class FewSplits : public testing::TestWithParam<Shape> {
 protected:
  Options options() {
    Options run;
    run.clock = &clock_;
    run.file_system = &files_;
    run.notices = &notices_;
    run.batch_max = 8;
    run.seed = 1;
    run.checkpoint.directory = "/cp";
    run.checkpoint.interval = 1ms;
    return run;
  }
  // Until the condition holds; the source goes on for ever.
  template <class Condition>
  Status run_until(JobHandle& handle, Condition condition) {
    for (int i = 0; i < 20'000 && !condition(); ++i) {
      if (handle.poll() == StepOutcome::kFailed) return handle.status();
      clock_.advance(100us);
    }
    return condition() ? handle.status() : Status::internal("it does not come to that");
  }
  // Every window but the last, which time has not passed.
  static Counts expected(std::uint32_t splits) {
    Counts all;
    for (std::int64_t end = 100; end < static_cast<std::int64_t>(kPerSplit) * 10; end += 100) {
      std::array<std::int64_t, 7> shops{};
      for (std::int64_t i = (end - 100) / 10; i < end / 10; ++i)
        shops[static_cast<std::size_t>(i % 7)] += splits;
      for (std::int64_t shop = 0; shop < 7; ++shop)
        if (shops[static_cast<std::size_t>(shop)] > 0)
          all.push_back({shop, end, shops[static_cast<std::size_t>(shop)]});
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  SimFileSystem files_{1};
  VirtualClock clock_;
  checkpoint_kit::HeardNotices notices_;
};

TEST_P(FewSplits, TasksWithoutOneHoldNeitherWindowsNorEpochsBackAlsoAfterARestore) {
  const std::uint32_t splits = GetParam().splits;
  const std::uint32_t tasks_after = GetParam().tasks_after;
  Counts before;
  {
    const WindowJob first(splits, kTasks);
    Result<JobHandle> handle = first.job.open(options());
    ASSERT_TRUE(handle.ok()) << handle.status().to_string();
    const Status status = run_until(*handle, [&] {
      const JobMetrics metrics = handle->metrics();
      return metrics.checkpoints.completed >= 2 && metrics.records_read() > splits * kPerSplit / 4;
    });
    ASSERT_TRUE(status.ok()) << status.to_string();
    EXPECT_LT(handle->metrics().records_read(), splits * kPerSplit);
    EXPECT_FALSE(first.counts->empty());
    before = *first.counts;
    handle->stop();
  }
  const WindowJob second(splits, tasks_after);
  Result<JobHandle> handle = second.job.open(options());
  ASSERT_TRUE(handle.ok()) << handle.status().to_string();
  EXPECT_THAT(notices_.texts, Contains(HasSubstr("going on from epoch")));
  // What came after the cut comes again, and is the same.
  const auto all = [&] {
    Counts rows = before;
    rows.insert(rows.end(), second.counts->begin(), second.counts->end());
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    return rows;
  };
  const Counts wanted = expected(splits);
  // The last windows come out before the last records are read.
  const Status status = run_until(*handle, [&] {
    const JobMetrics metrics = handle->metrics();
    return metrics.checkpoints.completed >= 2 && metrics.records_read() >= splits * kPerSplit &&
           all().size() >= wanted.size();
  });
  ASSERT_TRUE(status.ok()) << status.to_string() << ": " << all().size() << " of " << wanted.size()
                           << " windows";
  EXPECT_TRUE(all() == wanted);
  EXPECT_EQ(handle->metrics().records_read(), splits * kPerSplit);
  EXPECT_EQ(handle->metrics().late(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Splits, FewSplits,
                         testing::Values(Shape{1, 4}, Shape{2, 4}, Shape{3, 4}, Shape{1, 2},
                                         Shape{2, 6}, Shape{3, 1}));

}  // namespace
}  // namespace penstock
