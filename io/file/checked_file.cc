#include "penstock/io/file/checked_file.h"

#include <algorithm>
#include <memory>
#include <string>

#include "penstock/core/base/crc32c.h"

namespace penstock {

Result<bool> visit_checked(FileSystem& file_system, const std::string& path, std::uint64_t offset,
                           std::uint64_t bytes, std::uint32_t crc,
                           const std::function<Status(std::string_view)>& take) {
  const Result<std::unique_ptr<ReadableFile>> file = file_system.open_for_reading(path);
  if (!file.ok()) return file.status();
  std::string piece;
  std::uint32_t seen = 0;
  for (std::uint64_t done = 0; done < bytes;) {
    piece.resize(std::min<std::uint64_t>(bytes - done, kPieceBytes));
    const Result<std::size_t> got = (*file)->read_at(offset + done, piece);
    if (!got.ok()) return got.status();
    if (*got == 0) return false;
    piece.resize(*got);
    seen = crc32c(piece, seen);
    PENSTOCK_RETURN_IF_ERROR(take(piece));
    done += *got;
  }
  return seen == crc;
}

Status lost_output(const std::string& path) {
  return Status(StatusCode::kDataError,
                path +
                    ": is missing, or is not what was written: output that a snapshot counts on "
                    "is lost; restore an older epoch");
}

Status check_whole(const Result<bool>& whole, const std::string& path) {
  if (!whole.ok() && whole.status().code() != StatusCode::kNotFound) return whole.status();
  return whole.ok() && *whole ? Status() : lost_output(path);
}

Status copy_checked(FileSystem& file_system, const std::string& from, const std::string& to,
                    std::uint64_t bytes, std::uint32_t crc) {
  Result<std::unique_ptr<WritableFile>> file =
      file_system.open_for_writing(to, WriteMode::kTruncate);
  if (!file.ok()) return file.status();
  PENSTOCK_RETURN_IF_ERROR(
      check_whole(visit_checked(file_system, from, 0, bytes, crc,
                                [&](std::string_view piece) { return (*file)->append(piece); }),
                  from));
  PENSTOCK_RETURN_IF_ERROR((*file)->sync());
  return (*file)->close();
}

}  // namespace penstock
