#include "penstock/tests/sim/sim_file_system.h"

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <utility>

#include "penstock/tests/sim/sim_disk.h"

namespace penstock {

using sim::CallKind;

namespace {

Status error_of(int error_number, const std::string& path) {
  return Status::from_errno(error_number, "simulated disk: '" + path + "'");
}

// What an open file shares: its node, and whether the file outlived a crash or its close().
struct OpenFile {
  std::shared_ptr<sim::SimDisk> disk;
  sim::NodePtr node;
  std::string path;
  std::uint64_t born = 0;  // Number of crashes before it was opened.
  bool broken = false;

  // Runs `body(fault)` under the lock of the disk, where `fault` is this call's injected errno or
  // 0.
  template <class Body>
  auto call(sim::CallKind kind, Body body) -> decltype(body(0)) {
    const std::lock_guard lock(disk->mutex);
    if (broken || born != disk->crashes) {
      return Status::failed_precondition("simulated disk: '" + path +
                                         "': closed, crashed or failed to sync");
    }
    return body(disk->next_fault(kind));
  }
};

class SimReadableFile final : public ReadableFile {
 public:
  explicit SimReadableFile(OpenFile file) : file_(std::move(file)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> buffer) override {
    return file_.call(CallKind::kRead, [&](int fault) -> Result<std::size_t> {
      if (fault != 0) return error_of(fault, file_.path);
      const std::string& content = file_.node->cached;
      return offset >= content.size() ? 0 : content.copy(buffer.data(), buffer.size(), offset);
    });
  }
  Result<std::uint64_t> size() override {
    return file_.call(CallKind::kSize, [&](int fault) -> Result<std::uint64_t> {
      if (fault != 0) return error_of(fault, file_.path);
      return std::uint64_t{file_.node->cached.size()};
    });
  }

 private:
  OpenFile file_;
};

class SimWritableFile final : public WritableFile {
 public:
  explicit SimWritableFile(OpenFile file) : file_(std::move(file)) {}

  Status append(std::string_view bytes) override {
    return file_.call(CallKind::kAppend, [&](int fault) {
      const std::size_t taken =
          fault == 0 ? bytes.size() : file_.disk->random.below(bytes.size() + 1);
      file_.node->cached += bytes.substr(0, taken);
      return fault == 0 ? Status() : error_of(fault, file_.path);
    });
  }
  Status sync() override {
    return file_.call(CallKind::kSync, [&](int fault) {
      file_.broken = fault != 0;
      if (fault != 0) return error_of(fault, file_.path);
      file_.node->durable = file_.node->cached;
      file_.node->kept = static_cast<std::size_t>(-1);
      return Status();
    });
  }
  Status close() override {
    if (std::exchange(closed_, true)) return Status();
    return file_.call(CallKind::kClose, [&](int fault) {
      file_.broken = true;
      return fault == 0 ? Status() : error_of(fault, file_.path);
    });
  }

 private:
  OpenFile file_;
  bool closed_ = false;
};

sim::NodePtr copy_of(const sim::Node& node) {
  auto copied = std::make_shared<sim::Node>();
  copied->is_directory = node.is_directory;
  copied->cached = copied->durable = node.cached;
  for (const auto& [name, child] : node.names) copied->names[name] = copy_of(*child);
  copied->durable_names = copied->names;
  return copied;
}

}  // namespace

SimFileSystem::SimFileSystem(std::uint64_t seed) : disk_(std::make_shared<sim::SimDisk>(seed)) {}
SimFileSystem::~SimFileSystem() = default;

Result<std::unique_ptr<ReadableFile>> SimFileSystem::open_for_reading(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  sim::Place place;
  int error_number = disk_->find_existing(CallKind::kOpen, path, place);
  if (error_number == 0 && place.node()->is_directory) error_number = EISDIR;
  if (error_number != 0) return error_of(error_number, path);
  return std::unique_ptr<ReadableFile>(
      new SimReadableFile({disk_, place.node(), path, disk_->crashes}));
}

Result<std::unique_ptr<WritableFile>> SimFileSystem::open_for_writing(const std::string& path,
                                                                      WriteMode mode) {
  const std::lock_guard lock(disk_->mutex);
  sim::Place place;
  int error_number = disk_->find_for_call(CallKind::kOpen, path, place);
  sim::NodePtr node = error_number == 0 ? place.node() : nullptr;
  if (node != nullptr && node->is_directory) error_number = EISDIR;
  if (node != nullptr && mode == WriteMode::kCreateNew) error_number = EEXIST;
  if (error_number != 0) return error_of(error_number, path);
  if (node == nullptr) {
    node = std::make_shared<sim::Node>();
    disk_->change({node, std::nullopt, place});
  } else if (mode == WriteMode::kTruncate) {
    node->cached.clear();
    node->kept = 0;
  }
  return std::unique_ptr<WritableFile>(new SimWritableFile({disk_, node, path, disk_->crashes}));
}

Status SimFileSystem::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(disk_->mutex);
  sim::Place source;
  sim::Place target;
  int error_number = disk_->find_existing(CallKind::kRename, from, source);
  if (error_number == 0) error_number = disk_->find(to, target);
  if (error_number != 0) return error_of(error_number, from + "' to '" + to);
  const sim::NodePtr replaced = target.node();
  if (replaced == source.node()) return Status();
  if (replaced != nullptr && !replaced->names.empty()) return error_of(ENOTEMPTY, to);
  disk_->change({source.node(), source, target});
  return Status();
}

