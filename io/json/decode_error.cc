#include "penstock/io/json/decode_error.h"

#include <algorithm>

#include "penstock/io/json/text.h"

namespace penstock::json {
namespace {

// Valid UTF-8 without control characters. Quotes and backslashes stand for themselves, as in the record.
std::string displayed(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t plain = std::min(text.find_first_of("\"\\"), text.size());
    append_escaped(text.substr(0, plain), result);
    text.remove_prefix(plain);
    if (text.empty()) break;
    result += text[0];
    text.remove_prefix(1);
  }
  return result;
}

std::string reason_of(const DecodeError& error) {
  switch (error.code) {
    case DecodeErrorCode::kTextTooLong:
      return "longer than " + std::to_string(error.bytes_max) + " bytes";
    case DecodeErrorCode::kTooLong:
      return "the record is longer than " + std::to_string(error.bytes_max) + " bytes";
    case DecodeErrorCode::kEmpty:
      return "the record is empty";
    case DecodeErrorCode::kNotJson:
      return "not JSON";
    case DecodeErrorCode::kNotAnObject:
      return "not a JSON object";
    case DecodeErrorCode::kTruncated:
      return "the record ends before its object does";
    case DecodeErrorCode::kTrailingText:
      return "text follows the object; one record is one object";
    case DecodeErrorCode::kInvalidUtf8:
      return "not valid UTF-8";
    case DecodeErrorCode::kMissingField:
      return "the record does not have it";
    case DecodeErrorCode::kNullField:
      return "a value is required";
    case DecodeErrorCode::kWrongType:
      return "wrong type";
    case DecodeErrorCode::kOverflow:
      return "out of range";
    case DecodeErrorCode::kBadEscape:
      return "bad escape sequence";
    case DecodeErrorCode::kBadTime:
      return "not a time of this format between years 1 and 9999";
    case DecodeErrorCode::kTooDeep:
      return "nested too deep";
    case DecodeErrorCode::kOutOfMemory:
      return "no memory to read so long a record";
  }
  return "unknown error";
}

}  // namespace

std::string_view decode_error_name(DecodeErrorCode code) noexcept {
  switch (code) {
    case DecodeErrorCode::kEmpty:
      return "empty";
    case DecodeErrorCode::kNotJson:
      return "not json";
    case DecodeErrorCode::kNotAnObject:
      return "not an object";
    case DecodeErrorCode::kTruncated:
      return "truncated";
    case DecodeErrorCode::kTrailingText:
      return "trailing text";
    case DecodeErrorCode::kInvalidUtf8:
      return "invalid utf-8";
    case DecodeErrorCode::kMissingField:
      return "missing field";
    case DecodeErrorCode::kNullField:
      return "null field";
    case DecodeErrorCode::kWrongType:
      return "wrong type";
    case DecodeErrorCode::kOverflow:
      return "overflow";
    case DecodeErrorCode::kTextTooLong:
      return "text too long";
    case DecodeErrorCode::kBadEscape:
      return "bad escape";
    case DecodeErrorCode::kBadTime:
      return "bad time";
    case DecodeErrorCode::kTooDeep:
      return "too deep";
    case DecodeErrorCode::kTooLong:
      return "too long";
    case DecodeErrorCode::kOutOfMemory:
      return "out of memory";
  }
  return "unknown";
}

std::string DecodeError::message() const {
  std::string result = "cannot read ";
  if (field.empty()) {
    result += "JSON";
  } else {
    result.append("field \"").append(field).append("\" (").append(type).append(")");
  }
  if (!text.empty()) {
    result.append(" from ").append(displayed(text)).append(cut ? "..." : "");
  }
  return result.append(": ").append(reason_of(*this));
}

}  // namespace penstock::json
