// Any bytes as the part of a checkpoint, once more with all checksums made to fit, and its chunks, or the bytes
// themselves, as the items of a snapshot: no crash, no read outside, and never more chunks than bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "penstock/core/base/bytes.h"
#include "penstock/core/base/check.h"
#include "penstock/core/base/crc32c.h"
#include "penstock/core/checkpoint/part_file.h"
#include "penstock/core/stream/snapshot.h"

namespace penstock {
namespace {

constexpr std::size_t kHeaderBytes = 40;
constexpr std::size_t kBlockHeaderBytes = 12;

class MemoryFile final : public ReadableFile {
 public:
  explicit MemoryFile(std::string_view bytes) : bytes_(bytes) {}
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> buffer) override {
    if (offset >= bytes_.size()) return std::size_t{0};
    return bytes_.copy(buffer.data(), buffer.size(), static_cast<std::size_t>(offset));
  }
  Result<std::uint64_t> size() override { return std::uint64_t{bytes_.size()}; }

 private:
  std::string_view bytes_;
};

void parse(SnapshotParser& parser, std::string_view chunk) {
  std::size_t items = 0;
  static_cast<void>(parser
                        .parse(chunk,
                               [&](const SnapshotItem& item) {
                                 items += item.bytes.size() + 8;
                                 return Status();
                               })
                        .ok());
  PENSTOCK_CHECK(items <= chunk.size());
}

void check(std::string_view bytes, std::uint32_t checksum) {
  PartInfo part;
  part.file = "part-0-0";
  part.bytes = bytes.size();
  part.checksum = checksum;
  MemoryFile file(bytes);
  SnapshotParser parser(0, 1);
  std::size_t seen = 0;
  const Status status = read_part(file, "'part-0-0'", {1}, part, [&](std::string_view chunk) {
    seen += chunk.size();
    parse(parser, chunk);
    return Status();
  });
  PENSTOCK_CHECK(seen <= bytes.size());
  PENSTOCK_CHECK(status.ok() == read_part(file, "'part-0-0'", {1}, part, nullptr).ok());
}

void put(std::string& bytes, std::size_t at, std::uint32_t number) {
  std::string text;
  ByteAppender(text).number(number);
  bytes.replace(at, text.size(), text);
}

// The header of this very part, then blocks as the bytes' own lengths (cut to what is there) make them.
void check_sealed(std::string_view body) {
  std::string bytes = "PSTKPART";
  ByteAppender out(bytes);
  for (const std::uint32_t number : {1u, 0u, 1u, 0u, 0u, 0u, 1u}) out.number(number);
  out.number(crc32c(bytes));
  out.raw(body);
  std::size_t at = kHeaderBytes;
  for (std::uint32_t length = 1; length > 0 && at + kBlockHeaderBytes <= bytes.size();) {
    length = static_cast<unsigned char>(bytes[at]) |
             std::uint32_t{static_cast<unsigned char>(bytes[at + 1])} << 8;
    length = std::min(length, static_cast<std::uint32_t>(bytes.size() - at - kBlockHeaderBytes));
    put(bytes, at, length);
    const std::string_view payload = std::string_view(bytes).substr(at + kBlockHeaderBytes, length);
    put(bytes, at + 8, crc32c(payload, crc32c(std::string_view(bytes).substr(at, 8))));
    at += kBlockHeaderBytes + length;
  }
  std::uint32_t checksum = 0;
  if (at + 12 <= bytes.size()) {
    checksum = crc32c(std::string_view(bytes).substr(0, at + 8));
    put(bytes, at + 8, checksum);
  }
  check(bytes, checksum);
}

}  // namespace
}  // namespace penstock

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  penstock::check(bytes, 0);
  penstock::check_sealed(bytes);
  penstock::SnapshotParser parser(0, 1);
  penstock::parse(parser, bytes);
  return 0;
}
