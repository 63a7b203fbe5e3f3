// io/json/field_reader.h -- one value of a JSON object into one member of a record.
//
// Cost       No allocation. One switch over the kind of the field.
#pragma once

#include <string_view>

#include "penstock/io/json/decode_error.h"
#include "penstock/io/json/field_table.h"

namespace penstock::json {

// Fills the member of `out` that `entry` names from the value `token`, which is without white space around it (of an
// array or object only its first byte). REQUIRES: kRawPaddingBytes behind the token are readable.
// On false `error` has its code and bytes_max; the caller knows the place.
[[nodiscard]] bool read_field(const FieldEntry& entry, std::string_view token, const char* defaults,
                              char* out, DecodeError& error) noexcept;

// The member as in a fresh value of its type.
void reset_field(const FieldEntry& entry, const char* defaults, char* out) noexcept;

}  // namespace penstock::json
