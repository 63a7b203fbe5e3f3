// Any bytes as a file of CSV whose quotes may hold line ends, under options that the first bytes choose: cut into
// records in blocks as at once, without a byte lost, and not where CsvLine says that a quote is open; rows that are
// written come back.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/check.h"
#include "penstock/core/row/csv_text.h"
#include "penstock/core/row/type_text.h"
#include "penstock/io/file/line_splitter.h"
#include "penstock/tests/core/row/csv_records.h"

namespace penstock {
namespace {

CsvOptions options_of(std::uint8_t first) {
  static constexpr std::string_view kSeparators[] = {",", "||", " ", "|-|"};
  static constexpr char kEscapes[] = {'\\', '"', '\0', '\''};
  CsvOptions options;
  options.multi_line = true;
  options.separator = kSeparators[first % 4];
  options.quote = (first & 4U) != 0 ? '"' : '\'';
  options.escape = kEscapes[first / 8 % 4];
  options.comment = (first & 32U) != 0 ? '#' : '\0';
  options.ignore_leading_blanks = (first & 64U) != 0;
  return options;
}

struct Taken {
  std::string text;
  std::uint64_t offset = 0;
  bool cut = false;
  bool operator==(const Taken&) const = default;
};

std::vector<Taken> records_of(std::string_view text, const CsvOptions& options, std::size_t block,
                              std::size_t line_bytes_max) {
  LineSplitter splitter(line_bytes_max);
  splitter.quote(options.quoted_lines());
  std::array<RawRecord, 3> batch;
  std::vector<Taken> all;
  const auto keep = [&](const RawRecord& record) {
    all.push_back({std::string(record.bytes), record.origin.offset, record.cut_from_bytes > 0});
    if (record.cut_from_bytes > 0) PENSTOCK_CHECK(!splitter.why_cut(record).empty());
  };
  while (!text.empty()) {
    const std::size_t size = std::min(block, text.size());
    std::memcpy(splitter.writable(size).data(), text.data(), size);
    splitter.written(size);
    text.remove_prefix(size);
    while (const std::size_t count = splitter.take(batch, Instant{}))
      std::for_each_n(batch.begin(), count, keep);
  }
  if (splitter.take_rest(batch[0], Instant{})) keep(batch[0]);
  return all;
}

void cut_in_blocks(std::string_view text, const CsvOptions& options, std::size_t block,
                   std::size_t line_bytes_max) {
  const std::vector<Taken> whole = records_of(text, options, text.size(), line_bytes_max);
  PENSTOCK_CHECK(records_of(text, options, block, line_bytes_max) == whole);
  std::size_t next = 0;
  for (const Taken& record : whole) {
    PENSTOCK_CHECK(record.offset == next);
    PENSTOCK_CHECK(text.substr(next, record.text.size()) == record.text);
    next += record.text.size();
    if (record.cut) next = std::min(text.find('\n', next + 1), text.size());
    PENSTOCK_CHECK(next == text.size() || text[next] == '\n');
    ++next;
  }
}

void cut_as_csv_line_does(std::string_view text, const CsvOptions& options) {
  const std::vector<std::string> expected = test::naive_csv_records(text, options);
  const std::vector<Taken> records = records_of(text, options, text.size(), text.size());
  PENSTOCK_CHECK(records.size() == expected.size());
  for (std::size_t i = 0; i < records.size(); ++i) PENSTOCK_CHECK(records[i].text == expected[i]);
}

// Two rows of one file, by Spark's defaults, but for the blanks.
void write_and_read(std::string_view text, std::size_t block) {
  static const Schema kSchema = parse_schema("a STRING, b STRING").value();
  CsvOptions options;
  options.multi_line = true;
  options.ignore_leading_blanks = options.ignore_trailing_blanks = false;
  const std::string_view first = text.substr(0, text.size() / 2);
  const std::string_view second = text.substr(text.size() / 2);
  const Cell cells[] = {Cell::of_bytes(first), Cell::of_bytes(second)};
  Arena arena;
  const std::string_view row = RowWriter(kSchema).write(cells, arena);
  const CsvRowWriter writer = CsvRowWriter::make(kSchema, options).value();
  std::string file;
  for (int i = 0; i < 2; ++i) {
    writer.write(row, file);
    file += '\n';
  }
  const std::vector<Taken> records = records_of(file, options, block, file.size());
  PENSTOCK_CHECK(records.size() == 2);
  for (const Taken& record : records) {
    const std::vector<std::string> values = test::csv_values(record.text, options);
    PENSTOCK_CHECK(values.size() == 2 && values[0] == first && values[1] == second);
  }
}

}  // namespace
}  // namespace penstock

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kNaiveBytesMax = 256;  // It takes the square of that.
  if (size < 4) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 3, size - 3);
  const penstock::CsvOptions options = penstock::options_of(data[0]);
  const std::size_t block = 1U + data[1];
  penstock::cut_in_blocks(text, options, block, 1U + data[2] % 64U);
  penstock::cut_in_blocks(text, options, block, text.size());
  if (text.size() <= kNaiveBytesMax) penstock::cut_as_csv_line_does(text, options);
  penstock::write_and_read(text, block);
  return 0;
}
