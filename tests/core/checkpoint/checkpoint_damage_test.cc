// Goal: whatever happens to the bytes of a checkpoint, it is found out or makes no difference. Method: 2,000 random
// changes to a folder with three checkpoints; then the one that is loaded must hold what was written.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "penstock/core/base/random.h"
#include "penstock/core/checkpoint/checkpoint_store.h"
#include "penstock/tests/core/checkpoint/checkpoint_kit.h"
#include "penstock/tests/sim/sim_file_system.h"

namespace penstock {
namespace {

using checkpoint_kit::check_content;
using checkpoint_kit::HeardNotices;

using Files = std::map<std::string, std::string>;  // Path in the folder of checkpoints, and bytes.

Files read_all(FileSystem& disk) {
  Files files;
  const auto names = disk.list("job");
  for (const std::string& name : names.value()) {
    const auto inner = disk.list("job/" + name);
    if (!inner.ok()) continue;
    for (const std::string& file : *inner) {
      const auto open = disk.open_for_reading("job/" + name + "/" + file);
      std::string bytes((*open)->size().value(), '\0');
      EXPECT_EQ((*open)->read_at(0, bytes).value(), bytes.size());
      files[name + "/" + file] = bytes;
    }
  }
  return files;
}

void write_all(FileSystem& disk, const Files& files) {
  for (const auto& [path, bytes] : files) {
    ASSERT_TRUE(disk.create_directories("job/" + path.substr(0, path.find('/'))).ok());
    ASSERT_TRUE(
        disk.open_for_writing("job/" + path, WriteMode::kCreateNew).value()->append(bytes).ok());
  }
}

Files three_checkpoints() {
  SimFileSystem disk(1);
  HeardNotices notices;
  CheckpointStore store(disk, "job", {}, notices);
  EXPECT_TRUE(store.open().ok());
  for (std::uint64_t e = 1; e <= 3; ++e)
    EXPECT_TRUE(checkpoint_kit::write_checkpoint(store, {e}).ok());
  return read_all(disk);
}

class Damage {
 public:
  Damage(Files& files, std::uint64_t seed) : files_(files), random_(seed) {}

  std::string strike() {
    const std::string path = any();
    std::string& bytes = files_[path];
    if (bytes.empty()) bytes = "x";  // It has been struck before.
    switch (random_.below(9)) {
      case 0:
        bytes[random_.below(bytes.size())] ^= static_cast<char>(1 << random_.below(8));
        return "bit of " + path;
      case 1:
        bytes.resize(random_.below(bytes.size()));
        return "end of " + path;
      case 2:
        bytes.insert(random_.below(bytes.size() + 1), random_.below(20) + 1, 'x');
        return "more in " + path;
      case 3:
        return zero_a_block(path, bytes);
      case 4:
        files_.erase(path);
        return "no " + path;
      case 5:
        return swap_with(path, any());
      case 6:
        files_[of_epoch(3, path)] = bytes;  // An older one over the newest.
        return path + " over that of e-3";
      case 7:
        return copy_within(path, bytes);
      default:
        return rename_folder();
    }
  }

 private:
  std::string any() {
    auto at = files_.begin();
    std::advance(at, static_cast<long>(random_.below(files_.size())));
    return at->first;
  }
  static std::string of_epoch(int epoch, const std::string& path) {
    return "e-" + std::to_string(epoch) + path.substr(path.find('/'));
  }
  std::string zero_a_block(const std::string& path, std::string& bytes) {
    const std::size_t at = random_.below(bytes.size());
    for (std::size_t i = at; i < bytes.size() && i < at + 512; ++i) bytes[i] = '\0';
    return "block of " + path;
  }
  std::string swap_with(const std::string& path, const std::string& other) {
    std::swap(files_[path], files_[other]);
    return path + " and " + other;
  }
  std::string copy_within(const std::string& path, std::string& bytes) {
    const std::size_t length = random_.below(bytes.size()) + 1;
    const std::string piece = bytes.substr(random_.below(bytes.size()), length);
    bytes.replace(random_.below(bytes.size()), piece.size(), piece);
    return "misdirected write in " + path;
  }
  std::string rename_folder() {
    const std::string from = "e-" + std::to_string(1 + random_.below(3));
    const std::string to = "e-" + std::to_string(4 + random_.below(100));
    Files renamed;
    for (const auto& [path, bytes] : files_) {
      renamed[path.starts_with(from + "/") ? to + path.substr(from.size()) : path] = bytes;
    }
    files_ = renamed;
    return from + " is now " + to;
  }

  Files& files_;
  Random random_;
};

TEST(CheckpointDamage, IsFoundOutOrMakesNoDifference) {
  const Files whole = three_checkpoints();
  std::set<std::string> found_epochs;
  int found_out = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Files files = whole;
    Damage damage(files, seed);
    std::string what = "seed " + std::to_string(seed) + ": " + damage.strike();
    while (seed % 4 == 3 && what.size() < 100 && !files.empty()) what += ", " + damage.strike();
    SimFileSystem disk(seed);
    ASSERT_TRUE(disk.create_directories("job").ok());
    write_all(disk, files);
    HeardNotices notices;
    CheckpointStore store(disk, "job", {}, notices);
    ASSERT_TRUE(store.open().ok()) << what;
    notices.texts.clear();
    const auto found = store.load_newest();
    if (!found.ok() || !found->has_value() || (*found)->epoch != Epoch{3}) ++found_out;
    if (!found.ok()) {
      EXPECT_FALSE(found.status().message().empty());
      continue;
    }
    ASSERT_TRUE(found->has_value()) << what;
    EXPECT_EQ(check_content(store.folder(), **found).to_string(), "ok") << what;
    found_epochs.insert(checkpoint_name((*found)->epoch));
    const bool silent = notices.texts.empty() && files.contains("e-3/MANIFEST");
    EXPECT_TRUE((*found)->epoch == Epoch{3} || !silent) << what;
  }
  EXPECT_GT(found_out, 500);
  EXPECT_EQ(found_epochs, (std::set<std::string>{"e-1", "e-2", "e-3"}));
}

}  // namespace
}  // namespace penstock
