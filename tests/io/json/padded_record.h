// tests/io/json/padded_record.h -- a raw record as sources lend it: exact padding behind it, with misleading content.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "penstock/core/stream/source.h"

namespace penstock {

class PaddedRecord {
 public:
  explicit PaddedRecord(std::string_view bytes, char padding = '9')
      : memory_(std::make_unique<char[]>(bytes.size() + kRawPaddingBytes)), size_(bytes.size()) {
    bytes.copy(memory_.get(), bytes.size());
    for (std::size_t i = 0; i < kRawPaddingBytes; ++i) memory_[size_ + i] = padding;
  }

  RawRecord raw() const {
    return {{memory_.get(), size_}, Origin{SplitId{3}, 77}, Instant{123456}};
  }

 private:
  std::unique_ptr<char[]> memory_;  // Exactly so long that a sanitizer sees the first byte too far.
  std::size_t size_;
};

}  // namespace penstock
