#include "penstock/io/row/row_decoder.h"

#include <algorithm>

#include "penstock/core/row/value_text.h"

namespace penstock {

RowProjection CsvRecordReader::projection(const std::vector<bool>& wanted) const {
  const auto corrupt = reader_.corrupt_column();
  if (!reader_.options().column_pruning || (corrupt && wanted[*corrupt])) return {};
  return RowProjection(wanted);
}

RowProjection JsonRecordReader::projection(const std::vector<bool>& wanted) const {
  const auto corrupt = reader_.corrupt_column();
  const bool only_corrupt =
      corrupt && wanted[*corrupt] && std::count(wanted.begin(), wanted.end(), true) == 1;
  return only_corrupt ? RowProjection() : RowProjection(wanted);
}

bool JsonRecordReader::passes_over(const RawRecord& raw) const noexcept {
  return trim_blanks(raw.bytes).empty();
}

bool JsonRecordReader::read(std::string_view json, Arena& arena, std::string_view& row,
                            std::string& fault, const RowProjection& projection) const {
  Cell cell;
  std::string_view why = "it is empty";
  const bool good =
      reader_.read(json, arena, cell, why, projection) == JsonRowReader::Outcome::kValue &&
      !cell.null;
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
                            std::string&, const RowProjection&) const {
  const Cell value = Cell::of_bytes(text);
  row = writer_.write({&value, 1}, arena);
  return true;
}

}  // namespace penstock
