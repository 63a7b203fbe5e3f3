#include "penstock/state/rocksdb/rocks_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "penstock/tests/harness/rounds.h"
#include "penstock/tests/harness/temporary_folder.h"
#include "penstock/tests/state/disk/paged_runs.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;
using penstock::test::TemporaryFolder;
using testing::HasSubstr;

// RocksDB, with less memory for keys in use than it allows.
class SmallBackend final : public StateBackend {
 public:
  explicit SmallBackend(std::uint64_t memory_bytes, const std::string& directory = "")
      : memory_bytes_(memory_bytes),
        rocks_(rocks_backend({.memory_bytes = std::uint64_t{16} << 20, .directory = directory})
                   .value()) {}
  Result<std::unique_ptr<StateDisk>> open(const StateDiskOptions& options) override {
    return rocks_->open(options);
  }
  std::uint64_t memory_bytes() const noexcept override { return memory_bytes_; }

 private:
  std::uint64_t memory_bytes_;
  std::shared_ptr<StateBackend> rocks_;
};

// As the store of a job's checkpoints does.
void make_checkpoint(const TemporaryFolder& folder, std::uint64_t epoch) {
  fs::create_directories(folder.path() + "/e-" + std::to_string(epoch));
}

TEST(RocksBackend, EpochsComeBackAsOfTheirCutWhateverChangesMeanwhile) {
  for (std::uint64_t seed = 1; seed <= rounds(10); ++seed) {
    const TemporaryFolder folder;
    for (std::uint64_t epoch = 1; epoch <= 3; ++epoch) make_checkpoint(folder, epoch);
    SmallBackend backend(seed % 2 == 0 ? 1 : 5000);
    expect_epochs_come_back({&backend, folder.path(), 300, 800}, seed);
    if (HasFailure()) return;
  }
}

TEST(RocksBackend, AnyNumberOfTasksGoesOnFromAnyOther) {
  for (const auto& [before, after] : {std::pair{1U, 2U}, {3U, 2U}, {2U, 2U}}) {
    for (const bool from_memory : {false, true}) {
      const TemporaryFolder folder;
      make_checkpoint(folder, 1);
      SmallBackend backend(2000);
      expect_rescaled({&backend, folder.path(), 300, 400}, before, after, from_memory);
    }
  }
}

TEST(RocksBackend, WhatBelongsToNoCheckpointIsRemovedAndWhatDoesIsNot) {
  const TemporaryFolder folder;
  SmallBackend backend(2000);
  Kit kit({}, nullptr, &backend, folder.path());
  Random random(1);
  const std::string kept = folder.path() + "/state/groups-0-1024/epoch-";
  for (std::uint64_t epoch = 1; epoch <= 3; ++epoch) {
    make_checkpoint(folder, epoch);
    for (int i = 0; i < 300; ++i) kit.change(random, 300, 10);
    KeptPart part;
    capture_beside(kit, random, {&backend, folder.path()}, epoch, part);
    EXPECT_TRUE(fs::exists(kept + std::to_string(epoch)));
    if (epoch == 2) fs::remove_all(folder.path() + "/e-1");
  }
  EXPECT_FALSE(fs::exists(kept + "1"));
  EXPECT_TRUE(fs::exists(kept + "2"));
}

TEST(RocksBackend, AKeptEpochThatIsDamagedOrGoneIsAnErrorThatNamesIt) {
  const TemporaryFolder folder;
  make_checkpoint(folder, 1);
  SmallBackend backend(1);
  KeptPart part;
  {
    Kit kit({}, nullptr, &backend, folder.path());
    Random random(1);
    for (int i = 0; i < 1000; ++i) kit.change(random, 300, 10);
    capture_all(kit.store(), part);
  }
  const std::string kept = folder.path() + "/state/groups-0-1024/epoch-1";
  for (const fs::directory_entry& file : fs::directory_iterator(kept)) {
    if (file.path().extension() == ".sst") fs::resize_file(file.path(), file.file_size() / 2);
  }
  Kit damaged({}, nullptr, &backend, folder.path());
  EXPECT_THAT(restore(damaged.store(), {&part}).to_string(), HasSubstr("live"));
  fs::remove_all(kept);
  Kit gone({}, nullptr, &backend, folder.path());
  EXPECT_THAT(restore(gone.store(), {&part}).to_string(), HasSubstr(kept));
}

TEST(RocksBackend, WithoutCheckpointsItWorksInAFolderThatGoesWithIt) {
  const TemporaryFolder folder;
  {
    SmallBackend backend(1, folder.path());
    Kit kit({}, nullptr, &backend, "");
    Random random(2);
    for (int i = 0; i < 2000; ++i) kit.change(random, 300, 10);
    EXPECT_EQ(kit.read(300), kit.models());
    EXPECT_FALSE(fs::is_empty(folder.path()));
  }
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(RocksBackend, RefusesWhatCannotWork) {
  EXPECT_THAT(rocks_backend({.memory_bytes = 1000}).status().to_string(),
              HasSubstr("memory_bytes is 1000"));
  EXPECT_THAT(rocks_backend({.readers = 0}).status().to_string(), HasSubstr("readers is 0"));
  auto backend = rocks_backend({});
  ASSERT_TRUE(backend.ok());
  EXPECT_THAT((*backend)->open({.name = "x"}).status().to_string(), HasSubstr("needs a folder"));
  const TemporaryFolder folder;
  std::ofstream(folder.path() + "/file") << "x";
  EXPECT_THAT(
      (*backend)->open({.checkpoints = folder.path() + "/file", .name = "x"}).status().to_string(),
      HasSubstr(folder.path() + "/file"));
}

}  // namespace
}  // namespace penstock
