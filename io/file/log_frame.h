// io/file/log_frame.h -- one block of a stream as it stands in its write-ahead log: header, bytes, checksum.
//
// Format     Little-endian: magic "PWL1" (4), kind (2: 0 bytes of the stream, 1 it broke off here, and why), 0 (2),
//            length (4), offset in the stream (8), arrival in microseconds since 1970 (8), CRC-32C of these 28 bytes
//            and the payload (4), payload.
// Trust      What is read may be anything: only a whole frame with its checksum is one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "penstock/core/base/file_system.h"
#include "penstock/core/base/status.h"
#include "penstock/core/base/time.h"

namespace penstock {

struct LogFrame {
  static constexpr std::size_t kHeaderBytes = 32;
  static constexpr std::size_t kPayloadBytesMax = std::size_t{64} << 10;
  static constexpr std::size_t kBytesMax = kHeaderBytes + kPayloadBytesMax;

  std::uint64_t offset = 0;
  EventTime arrival;
  bool broken_off = false;
  std::string_view payload;

  std::size_t bytes() const noexcept { return kHeaderBytes + payload.size(); }
  // In the stream, where a break has no length.
  std::uint64_t end() const noexcept { return offset + (broken_off ? 0 : payload.size()); }
};

// REQUIRES: the payload is not longer than kPayloadBytesMax.
void append_log_frame(const LogFrame& frame, std::string& out);

// Frames of one file; what it lends is valid until the next call.
class LogFrameReader {
 public:
  explicit LogFrameReader(std::unique_ptr<ReadableFile> file) : file_(std::move(file)) {}

  // Nothing when no whole frame stands at byte `at`.
  Result<std::optional<LogFrame>> read(std::uint64_t at);
  // Whether one stands anywhere behind that byte; a file that has more behind it than one frame counts as such.
  Result<bool> has_frame_behind(std::uint64_t at);
  Result<std::uint64_t> size() { return file_->size(); }

 private:
  Result<std::size_t> fill(std::uint64_t at, std::size_t bytes);

  std::unique_ptr<ReadableFile> file_;
  std::string buffer_;
};

}  // namespace penstock
