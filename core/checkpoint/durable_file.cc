#include "penstock/core/checkpoint/durable_file.h"

#include <memory>
#include <vector>

namespace penstock {
namespace {

// "a/b" of "a/b/c/", "." of "a", "/" of "/a".
std::string parent_of(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<std::string> read_small_file(FileSystem& file_system, const std::string& path,
                                    std::size_t bytes_max) {
  const Result<std::unique_ptr<ReadableFile>> file = file_system.open_for_reading(path);
  if (!file.ok()) return file.status();
  const Result<std::uint64_t> size = file.value()->size();
  if (!size.ok()) return size.status();
  if (*size > bytes_max) {
    return Status::data_error("'" + path + "' has " + std::to_string(*size) +
                              " bytes, more than the " + std::to_string(bytes_max) +
                              " it may have: it is damaged or another file");
  }
  std::string bytes(static_cast<std::size_t>(*size), '\0');
  for (std::size_t filled = 0; filled < bytes.size();) {
    const std::span<char> rest(bytes.data() + filled, bytes.size() - filled);
    const Result<std::size_t> count = file.value()->read_at(filled, rest);
    if (!count.ok()) return count.status();
    if (*count == 0) bytes.resize(filled);  // It has become shorter: its checksum will tell.
    filled += *count;
  }
  return bytes;
}

Status write_new_file(FileSystem& file_system, const std::string& path, std::string_view bytes) {
  Result<std::unique_ptr<WritableFile>> file =
      file_system.open_for_writing(path, WriteMode::kCreateNew);
  if (!file.ok()) return file.status();
  PENSTOCK_RETURN_IF_ERROR(file.value()->append(bytes));
  PENSTOCK_RETURN_IF_ERROR(file.value()->sync());
  return file.value()->close();
}

Status replace_file(FileSystem& file_system, const std::string& folder, const std::string& name,
                    std::string_view bytes) {
  const std::string path = folder + "/" + name;
  const std::string temporary = path + ".tmp";
  // What is left of an attempt that failed may not be gone on with: its sync may have.
  if (file_system.exists(temporary)) PENSTOCK_RETURN_IF_ERROR(file_system.remove(temporary));
  PENSTOCK_RETURN_IF_ERROR(write_new_file(file_system, temporary, bytes));
  PENSTOCK_RETURN_IF_ERROR(file_system.rename(temporary, path));
  return file_system.sync_directory(folder);
}

Status create_directories_durably(FileSystem& file_system, const std::string& path) {
  const bool was_there = file_system.exists(path);
  std::vector<std::string> to_sync{parent_of(path)};
  for (std::string at = path;
       !file_system.exists(at) && to_sync.back() != parent_of(to_sync.back());) {
    at = to_sync.back();
    to_sync.push_back(parent_of(at));
  }
  PENSTOCK_RETURN_IF_ERROR(file_system.create_directories(path));
  for (const std::string& folder : to_sync) {
    const Status status = file_system.sync_directory(folder);
    if (was_there && status.code() == StatusCode::kPermissionDenied) continue;
    PENSTOCK_RETURN_IF_ERROR(status);
  }
  return Status();
}

}  // namespace penstock
