#include "penstock/core/checkpoint/checkpoint_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "penstock/core/base/bytes.h"
#include "penstock/core/base/crc32c.h"
#include "penstock/tests/core/checkpoint/checkpoint_kit.h"
#include "penstock/tests/sim/sim_file_system.h"

namespace penstock {
namespace {

using checkpoint_kit::check_content;
using checkpoint_kit::HeardNotices;
using checkpoint_kit::write_checkpoint;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CheckpointStoreTest : public testing::Test {
 protected:
  std::unique_ptr<CheckpointStore> open_store(std::size_t retain = 3) {
    auto store =
        std::make_unique<CheckpointStore>(disk_, "a/job", CheckpointStoreOptions{retain}, notices_);
    EXPECT_EQ(store->open().to_string(), "ok");
    return store;
  }
  std::vector<std::string> names() { return disk_.list("a/job").value(); }
  void flip_byte(const std::string& path) {
    std::string bytes(100'000, '\0');
    bytes.resize(disk_.open_for_reading(path).value()->read_at(0, bytes).value());
    bytes[bytes.size() / 2] ^= 1;
    ASSERT_TRUE(disk_.open_for_writing(path, WriteMode::kTruncate).value()->append(bytes).ok());
  }

  SimFileSystem disk_{1};
  HeardNotices notices_;
};

TEST_F(CheckpointStoreTest, FindsNothingInANewFolder) {
  auto store = open_store();
  EXPECT_EQ(store->incarnation(), 1u);
  EXPECT_EQ(store->next_epoch(), Epoch{1});
  EXPECT_EQ(store->load_newest().value(), std::nullopt);
  EXPECT_THAT(names(), ElementsAre("INCARNATION", "LOCK"));
}

TEST_F(CheckpointStoreTest, FindsTheNewestAgainWithAllItHolds) {
  auto store = open_store();
  for (std::uint64_t e = 1; e <= 2; ++e) ASSERT_TRUE(write_checkpoint(*store, {e}).ok());
  store.reset();
  disk_.crash();
  store = open_store();
  EXPECT_EQ(store->incarnation(), 2u);
  EXPECT_GT(store->next_epoch(), Epoch{2});
  const auto found = store->load_newest();
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->epoch, Epoch{2});
  EXPECT_EQ((*found)->incarnation, 1u);
  EXPECT_EQ(check_content(store->folder(), **found).to_string(), "ok");
  EXPECT_THAT(notices_.texts, IsEmpty());
}

TEST_F(CheckpointStoreTest, LetsOneJobAtATimeIntoAFolder) {
  auto store = open_store();
  CheckpointStore other(disk_, "a/job", {}, notices_);
  const Status status = other.open();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("'a/job' is in use by another job"));
  store.reset();
  EXPECT_TRUE(other.open().ok());
}

TEST_F(CheckpointStoreTest, NeverGivesANumberTwice) {
  std::uint64_t last = 0;
  for (int run = 0; run < 20; ++run) {
    auto store = open_store();
    for (int i = 0; i < 100; ++i) {
      const Epoch epoch = store->next_epoch();
      ASSERT_GT(epoch.value, last);
      last = epoch.value;
      ASSERT_TRUE(store->begin(epoch).ok());
      ASSERT_TRUE(store->abort(epoch).ok());
    }
    EXPECT_EQ(store->incarnation(), static_cast<std::uint64_t>(run + 1));
    EXPECT_THAT(names(), ElementsAre("INCARNATION", "LOCK"));
    store.reset();
    disk_.crash();
  }
}

TEST_F(CheckpointStoreTest, KeepsTheLastFewAndEverySavepoint) {
  auto store = open_store(2);
  for (std::uint64_t e = 1; e <= 6; ++e) {
    ASSERT_TRUE(write_checkpoint(*store, {e}, e == 2).ok());
    store->collect_garbage();
  }
  EXPECT_THAT(names(), ElementsAre("INCARNATION", "LOCK", "e-2", "e-5", "e-6"));
  store.reset();
  store = open_store(1);
  ASSERT_TRUE(write_checkpoint(*store, store->next_epoch()).ok());
  store->collect_garbage();
  EXPECT_THAT(names(), testing::SizeIs(4));
  EXPECT_THAT(names(), testing::Contains("e-2"));
  EXPECT_THAT(notices_.texts, IsEmpty());
}

TEST_F(CheckpointStoreTest, FallsBackToTheNewestGoodOneAndSaysWhy) {
  auto store = open_store();
  for (std::uint64_t e = 1; e <= 3; ++e) ASSERT_TRUE(write_checkpoint(*store, {e}).ok());
  flip_byte("a/job/e-3/MANIFEST");
  flip_byte("a/job/e-2/part-1-1");
  const auto found = store->load_newest();
  ASSERT_TRUE(found.ok() && found->has_value()) << found.status().to_string();
  EXPECT_EQ((*found)->epoch, Epoch{1});
  EXPECT_THAT(notices_.texts, ElementsAre(HasSubstr("'a/job/e-3/MANIFEST': its checksum is wrong"),
                                          HasSubstr("'a/job/e-2/part-1-1': a block")));
}

TEST_F(CheckpointStoreTest, DoesNotCountABadOneAmongThoseItKeeps) {
  auto store = open_store(2);
  for (std::uint64_t e = 1; e <= 2; ++e) ASSERT_TRUE(write_checkpoint(*store, {e}).ok());
  flip_byte("a/job/e-2/part-1-1");
  ASSERT_EQ(store->load_newest().value()->epoch, Epoch{1});
  ASSERT_TRUE(write_checkpoint(*store, {3}).ok());
  store->collect_garbage();
  EXPECT_TRUE(disk_.exists("a/job/e-1"));
  ASSERT_TRUE(write_checkpoint(*store, {4}).ok());
  store->collect_garbage();
  EXPECT_THAT(names(), ElementsAre("INCARNATION", "LOCK", "e-3", "e-4"));
}

TEST_F(CheckpointStoreTest, DoesNotFallBackFromOneThatWasAskedForByName) {
  auto store = open_store();
  for (std::uint64_t e = 1; e <= 3; ++e) ASSERT_TRUE(write_checkpoint(*store, {e}).ok());
  flip_byte("a/job/e-2/part-0-0");
  EXPECT_EQ(store->load({1}).value().epoch, Epoch{1});
  EXPECT_EQ(store->load({2}).status().code(), StatusCode::kDataError);
  EXPECT_EQ(store->load({9}).status().code(), StatusCode::kNotFound);
}

TEST_F(CheckpointStoreTest, DoesNotBeginAfreshWhenAllAreBad) {
  auto store = open_store();
  ASSERT_TRUE(write_checkpoint(*store, {1}).ok());
  flip_byte("a/job/e-1/MANIFEST");
  const auto found = store->load_newest();
  EXPECT_EQ(found.status().code(), StatusCode::kDataError);
  EXPECT_THAT(std::string(found.status().message()),
              HasSubstr("none of its 1 checkpoints is good"));
}

TEST_F(CheckpointStoreTest, GoesOnWithoutTheFileOfNumbersAndSaysSo) {
  auto store = open_store();
  ASSERT_TRUE(write_checkpoint(*store, {5}).ok());
  store.reset();
  flip_byte("a/job/INCARNATION");
  store = open_store();
  EXPECT_GT(store->next_epoch(), Epoch{5 + 1000});
  EXPECT_GT(store->incarnation(), 1000u);
  EXPECT_THAT(notices_.texts, ElementsAre(HasSubstr("INCARNATION is damaged")));
}

TEST_F(CheckpointStoreTest, DoesNotPassOverOneThatALaterVersionHasWritten) {
  auto store = open_store();
  for (std::uint64_t e = 1; e <= 2; ++e) ASSERT_TRUE(write_checkpoint(*store, {e}).ok());
  std::string later = encode_manifest(checkpoint_kit::manifest_of({2}));
  later.resize(later.size() - 4);
  later[8] = 2;
  ByteAppender(later).number(crc32c(later));
  auto file = disk_.open_for_writing("a/job/e-2/MANIFEST", WriteMode::kTruncate);
  ASSERT_TRUE(file.value()->append(later).ok());
  EXPECT_EQ(store->load_newest().status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(CheckpointStoreTest, NeedsAFolderWithAName) {
  CheckpointStore store(disk_, "", {}, notices_);
  EXPECT_EQ(store.open().code(), StatusCode::kInvalidArgument);
}

TEST_F(CheckpointStoreTest, OpensAFolderWhoseParentItMayNotRead) {
  const auto forbid_next = [&] {
    const auto kind = sim::CallKind::kSyncDirectory;
    disk_.fail_call(kind, disk_.calls(kind), EACCES);
  };
  forbid_next();
  CheckpointStore fresh(disk_, "a/job", {}, notices_);
  EXPECT_EQ(fresh.open().code(), StatusCode::kPermissionDenied);
  forbid_next();
  EXPECT_EQ(fresh.open().to_string(), "ok");
}

TEST_F(CheckpointStoreTest, RefusesAManifestThatLacksAPart) {
  auto store = open_store();
  ASSERT_TRUE(store->begin({1}).ok());
  Manifest manifest = checkpoint_kit::manifest_of({1});
  manifest.parts.push_back(store->part({1}, 0, 2)->finish().value());
  const Status status = store->commit(manifest);
  EXPECT_THAT(std::string(status.message()), HasSubstr("stage 1 has parts of 1 of its 2 tasks"));
  EXPECT_THAT(names(), ElementsAre("INCARNATION", "LOCK"));
}

TEST_F(CheckpointStoreTest, ClearsWhatAnEarlierRunLeftUnfinished) {
  auto store = open_store();
  ASSERT_TRUE(store->begin({1}).ok());
  ASSERT_TRUE(store->part({0}, 0, 1)->finish().ok());
  store.reset();
  EXPECT_TRUE(disk_.exists("a/job/e-1.tmp/part-0-0"));
  store = open_store();
  EXPECT_FALSE(disk_.exists("a/job/e-1.tmp"));
}

TEST_F(CheckpointStoreTest, LeavesFilesThatAreNotItsOwn) {
  auto store = open_store();
  ASSERT_TRUE(disk_.create_directories("a/job/e-900.tmp").ok());
  ASSERT_TRUE(disk_.create_directories("a/job/e-08").ok());
  ASSERT_TRUE(disk_.open_for_writing("a/job/e-900.tmp/notes", WriteMode::kCreateNew).ok());
  store.reset();
  store = open_store();
  EXPECT_TRUE(disk_.exists("a/job/e-900.tmp/notes"));
  EXPECT_THAT(notices_.texts, ElementsAre(HasSubstr("'a/job/e-900.tmp' is not needed any more")));
  EXPECT_EQ(store->load_newest().value(), std::nullopt);
  EXPECT_EQ(store->next_epoch(), Epoch{901});
}

}  // namespace
}  // namespace penstock
