#include "penstock/io/file/log_frame.h"

#include "penstock/core/base/bytes.h"
#include "penstock/core/base/check.h"
#include "penstock/core/base/crc32c.h"

namespace penstock {
namespace {

constexpr std::string_view kMagic = "PWL1";
constexpr std::size_t kCrcAt = LogFrame::kHeaderBytes - sizeof(std::uint32_t);

struct Header {
  LogFrame frame;
  std::uint32_t length = 0;
  std::uint32_t crc = 0;
};

std::optional<Header> header_of(std::string_view bytes) {
  Header header;
  std::string_view magic;
  std::uint16_t kind = 0;
  std::uint16_t unused = 0;
  ByteCursor in(bytes);
  if (!in.raw(kMagic.size(), magic) || magic != kMagic) return std::nullopt;
  if (!in.number(kind) || kind > 1 || !in.number(unused) || unused != 0) return std::nullopt;
  if (!in.number(header.length) || header.length > LogFrame::kPayloadBytesMax) return std::nullopt;
  if (!in.number(header.frame.offset) || !in.number(header.frame.arrival.micros) ||
      !in.number(header.crc))
    return std::nullopt;
  header.frame.broken_off = kind == 1;
  return header;
}

// The frame with which these bytes begin, if one does.
std::optional<LogFrame> frame_of(std::string_view bytes) {
  std::optional<Header> header = header_of(bytes);
  if (!header || bytes.size() - LogFrame::kHeaderBytes < header->length) return std::nullopt;
  header->frame.payload = bytes.substr(LogFrame::kHeaderBytes, header->length);
  if (crc32c(header->frame.payload, crc32c(bytes.substr(0, kCrcAt))) != header->crc)
    return std::nullopt;
  return header->frame;
}

}  // namespace

void append_log_frame(const LogFrame& frame, std::string& out) {
  PENSTOCK_CHECK(frame.payload.size() <= LogFrame::kPayloadBytesMax);
  const std::size_t begin = out.size();
  ByteAppender to(out);
  to.raw(kMagic);
  to.number(static_cast<std::uint16_t>(frame.broken_off ? 1 : 0));
  to.number(std::uint16_t{0});
  to.number(static_cast<std::uint32_t>(frame.payload.size()));
  to.number(frame.offset);
  to.number(frame.arrival.micros);
  to.number(crc32c(frame.payload, crc32c(std::string_view(out).substr(begin))));
  to.raw(frame.payload);
}

Result<std::optional<LogFrame>> LogFrameReader::read(std::uint64_t at) {
  Result<std::size_t> got = fill(at, LogFrame::kHeaderBytes);
  if (!got.ok()) return got.status();
  const std::optional<Header> header = header_of(std::string_view(buffer_).substr(0, *got));
  if (!header) return std::optional<LogFrame>();
  got = fill(at, LogFrame::kHeaderBytes + header->length);
  if (!got.ok()) return got.status();
  return frame_of(std::string_view(buffer_).substr(0, *got));
}

Result<bool> LogFrameReader::has_frame_behind(std::uint64_t at) {
  const Result<std::uint64_t> size = file_->size();
  if (!size.ok()) return size.status();
  if (*size - at > LogFrame::kBytesMax) return true;
  const Result<std::size_t> got = fill(at, LogFrame::kBytesMax);
  if (!got.ok()) return got.status();
  const std::string_view rest = std::string_view(buffer_).substr(0, *got);
  for (std::size_t i = rest.find(kMagic, 1); i != rest.npos; i = rest.find(kMagic, i + 1)) {
    if (frame_of(rest.substr(i))) return true;
  }
  return false;
}

Result<std::size_t> LogFrameReader::fill(std::uint64_t at, std::size_t bytes) {
  if (buffer_.size() < bytes) buffer_.resize(bytes);
  return file_->read_at(at, std::span(buffer_.data(), bytes));
}

}  // namespace penstock
