#include "penstock/state/rocksdb/disk_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

namespace penstock {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStates = "/state";
constexpr std::string_view kKept = "epoch-";

Status failed(const std::string& what, const std::string& path, const std::string& why) {
  return {StatusCode::kUnavailable,
          "cannot " + what + " '" + path + "': " + why +
              "; state on disk needs a folder that this user may write to"};
}
Status status_of(const std::error_code& error, const std::string& what, const std::string& path) {
  return error ? failed(what, path, error.message()) : Status();
}

Status sync_folder(const std::string& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = folder >= 0 && ::fsync(folder) == 0;
  const int error = errno;
  if (folder >= 0) ::close(folder);
  return synced ? Status() : failed("sync", path, std::strerror(error));
}

Status make_folders(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  return status_of(error, "make", path);
}

std::optional<std::uint64_t> kept_epoch(std::string_view name) {
  if (!name.starts_with(kKept)) return std::nullopt;
  name.remove_prefix(kKept.size());
  std::uint64_t epoch = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), epoch);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return epoch;
}

}  // namespace

Result<DiskFolder> DiskFolder::make(const std::string& checkpoints, const std::string& directory,
                                    const std::string& name) {
  static std::atomic<std::uint64_t> temporary{0};
  if (checkpoints.empty() && directory.empty()) {
    return Status::invalid_argument(
        "state on disk needs a folder: let the job take checkpoints, or set "
        "RocksOptions::directory (--state-directory)");
  }
  const bool own = checkpoints.empty();
  const std::string path = own ? directory + "/penstock-" + std::to_string(::getpid()) + "-" +
                                     std::to_string(temporary.fetch_add(1)) + "/" + name
                               : checkpoints + std::string(kStates) + "/" + name;
  PENSTOCK_RETURN_IF_ERROR(make_folders(path));
  return DiskFolder(checkpoints, path, own);
}

DiskFolder::DiskFolder(DiskFolder&& other) noexcept
    : checkpoints_(std::move(other.checkpoints_)),
      path_(std::exchange(other.path_, {})),
      temporary_(other.temporary_) {}

DiskFolder::~DiskFolder() {
  if (!temporary_ || path_.empty()) return;
  std::error_code ignored;
  fs::remove_all(fs::path(path_).parent_path(), ignored);
}

std::string DiskFolder::kept_by(const std::string& name, Epoch epoch) const {
  return checkpoints_ + std::string(kStates) + "/" + name + "/" + std::string(kKept) +
         std::to_string(epoch.value);
}

Status DiskFolder::begin() const {
  std::error_code error;
  fs::remove_all(live(), error);
  return status_of(error, "empty", live());
}

Status DiskFolder::begin_from(const std::string& kept) const {
  PENSTOCK_RETURN_IF_ERROR(begin());
  PENSTOCK_RETURN_IF_ERROR(make_folders(live()));
  std::error_code error;
  for (const fs::directory_entry& file : fs::directory_iterator(kept, error)) {
    const fs::path to = fs::path(live()) / file.path().filename();
    const bool never_changes = file.path().extension() == ".sst";
    if (never_changes) fs::create_hard_link(file.path(), to, error);
    if (!never_changes || error) {
      error.clear();
      fs::copy_file(file.path(), to, error);
    }
    if (error) break;
  }
  return status_of(error, "go on from the state that is kept in", kept);
}

Status DiskFolder::before_keep(Epoch epoch) const {
  std::error_code error;
  fs::remove_all(kept(epoch), error);
  return status_of(error, "empty", kept(epoch));
}

Status DiskFolder::after_keep() const {
  PENSTOCK_RETURN_IF_ERROR(sync_folder(path_));
  PENSTOCK_RETURN_IF_ERROR(sync_folder(fs::path(path_).parent_path()));
  return sync_folder(checkpoints_);
}

void DiskFolder::remove_unneeded() const noexcept {
  if (temporary_) return;
  std::error_code ignored;
  for (const fs::directory_entry& disk :
       fs::directory_iterator(checkpoints_ + std::string(kStates), ignored)) {
    for (const fs::directory_entry& kept : fs::directory_iterator(disk.path(), ignored)) {
      const std::optional<std::uint64_t> epoch = kept_epoch(kept.path().filename().string());
      if (!epoch) continue;
      const std::string checkpoint = checkpoints_ + "/e-" + std::to_string(*epoch);
      if (fs::exists(checkpoint, ignored) || fs::exists(checkpoint + ".tmp", ignored)) continue;
      fs::remove_all(kept.path(), ignored);
    }
  }
}

}  // namespace penstock
