#include "penstock/core/checkpoint/incarnation.h"

#include <string_view>

#include "penstock/core/base/bytes.h"
#include "penstock/core/base/crc32c.h"
#include "penstock/core/checkpoint/durable_file.h"

namespace penstock {
namespace {

constexpr std::string_view kFileName = "INCARNATION";
constexpr std::string_view kMagic = "PSTKINC1";

std::string encode(const Incarnation& incarnation) {
  std::string bytes;
  ByteAppender out(bytes);
  out.raw(kMagic);
  out.number(incarnation.number);
  out.number(incarnation.epochs_used);
  out.number(crc32c(bytes));
  return bytes;
}

}  // namespace

Result<std::optional<Incarnation>> read_incarnation(FileSystem& file_system,
                                                    const std::string& folder) {
  const std::string path = folder + "/" + std::string(kFileName);
  const Result<std::string> bytes = read_small_file(file_system, path, encode({}).size());
  if (!bytes.ok() && bytes.status().code() == StatusCode::kNotFound) {
    return std::optional<Incarnation>();
  }
  if (!bytes.ok()) return bytes.status();
  Incarnation read;
  std::string_view magic;
  ByteCursor in(*bytes);
  if (!in.raw(kMagic.size(), magic) || !in.number(read.number) || !in.number(read.epochs_used) ||
      encode(read) != *bytes) {
    return Status::data_error("'" + path + "': its checksum is wrong");
  }
  return std::optional(read);
}

Status write_incarnation(FileSystem& file_system, const std::string& folder,
                         const Incarnation& incarnation) {
  return replace_file(file_system, folder, std::string(kFileName), encode(incarnation));
}

}  // namespace penstock
