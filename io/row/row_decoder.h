// io/row/row_decoder.h -- records of bytes to rows, by a reader of some format.
//
// Ownership   A row lives until the next is decoded; its texts may point into the record.
// Threads     One object per thread; a copy has working memory of its own and shares the reader.
// Cost        No allocation once the arena has grown to what the records need.
// Errors      What the reader's mode calls bad is a record that could not be decoded: the policy of the source decides.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/core/row/csv_row.h"
#include "penstock/core/row/json_row.h"
#include "penstock/core/row/row.h"
#include "penstock/core/stream/row_record.h"

namespace penstock {

struct RowFault {
  std::string why;
  std::string message() const { return why; }
};

// A Reader has `bool read(bytes, Arena&, string_view& row, std::string& fault, const RowProjection&) const`,
// `bool passes_over(const RawRecord&) const noexcept`, `const Schema& schema() const noexcept` and
// `RowProjection projection(const std::vector<bool>& wanted) const`: what it decodes where nobody asks for more. One
// whose records may go over several lines has `std::optional<QuotedLines> quoted_lines() const`.
template <class Reader>
class RowDecoder {
 public:
  using Value = Row;
  using Error = RowFault;

  RowDecoder() = default;  // Of a plan that is refused: has no columns and is never asked.
  explicit RowDecoder(Reader reader)
      : reader_(std::make_shared<const Reader>(std::move(reader))),
        projection_(std::make_shared<RowProjection>()) {}
  // A copy decodes into an arena of its own.
  RowDecoder(const RowDecoder& other) : reader_(other.reader_), projection_(other.projection_) {}
  RowDecoder& operator=(const RowDecoder& other) { return *this = RowDecoder(other); }
  RowDecoder(RowDecoder&&) noexcept = default;
  RowDecoder& operator=(RowDecoder&&) noexcept = default;
  ~RowDecoder() = default;

  Schema schema() const { return reader_ == nullptr ? Schema() : reader_->schema(); }
  // Of these columns at least; before the job runs, and for all copies.
  void narrow(const std::vector<bool>& wanted) const {
    if (reader_ != nullptr) *projection_ = reader_->projection(wanted);
  }
  std::optional<QuotedLines> quoted_lines() const {
    if constexpr (requires { reader_->quoted_lines(); })
      return reader_ == nullptr ? std::nullopt : reader_->quoted_lines();
    return std::nullopt;
  }
  bool passes_over(const RawRecord& raw) const noexcept { return reader_->passes_over(raw); }
  [[nodiscard]] bool decode(const RawRecord& raw, Row& out, RowFault& error) noexcept {
    arena_.reset();
    return reader_->read(raw.bytes, arena_, out.bytes, error.why, *projection_);
  }

 private:
  std::shared_ptr<const Reader> reader_;
  std::shared_ptr<RowProjection> projection_;
  Arena arena_;
};

class CsvRecordReader {
 public:
  explicit CsvRecordReader(CsvRowReader reader) : reader_(std::move(reader)) {}

  const Schema& schema() const noexcept { return reader_.schema(); }
  // With a header also what is at the beginning of its file.
  bool passes_over(const RawRecord& raw) const noexcept {
    return (reader_.options().header && raw.origin.offset == 0) || reader_.passes_over(raw.bytes);
  }
  std::optional<QuotedLines> quoted_lines() const { return reader_.options().quoted_lines(); }
  // All columns with the corrupt one, and with `columnPruning` off.
  RowProjection projection(const std::vector<bool>& wanted) const;
  bool read(std::string_view line, Arena& arena, std::string_view& row, std::string& fault,
            const RowProjection& projection) const {
    return reader_.read(line, arena, row, fault, projection);
  }

 private:
  CsvRowReader reader_;
};

class JsonRecordReader {
 public:
  JsonRecordReader(Schema schema, JsonRowReader reader)
      : schema_(std::move(schema)), reader_(std::move(reader)) {}

  const Schema& schema() const noexcept { return schema_; }
  // Blank lines.
  bool passes_over(const RawRecord& raw) const noexcept;
  // All columns where the corrupt one is the only one.
  RowProjection projection(const std::vector<bool>& wanted) const;
  bool read(std::string_view json, Arena& arena, std::string_view& row, std::string& fault,
            const RowProjection& projection) const;

 private:
  Schema schema_;
  JsonRowReader reader_;
};

// The record is the row's only column.
class TextRecordReader {
 public:
  explicit TextRecordReader(std::string column);

  const Schema& schema() const noexcept { return schema_; }
  bool passes_over(const RawRecord&) const noexcept { return false; }
  RowProjection projection(const std::vector<bool>&) const { return {}; }
  bool read(std::string_view text, Arena& arena, std::string_view& row, std::string& fault,
            const RowProjection&) const;

 private:
  Schema schema_;
  RowWriter writer_;
};

}  // namespace penstock
