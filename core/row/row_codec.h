// core/row/row_codec.h -- rows in snapshots: with the version of the encoding and the fingerprint of their schema.
//
// Errors      Reading refuses, with a data error, other versions, other schemas and bytes that check_row() refuses.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "penstock/core/base/status.h"
#include "penstock/core/row/data_type.h"

namespace penstock {

inline constexpr std::uint32_t kRowEncodingVersion = 1;

class RowCodec {
 public:
  explicit RowCodec(Schema schema)
      : schema_(std::move(schema)), fingerprint_(schema_.fingerprint()) {}

  const Schema& schema() const noexcept { return schema_; }
  // Appends: u32 version, u64 fingerprint, u32 bytes, the row.
  void encode(std::string_view row, std::string& out) const;
  // Takes one row from the front of `bytes` and lends it.
  Result<std::string_view> decode(std::string_view& bytes) const;

 private:
  Schema schema_;
  std::uint64_t fingerprint_;
};

}  // namespace penstock
