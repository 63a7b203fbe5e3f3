// Any bytes as a manifest, and once more with a checksum that fits: no crash, no memory beyond the bytes' own size, and
// what was read is written as the same bytes.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "penstock/core/base/bytes.h"
#include "penstock/core/base/check.h"
#include "penstock/core/base/crc32c.h"
#include "penstock/core/checkpoint/manifest.h"

namespace penstock {
namespace {

void check(std::string_view bytes) {
  const Result<Manifest> read = decode_manifest(bytes);
  if (read.ok()) {
    PENSTOCK_CHECK(check_manifest(*read).ok());
    PENSTOCK_CHECK(encode_manifest(*read) == bytes);
  } else {
    PENSTOCK_CHECK(!read.status().message().empty());
  }
}

void check_sealed(std::string_view bytes) {
  std::string sealed = "PSTKMANI";
  ByteAppender out(sealed);
  out.number(std::uint32_t{1});
  out.raw(bytes);
  out.number(crc32c(sealed));
  check(sealed);
}

}  // namespace
}  // namespace penstock

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  penstock::check(bytes);
  penstock::check_sealed(bytes);
  return 0;
}
