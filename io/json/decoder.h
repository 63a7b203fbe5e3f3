// io/json/decoder.h -- JSON text to values of T, whose fields io/json/fields.h describes.
//
// All fields of the object are visited in the order of the text; names that T does not have are skipped, whatever their
// value; the last of equal names wins. Text that does not fit its InlineString is an error, never cut. A byte order
// mark before the object is ignored. Text after the object is an error.
// Threads    One object per thread; a copy has working memory of its own.
// Cost       No allocation, unless a record is longer than all before it.
// Errors     A DecodeError, as a value. Of what is skipped only UTF-8, the quotes and the brackets are checked.
#pragma once

#include "penstock/core/stream/source.h"
#include "penstock/io/json/decode_error.h"
#include "penstock/io/json/fields.h"
#include "penstock/io/json/record_decoder.h"

namespace penstock::json {

template <class T>
class Decoder {
 public:
  using Value = T;
  using Error = DecodeError;

  explicit Decoder(DecodeLimits limits = {}) : core_(field_table<T>(), limits) {}

  // Members that are no JSON field are left as they are. On false `error` says why, and `out` holds a mixture.
  [[nodiscard]] bool decode(const RawRecord& raw, T& out, DecodeError& error) noexcept {
    return core_.decode(raw, &out, error);
  }

 private:
  RecordDecoder core_;
};

template <class T>
Decoder<T> decoder(DecodeLimits limits = {}) {
  return Decoder<T>(limits);
}

}  // namespace penstock::json
