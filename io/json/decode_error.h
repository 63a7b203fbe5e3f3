// io/json/decode_error.h -- why a record could not be decoded, as a value.
//
// Ownership  Names are borrowed from the program's constants, the offending text is copied: an error outlives its
//            record. Nothing is allocated before message().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "penstock/core/base/inline_string.h"

namespace penstock::json {

enum class DecodeErrorCode : std::uint8_t {
  kEmpty,         // Nothing but white space.
  kNotJson,       // Against the grammar.
  kNotAnObject,   // JSON perhaps, but not `{...}`.
  kTruncated,     // Ends before the object does.
  kTrailingText,  // Something follows the object.
  kInvalidUtf8,
  kMissingField,
  kNullField,  // null where a value is required.
  kWrongType,
  kOverflow,  // A number that the field cannot hold.
  kTextTooLong,
  kBadEscape,  // Unknown, or half of a surrogate pair.
  kBadTime,    // Not in the field's format, or outside of the years 1 to 9999.
  kTooDeep,
  kTooLong,  // The record exceeds the decoder's bound.
  kOutOfMemory,
};

// "missing field", "wrong type", ...
std::string_view decode_error_name(DecodeErrorCode code) noexcept;

struct DecodeError {
  static constexpr std::size_t kTextBytesMax = 63;

  DecodeErrorCode code = DecodeErrorCode::kEmpty;
  std::string_view field;       // Empty when no field is to blame.
  std::string_view type;        // Of the field, as SQL names it: "DOUBLE".
  std::uint64_t bytes_max = 0;  // Of the text field or the record that is too long.
  InlineString<kTextBytesMax>
      text;          // The offending value as it stands in the record, cut for display.
  bool cut = false;  // There was more of it.

  // `cannot read field "amount" (DOUBLE) from "12,50": wrong type`. Control characters and broken UTF-8 are made
  // visible.
  std::string message() const;
};

}  // namespace penstock::json
