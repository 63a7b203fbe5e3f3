// io/file/checked_file.h -- files whose length and checksum are known from elsewhere: read, and copied.
//
// Memory     A piece at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "penstock/core/base/file_system.h"
#include "penstock/core/base/status.h"

namespace penstock {

inline constexpr std::size_t kPieceBytes = std::size_t{8} << 20;

// Hands the `bytes` bytes from `offset` to `take`, piece by piece, and compares their checksum. False: they are others,
// or fewer, which is known only when all have been handed over.
Result<bool> visit_checked(FileSystem& file_system, const std::string& path, std::uint64_t offset,
                           std::uint64_t bytes, std::uint32_t crc,
                           const std::function<Status(std::string_view)>& take);

// What output that a snapshot counts on ends with when it is not there.
Status lost_output(const std::string& path);
// Of what visit_checked() found at `path`.
Status check_whole(const Result<bool>& whole, const std::string& path);

// Writes a new file with what `from` has, if that is still what it was. For one that could not be synced: what the
// system has of it in memory may be gone.
Status copy_checked(FileSystem& file_system, const std::string& from, const std::string& to,
                    std::uint64_t bytes, std::uint32_t crc);

}  // namespace penstock
