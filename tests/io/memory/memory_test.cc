#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "penstock/io/memory/memory_sink.h"
#include "penstock/io/memory/memory_source.h"
#include "penstock/tests/io/io_kit.h"

namespace penstock {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(MemorySource, GivesOutItsRecordsInOrder) {
  const auto source = memory_source({"one", "", "two\nhalves", std::string(2, '\0')});
  test::ReaderRun run(*source);
  EXPECT_TRUE(run.run(3).ok());
  EXPECT_THAT(run.texts(), ElementsAre("one", "", "two\nhalves", std::string(2, '\0')));
  EXPECT_EQ(run.lines[2].origin, (Origin{SplitId{0}, 2}));
}

TEST(MemorySource, EndsAtOnceWithoutRecords) {
  test::ReaderRun run(*memory_source({}));
  EXPECT_EQ(run.poll()->state, SourceState::kEnded);
}

TEST(MemorySource, SpreadsItsRecordsOverTasks) {
  const auto source = memory_source({"0", "1", "2", "3", "4"});
  test::ReaderRun first(*source, 0, 2);
  test::ReaderRun second(*source, 1, 2);
  EXPECT_TRUE(first.run().ok());
  EXPECT_TRUE(second.run().ok());
  EXPECT_THAT(first.texts(), ElementsAre("0", "2", "4"));
  EXPECT_THAT(second.texts(), ElementsAre("1", "3"));
  EXPECT_EQ(second.lines[1].origin.offset, 3u);
}

TEST(MemorySource, OutlivesItsPrototype) {
  auto source = memory_source({"one"});
  test::ReaderRun run(*source);
  source.reset();
  EXPECT_TRUE(run.run().ok());
  EXPECT_THAT(run.texts(), ElementsAre("one"));
}

TEST(MemorySink, ShowsWhatWasFlushed) {
  const auto sink = MemorySink::make();
  const auto writer = std::move(sink->open({})).value();
  EXPECT_TRUE(writer->write("one").ok());
  EXPECT_THAT(sink->records(), IsEmpty());
  EXPECT_TRUE(writer->flush().ok());
  EXPECT_THAT(sink->records(), ElementsAre("one"));
  EXPECT_TRUE(writer->write("two").ok());
  EXPECT_TRUE(writer->close().ok());
  EXPECT_THAT(sink->records(), ElementsAre("one", "two"));
}

TEST(MemorySink, CanBeReadWhileTasksWrite) {
  const auto sink = MemorySink::make();
  std::atomic<bool> done{false};
  std::thread task([&] {
    const auto writer = std::move(sink->open({})).value();
    for (int i = 0; i < 1000; ++i) {
      ASSERT_TRUE(writer->write(std::to_string(i)).ok());
      ASSERT_TRUE(writer->flush().ok());
    }
    done = true;
  });
  while (!done) {
    const std::vector<std::string> seen = sink->records();
    if (!seen.empty()) {
      EXPECT_EQ(seen.back(), std::to_string(seen.size() - 1));
    }
  }
  task.join();
  EXPECT_EQ(sink->records().size(), 1000u);
}

}  // namespace
}  // namespace penstock
