// Goal: a job in which rows change their tasks crashes again and again, with rows, blocks and barriers on their way,
// and goes on from its snapshots: in the end each row is in the output once, whatever the number of tasks.
// Method: whole jobs by hand on a virtual clock and a simulated disk; whose turn it is, and when it crashes, is drawn
// from a seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "penstock/api/row_stream.h"
#include "penstock/core/base/random.h"
#include "penstock/io/file/line_file_sink.h"
#include "penstock/io/memory/memory_source.h"
#include "penstock/tests/core/checkpoint/checkpoint_kit.h"
#include "penstock/tests/harness/rounds.h"
#include "penstock/tests/sim/sim_file_system.h"

namespace penstock {
namespace {

constexpr std::size_t kRows = 600;

std::vector<std::string> rows_in() {
  std::vector<std::string> rows;
  for (std::size_t id = 0; id < kRows; ++id) {
    const std::size_t length = id % 40 == 0 ? 700 : id * 7 % 60;  // Some need a block.
    rows.push_back(std::to_string(id) + ",c" + std::to_string(id % 13) + "," +
                   std::string(length, static_cast<char>('a' + id % 26)));
  }
  return rows;
}

std::vector<std::string> lines_of(FileSystem& disk, const std::string& path) {
  auto file = disk.open_for_reading(path);
  if (!file.ok()) return {};
  std::string text((*file)->size().value(), '\0');
  text.resize((*file)->read_at(0, text).value());
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

// What survives a crash.
struct World {
  explicit World(std::uint64_t seed) : files(seed), random(seed) {}
  SimFileSystem files;
  VirtualClock clock;
  checkpoint_kit::HeardNotices notices;
  Random random;
  std::uint64_t row_blocks = 0;
};

// One life of the job, of at most so many steps. True when it has come to its end.
bool live(World& world, std::uint64_t steps) {
  Job job("rows");
  job.rows(memory_source(rows_in()), CsvRows{}, "id INT, card STRING, note STRING")
      .parallelism(1 + static_cast<std::uint32_t>(world.random.below(2)))
      .repartition()
      .named("dealt")
      .parallelism(1 + static_cast<std::uint32_t>(world.random.below(3)))
      .filter(expr("id >= 0"))
      .repartition({expr("card"), expr("note")})
      .named("keyed")
      .parallelism(1 + static_cast<std::uint32_t>(world.random.below(3)))
      .sink(line_file_sink({.path = "/out"}), CsvRows{});
  Options run;
  run.clock = &world.clock;
  run.file_system = &world.files;
  run.notices = &world.notices;
  run.ring_slots = std::size_t{2} << world.random.below(6);
  run.ring_bytes = std::size_t{256} << world.random.below(5);
  run.batch_max = 1 + world.random.below(16);
  run.checkpoint.directory = "/cp";
  run.checkpoint.interval = std::chrono::milliseconds(1);
  Result<JobHandle> handle = job.open(run);
  EXPECT_TRUE(handle.ok()) << handle.status().to_string();
  if (!handle.ok()) return true;
  Engine& engine = handle->engine();
  const Status opened = engine.open_by_hand();
  EXPECT_TRUE(opened.ok()) << opened.to_string();
  std::vector<bool> ended(engine.task_count(), false);
  bool all = false;
  for (; steps > 0 && !all && opened.ok(); --steps) {
    const std::size_t task = world.random.below(ended.size());
    for (std::uint64_t i = world.random.below(6); i > 0 && !ended[task]; --i) {
      const StepOutcome outcome = engine.step_task(task, run.batch_max);
      ended[task] = outcome == StepOutcome::kFinished;
      if (outcome == StepOutcome::kFailed) {
        ADD_FAILURE() << engine.status().to_string();
        return true;
      }
    }
    engine.step_checkpoints();
    world.clock.advance(std::chrono::microseconds(world.random.below(200)));
    all = std::all_of(ended.begin(), ended.end(), [](bool each) { return each; });
  }
  for (const TaskMetrics& task : handle->metrics().tasks) world.row_blocks += task.row_blocks;
  handle->stop();
  return all || !opened.ok();
}

TEST(RowRepartitionCrash, EachRowIsInTheOutputOnceOverCrashesWithRowsOnTheirWay) {
  std::vector<std::string> expected = rows_in();
  std::sort(expected.begin(), expected.end());
  std::uint64_t crashes = 0;
  std::uint64_t row_blocks = 0;
  for (std::uint64_t seed = 1; seed <= rounds(40); ++seed) {
    World world(seed);
    ASSERT_TRUE(world.files.create_directories("/cp").ok());
    for (int life = 0; life < 6 && !live(world, 50 + world.random.below(1500)); ++life) {
      world.files.crash();
      ++crashes;
    }
    ASSERT_TRUE(live(world, 2'000'000)) << "seed " << seed << ": it does not end";
    ASSERT_EQ(lines_of(world.files, "/out"), expected) << "seed " << seed;
    row_blocks += world.row_blocks;
  }
  EXPECT_GT(crashes, rounds(40));
  EXPECT_GT(row_blocks, 0U);
}

}  // namespace
}  // namespace penstock
