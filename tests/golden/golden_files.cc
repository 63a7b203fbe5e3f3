#include "penstock/tests/golden/golden_files.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

namespace penstock::golden {

std::string folder_to_make() {
  const char* folder = std::getenv("PENSTOCK_MAKE_GOLDEN");
  return folder != nullptr ? folder : "";
}

std::string path_of(const std::string& name) { return PENSTOCK_GOLDEN_DIR "/" + name; }

Result<std::string> read_file(FileSystem& files, const std::string& path) {
  auto file = files.open_for_reading(path);
  if (!file.ok()) return file.status();
  auto size = (*file)->size();
  if (!size.ok()) return size.status();
  std::string bytes(*size, '\0');
  for (std::size_t at = 0; at < bytes.size();) {
    auto read = (*file)->read_at(at, std::span(bytes).subspan(at));
    if (!read.ok()) return read.status();
    if (*read == 0) return Status::data_error(path + " became shorter");
    at += *read;
  }
  return bytes;
}

std::string state_page() {
  const std::unique_ptr<FileSystem> tree = make_posix_file_system();
  const auto page = read_file(*tree, path_of("../../docs/state.md"));
  std::string text = page.ok() ? *page : page.status().to_string();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

Status write_file(FileSystem& files, const std::string& path, const std::string& bytes) {
  auto file = files.open_for_writing(path, WriteMode::kTruncate);
  if (!file.ok()) return file.status();
  PENSTOCK_RETURN_IF_ERROR((*file)->append(bytes));
  PENSTOCK_RETURN_IF_ERROR((*file)->sync());
  return (*file)->close();
}

Status copy_folder(FileSystem& from, const std::string& source, FileSystem& to,
                   const std::string& target) {
  PENSTOCK_RETURN_IF_ERROR(to.create_directories(target));
  auto names = from.list(source);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    const std::string path = source + "/" + name;
    if (from.list(path).ok()) {
      PENSTOCK_RETURN_IF_ERROR(copy_folder(from, path, to, target + "/" + name));
      continue;
    }
    auto bytes = read_file(from, path);
    if (!bytes.ok()) return bytes.status();
    PENSTOCK_RETURN_IF_ERROR(write_file(to, target + "/" + name, *bytes));
  }
  return to.sync_directory(target);
}

}  // namespace penstock::golden
