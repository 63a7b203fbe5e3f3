#include "penstock/io/file/file_tail.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "penstock/core/base/crc32c.h"

namespace penstock {
namespace {

Result<FileTail> tail_of(ReadableFile& file, std::uint64_t end, std::uint32_t bytes) {
  std::array<char, FileTail::kBytesMax> memory{};
  FileTail tail;
  while (tail.bytes < bytes) {
    const Result<std::size_t> got = file.read_at(
        end - bytes + tail.bytes, std::span(memory).subspan(tail.bytes, bytes - tail.bytes));
    if (!got.ok()) return got.status();
    if (*got == 0)
      return Status(StatusCode::kDataError, "the file ends before what was kept of it");
    tail.bytes += static_cast<std::uint32_t>(*got);
  }
  tail.crc = crc32c({memory.data(), bytes});
  return tail;
}

}  // namespace

Result<FileTail> tail_before(ReadableFile& file, std::uint64_t end) {
  return tail_of(file, end,
                 static_cast<std::uint32_t>(std::min<std::uint64_t>(end, FileTail::kBytesMax)));
}

Result<bool> has_tail(ReadableFile& file, std::uint64_t end, const FileTail& tail) {
  if (tail.bytes > FileTail::kBytesMax || tail.bytes > end) return false;
  const Result<FileTail> found = tail_of(file, end, tail.bytes);
  if (found.ok()) return *found == tail;
  if (found.status().code() == StatusCode::kDataError) return false;
  return found.status();
}

}  // namespace penstock
