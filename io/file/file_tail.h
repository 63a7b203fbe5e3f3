// io/file/file_tail.h -- the last bytes before a position in a file, by which it is known again.
//
// A file that was replaced or emptied and has grown beyond the position is told from the one that was read or written.
#pragma once

#include <cstdint>

#include "penstock/core/base/file_system.h"
#include "penstock/core/base/status.h"

namespace penstock {

struct FileTail {
  static constexpr std::uint32_t kBytesMax = 256;

  std::uint32_t bytes = 0;
  std::uint32_t crc = 0;
  friend bool operator==(const FileTail&, const FileTail&) = default;
};

// Of the kBytesMax bytes before `end`, or of all. kDataError when the file ends before it.
Result<FileTail> tail_before(ReadableFile& file, std::uint64_t end);
// Whether `tail` is what stands before `end`. False also when the file ends before it.
Result<bool> has_tail(ReadableFile& file, std::uint64_t end, const FileTail& tail);

}  // namespace penstock
