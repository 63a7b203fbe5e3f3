#include "penstock/state/disk/state_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "penstock/tests/harness/memory_backend.h"
#include "penstock/tests/harness/rounds.h"
#include "penstock/tests/state/disk/paged_runs.h"

namespace penstock {
namespace {

using harness::MemoryBackend;
using testing::HasSubstr;

// Little memory: next to nothing, a few keys, most of them.
constexpr std::uint64_t kMemory[] = {1, 2000, 20'000};

TEST(StatePages, EpochsComeBackAsOfTheirCutWhateverChangesMeanwhile) {
  for (std::uint64_t seed = 1; seed <= rounds(60); ++seed) {
    MemoryBackend backend(kMemory[seed % 3], seed);
    // Of few keys one is soon asked for again.
    expect_epochs_come_back({&backend, "memory", seed % 2 == 0 ? 300U : 12U}, seed);
    if (HasFailure()) return;
    EXPECT_GT(backend.answered, 0U);
  }
}

TEST(StatePages, AnyNumberOfTasksGoesOnFromAnyOther) {
  for (const auto& [before, after] : {std::pair{1U, 1U}, {1U, 3U}, {3U, 2U}, {4U, 1U}, {2U, 2U}}) {
    for (const bool from_memory : {false, true}) {
      MemoryBackend backend(2000);
      expect_rescaled({&backend, "memory"}, before, after, from_memory);
      EXPECT_EQ(backend.cloned, before == after && !from_memory ? after : 0);
    }
  }
}

TEST(StatePages, AnEpochWritesWhatHasChangedSinceTheLast) {
  MemoryBackend backend(std::uint64_t{1} << 30);
  Kit kit({}, nullptr, &backend, "memory");
  Random random(3);
  for (int i = 0; i < 20'000; ++i) kit.change(random, 1000, 0);
  KeptPart first;
  capture_all(kit.store(), first);
  const std::uint64_t all = backend.records_put;
  EXPECT_GT(all, 1000U);
  kit.change(random, 1000, 0);
  KeptPart second;
  SnapshotWriter out(second);
  kit.store().capture({2}, out);
  while (kit.store().capture_more(1000, out)) {
  }
  EXPECT_LE(backend.records_put - all, 2U);
}

TEST(StatePages, AnEpochThatWasGivenUpTakesNothingFromTheNext) {
  MemoryBackend backend(2000);
  Random random(5);
  Kit kit({}, nullptr, &backend, "memory");
  for (int i = 0; i < 2000; ++i) kit.change(random, 300, 10);
  {
    KeptPart lost;
    SnapshotWriter out(lost);
    kit.store().capture({1}, out);
    static_cast<void>(kit.store().capture_more(20, out));
    kit.store().cancel_capture();
  }
  for (int i = 0; i < 500; ++i) kit.change(random, 300, 10);
  const Models expected = kit.models();
  KeptPart part;
  SnapshotWriter out(part);
  kit.store().capture({2}, out);
  while (kit.store().capture_more(20, out)) {
  }
  out.flush();
  Kit again({}, nullptr, &backend, "memory");
  ASSERT_TRUE(restore(again.store(), {&part}).ok());
  EXPECT_EQ(again.read(300), expected);
}

TEST(StatePages, WhatIsOnADiskIsNotReadWithoutOne) {
  MemoryBackend backend(2000);
  Kit kit({}, nullptr, &backend, "memory");
  KeptPart part;
  capture_all(kit.store(), part);
  Kit without;
  const Status status = restore(without.store(), {&part});
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--state rocksdb"));
}

TEST(StatePages, ADiskThatFailsFailsTheStore) {
  MemoryBackend backend(1);
  Random random(1);
  Kit kit({}, nullptr, &backend, "memory");
  backend.next_failure = Status(StatusCode::kResourceExhausted, "the disk is full");
  for (int i = 0; i < 1000 && !kit.store().failed(); ++i) kit.change(random, 300, 10);
  EXPECT_TRUE(kit.store().failed());
  EXPECT_THAT(kit.store().status().to_string(), HasSubstr("process 'rules': the disk is full"));
}

TEST(StatePages, RefuseKeysThatAreEqualThoughTheirBytesDiffer) {
  struct Padded {
    std::uint32_t a = 0;
    std::uint64_t b = 0;
    bool operator==(const Padded&) const = default;
  };
  MemoryBackend backend(1000);
  KeyedStateStore store("count");
  ASSERT_TRUE(store.value_state<std::int64_t>("count").ok());
  ASSERT_TRUE(store.seal<Padded>({.on_disk = true}).ok());
  const Status status = store.keep_on(backend, {.name = "x"});
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.to_string(), HasSubstr("may be equal though their bytes differ"));
}

TEST(StatePages, AnOperatorWhoseStateAllStaysInMemoryNeedsNoDisk) {
  MemoryBackend backend(1000);
  KeyedStateStore store("windows");
  ASSERT_TRUE((store.map_state<std::int64_t, std::int64_t>("ahead").ok()));
  store.keep_newest_in_memory();
  ASSERT_TRUE(store.seal<std::uint32_t>({.on_disk = true}).ok());
  ASSERT_TRUE(store.keep_on(backend, {.name = "x"}).ok());
  EXPECT_EQ(backend.opened, 0U);
  EXPECT_EQ(store.pages(), nullptr);
}

}  // namespace
}  // namespace penstock
