// Any bytes as a line of CSV under options that the first bytes choose: no crash, a row that check_row() accepts, and
// texts that are written are read back.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/check.h"
#include "penstock/core/row/csv_row.h"
#include "penstock/core/row/csv_text.h"
#include "penstock/core/row/type_text.h"
#include "penstock/io/row/row_formats.h"

namespace penstock {
namespace {

CsvOptions options_of(std::uint8_t first, std::uint8_t second) {
  static constexpr std::string_view kSeparators[] = {",", ";", "||", "\t"};
  static constexpr char kQuotes[] = {'"', '\'', '\0', '"'};
  static constexpr char kEscapes[] = {'\\', '"', '\0', '\\'};
  CsvOptions options;
  options.separator = kSeparators[first % 4];
  options.quote = kQuotes[first / 4 % 4];
  options.escape = kEscapes[first / 16 % 4];
  options.mode = (first & 64U) != 0 ? BadRecordMode::kFailFast : BadRecordMode::kPermissive;
  options.comment = (first & 128U) != 0 ? '#' : '\0';
  options.ignore_leading_blanks = (second & 1U) != 0;
  options.ignore_trailing_blanks = (second & 2U) != 0;
  if ((second & 4U) != 0) options.null_value = "-";
  if ((second & 8U) != 0) options.empty_value = "e";
  if ((second & 16U) != 0) options.date_format = "dd.MM.yyyy";
  options.multi_line = (second & 32U) != 0;
  return options;
}

void read_line(const CsvOptions& options, std::string_view line) {
  static const Schema kSchema =
      parse_schema(
          "i INT, s STRING, d DOUBLE, c DECIMAL(30,3), b BOOLEAN, day DATE, t TIMESTAMP, "
          "n TIMESTAMP_NTZ, y INTERVAL YEAR TO MONTH, _corrupt_record STRING")
          .value();
  const CsvRowReader reader = CsvRowReader::make(kSchema, options).value();
  Arena arena;
  std::string_view row;
  std::string fault;
  if (!reader.read(line, arena, row, fault)) {
    PENSTOCK_CHECK(!fault.empty());
    return;
  }
  PENSTOCK_CHECK(check_row(row, reader.schema()).ok());
  std::string written;
  CsvRowWriter::make(reader.schema(), options).value().write(row, written);
}

// With Spark's defaults, but for the blanks.
void write_and_read(std::string_view text) {
  static const Schema kSchema = parse_schema("a STRING, b STRING").value();
  CsvOptions options;
  options.ignore_leading_blanks = false;
  options.ignore_trailing_blanks = false;
  options.null_value = "-";
  const std::size_t half = text.size() / 2;
  const Cell cells[] = {Cell::of_bytes(text.substr(0, half)), Cell::of_bytes(text.substr(half))};
  if (cells[0].bytes() == "-" || cells[1].bytes() == "-") return;  // These are nulls.
  Arena arena;
  std::string line;
  CsvRowWriter::make(kSchema, options).value().write(RowWriter(kSchema).write(cells, arena), line);
  std::string_view row;
  std::string fault;
  PENSTOCK_CHECK(CsvRowReader::make(kSchema, options).value().read(line, arena, row, fault));
  PENSTOCK_CHECK(fault.empty());
  for (std::size_t i = 0; i < 2; ++i) {
    const Cell read = RowView(row, kSchema).bytes_cell(i);
    PENSTOCK_CHECK(!read.null && read.bytes() == cells[i].bytes());
  }
}

// Text records come back as they are.
void read_text(std::string_view text) {
  RowDecoder<TextRecordReader> decoder = TextRows{}.decoder("", TimeZone()).value();
  Row row;
  RowFault fault;
  PENSTOCK_CHECK(decoder.decode({.bytes = text, .origin = {}, .arrival = {}}, row, fault));
  std::string written;
  TextRowEncoder().encode(row, written);
  PENSTOCK_CHECK(written == text);
}

}  // namespace
}  // namespace penstock

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  penstock::read_line(penstock::options_of(data[0], data[1]), rest);
  penstock::write_and_read(rest);
  penstock::read_text(rest);
  return 0;
}
