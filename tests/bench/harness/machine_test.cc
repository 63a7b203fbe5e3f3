#include "penstock/bench/harness/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "penstock/core/base/file_system.h"

namespace penstock::bench {
namespace {

// A file of this test with `text` in it.
std::string write_file(FileSystem& files, const std::string& text) {
  std::string path = testing::TempDir() + "penstock_machine_test_stat" + std::to_string(::getpid());
  auto file = files.open_for_writing(path, WriteMode::kTruncate);
  EXPECT_TRUE(file.ok() && (*file)->append(text).ok() && (*file)->close().ok());
  return path;
}

TEST(Noise, ReadsStealFromTheLineOfAllCpus) {
  const auto files = make_posix_file_system();
  const std::string path =
      write_file(*files, "cpu  10 1 5 70 4 0 0 10 3 0\ncpu0 1 1 1 1 1 1 1 999 0 0\n");
  const Noise noise = read_noise(*files, path);
  EXPECT_EQ(noise.steal_ticks, 10u);
  EXPECT_EQ(noise.all_ticks, 100u);
  EXPECT_DOUBLE_EQ(noise.steal_percent(), 10);
  EXPECT_TRUE(files->remove(path).ok());
}

TEST(Noise, IsZeroWhereNothingCanBeRead) {
  const auto files = make_posix_file_system();
  const Noise noise = read_noise(*files, "/no/such/file");
  EXPECT_EQ(noise.all_ticks, 0u);
  EXPECT_DOUBLE_EQ(noise.steal_percent(), 0);
}

TEST(Noise, CountsTheSwitchesOfTheCallingThread) {
  const Noise before = read_noise();
  std::this_thread::sleep_for(
      std::chrono::milliseconds(1));  // A switch by definition; nothing waits for it.
  const Noise during = read_noise() - before;
  EXPECT_GE(during.switches_voluntary, 1u);
}

TEST(Noise, ReportsOneLine) {
  EXPECT_EQ(
      format_noise(
          {.steal_ticks = 1, .all_ticks = 400, .switches_voluntary = 3, .switches_forced = 17}),
      "noise steal_percent=0.25 switches_voluntary=3 switches_forced=17");
}

TEST(Machine, KnowsWhereItRuns) {
  const Machine machine = read_machine();
  EXPECT_GE(machine.cpus, machine.cores);
  EXPECT_GE(machine.cores, 1u);
  EXPECT_NE(machine.kernel, "unknown");
  EXPECT_FALSE(machine.compiler.empty());
  EXPECT_THAT(machine.flags, testing::HasSubstr("-ffp-contract=off"));
  EXPECT_THAT(format_machine(machine), testing::StartsWith("machine cpu=\""));
}

}  // namespace
}  // namespace penstock::bench
