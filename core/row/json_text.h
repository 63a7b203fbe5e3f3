// core/row/json_text.h -- values to JSON text, and base64.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "penstock/core/row/calendar.h"
#include "penstock/core/row/cell.h"
#include "penstock/core/row/data_type.h"
#include "penstock/core/row/json_reader.h"
#include "penstock/core/row/time_pattern.h"

namespace penstock {

struct JsonTextOptions {
  bool ignore_null_fields = true;  // Of structs; nulls of arrays and maps are always written.
  std::optional<TimePattern> timestamp_format;  // Else ISO 8601 with milliseconds and offset.
  std::optional<TimePattern> timestamp_ntz_format;
  std::optional<TimePattern> date_format;
  TimeZone zone;
};

// Appends what to_json writes. Numbers as Java prints them, NaN and infinities as text, binary as base64.
void append_json(const Cell& cell, const DataType& type, const JsonTextOptions& options,
                 std::string& out);
// A quoted text with its escapes.
void append_json_string(std::string_view text, std::string& out);
// The value that the reader's token begins, written anew without blanks. False when it does not end.
bool append_json_copy(JsonReader& reader, std::string& out);

void append_base64(std::string_view bytes, std::string& out);
// False when it is none.
bool append_decoded_base64(std::string_view text, std::string& out);

}  // namespace penstock
