// io/json/record_decoder.h -- fills a record from one JSON object by a field table; what json::Decoder<T> wraps.
//
// Threads    One object per thread. A copy has working memory of its own.
// Ownership  Reads the bytes in place, up to kRawPaddingBytes past their end; keeps nothing of them.
// Cost       No allocation, unless a record is longer than all before it. One pass that finds the structure and checks
//            UTF-8, one over the fields of the outermost object in the order of the text.
#pragma once

#include <cstddef>
#include <memory>

#include "penstock/core/stream/source.h"
#include "penstock/io/json/decode_error.h"
#include "penstock/io/json/field_table.h"

namespace penstock::json {

struct DecodeLimits {
  static constexpr std::size_t kDepthMax = 64;  // Of values inside the record that are skipped.

  std::size_t record_bytes_max = std::size_t{16} << 20;
};

class RecordDecoder {
 public:
  // The table outlives the decoder.
  RecordDecoder(const FieldTable& table, DecodeLimits limits);
  RecordDecoder(const RecordDecoder& other);
  RecordDecoder& operator=(const RecordDecoder& other);
  RecordDecoder(RecordDecoder&& other) noexcept;
  RecordDecoder& operator=(RecordDecoder&& other) noexcept;
  ~RecordDecoder();

  // `out` is an object of the table's type. On false `error` says why, and what has been filled of `out` is undefined.
  [[nodiscard]] bool decode(const RawRecord& raw, void* out, DecodeError& error) noexcept;

 private:
  class Index;

  const FieldTable* table_;
  DecodeLimits limits_;
  std::unique_ptr<Index> index_;
};

}  // namespace penstock::json
