#include "penstock/io/row/row_decoder.h"

#include "penstock/core/row/value_text.h"

namespace penstock {

bool JsonRecordReader::passes_over(const RawRecord& raw) const noexcept {
  return trim_blanks(raw.bytes).empty();
}

bool JsonRecordReader::read(std::string_view json, Arena& arena, std::string_view& row,
                            std::string& fault) const {
  Cell cell;
  std::string_view why = "it is empty";
  const bool good =
      reader_.read(json, arena, cell, why) == JsonRowReader::Outcome::kValue && !cell.null;
  if (good) {
    row = cell.bytes();
  } else {
    constexpr std::size_t kShownMax = 60;
    fault = "cannot read \"" + std::string(json.substr(0, kShownMax)) +
            (json.size() > kShownMax ? "\"...: " : "\": ") + std::string(why);
  }
  return good;
}

TextRecordReader::TextRecordReader(std::string column)
    : schema_({Field{std::move(column), TypeKind::kString, true}}), writer_(schema_) {}

bool TextRecordReader::read(std::string_view text, Arena& arena, std::string_view& row,
                            std::string&) const {
  const Cell value = Cell::of_bytes(text);
  row = writer_.write({&value, 1}, arena);
  return true;
}

}  // namespace penstock