Status SimFileSystem::remove(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  sim::Place place;
  int error_number = disk_->find_existing(CallKind::kRemove, path, place);
  if (error_number == 0 && !place.node()->names.empty()) error_number = ENOTEMPTY;
  if (error_number != 0) return error_of(error_number, path);
  disk_->change({place.node(), place, std::nullopt});
  return Status();
}

Status SimFileSystem::truncate(const std::string& path, std::uint64_t bytes) {
  const std::lock_guard lock(disk_->mutex);
  sim::Place place;
  int error_number = disk_->find_existing(CallKind::kTruncate, path, place);
  if (error_number == 0 && place.node()->is_directory) error_number = EISDIR;
  if (error_number != 0) return error_of(error_number, path);
  sim::Node& file = *place.node();
  if (file.cached.size() <= bytes) return Status();
  file.cached.resize(bytes);
  file.kept = std::min<std::size_t>(file.kept, bytes);
  return Status();
}

Status SimFileSystem::create_directories(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  if (const int fault = disk_->next_fault(CallKind::kMakeDirectory); fault != 0)
    return error_of(fault, path);
  for (std::size_t end = 0; end < path.size();) {
    end = std::min(path.find('/', end + 1), path.size());
    sim::Place place;
    if (const int error_number = disk_->find(path.substr(0, end), place); error_number != 0) {
      return error_of(error_number, path);
    }
    sim::NodePtr node = place.node();
    if (node != nullptr && !node->is_directory) return error_of(ENOTDIR, path);
    if (node != nullptr) continue;
    node = std::make_shared<sim::Node>();
    node->is_directory = true;
    disk_->change({node, std::nullopt, place});
  }
  return Status();
}

Status SimFileSystem::sync_directory(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  sim::Place place;
  const int error_number = disk_->find_directory(CallKind::kSyncDirectory, path, place);
  if (error_number != 0) return error_of(error_number, path);
  disk_->settle_directory(place.node());
  return Status();
}

Result<std::vector<std::string>> SimFileSystem::list(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  sim::Place place;
  const int error_number = disk_->find_directory(CallKind::kList, path, place);
  if (error_number != 0) return error_of(error_number, path);
  std::vector<std::string> names;
  for (const auto& [name, node] : place.node()->names) names.push_back(name);
  return names;
}

bool SimFileSystem::exists(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  sim::Place place;
  return disk_->find(path, place) == 0 && place.node() != nullptr;
}

std::unique_ptr<SimFileSystem> SimFileSystem::copy(std::uint64_t seed) const {
  auto other = std::make_unique<SimFileSystem>(seed);
  const std::lock_guard lock(disk_->mutex);
  other->disk_->root = copy_of(*disk_->root);
  return other;
}

void SimFileSystem::crash() {
  const std::lock_guard lock(disk_->mutex);
  ++disk_->crashes;
  disk_->locked.clear();
  disk_->settle_any();
  disk_->restore(*disk_->root);
}

namespace {

class SimFileLock final : public FileLock {
 public:
  SimFileLock(std::shared_ptr<sim::SimDisk> disk, std::string path)
      : disk_(std::move(disk)), path_(std::move(path)), born_(disk_->crashes) {}
  ~SimFileLock() override {
    const std::lock_guard lock(disk_->mutex);
    if (born_ == disk_->crashes) disk_->locked.erase(path_);
  }

 private:
  std::shared_ptr<sim::SimDisk> disk_;
  std::string path_;
  std::uint64_t born_;
};

}  // namespace

Result<std::unique_ptr<FileLock>> SimFileSystem::lock(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  sim::Place place;
  const int error_number = disk_->find_for_call(CallKind::kLock, path, place);
  if (error_number != 0) return error_of(error_number, path);
  if (place.node() == nullptr) {
    disk_->change({std::make_shared<sim::Node>(), std::nullopt, place});
  }
  if (!disk_->locked.insert(path).second) {
    return Status::failed_precondition("simulated disk: '" + path + "': it is held already");
  }
  return std::unique_ptr<FileLock>(new SimFileLock(disk_, path));
}

std::uint64_t SimFileSystem::calls() const {
  const std::lock_guard lock(disk_->mutex);
  return disk_->all.calls;
}

std::uint64_t SimFileSystem::calls(CallKind kind) const {
  const std::lock_guard lock(disk_->mutex);
  return disk_->of_kind[static_cast<std::size_t>(kind)].calls;
}

void SimFileSystem::fail_call(std::uint64_t call, int error_number, Repeat repeat) {
  const std::lock_guard lock(disk_->mutex);
  disk_->all.fail(call, error_number, repeat == Repeat::kForever);
}

void SimFileSystem::fail_call(CallKind kind, std::uint64_t call, int error_number, Repeat repeat) {
  const std::lock_guard lock(disk_->mutex);
  disk_->of_kind[static_cast<std::size_t>(kind)].fail(call, error_number,
                                                      repeat == Repeat::kForever);
}

void SimFileSystem::clear_faults() {
  const std::lock_guard lock(disk_->mutex);
  disk_->all.clear();
  for (sim::Faults& faults : disk_->of_kind) faults.clear();
}

}  // namespace penstock
