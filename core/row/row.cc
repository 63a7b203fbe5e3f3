#include "penstock/core/row/row.h"

#include "penstock/core/base/check.h"

namespace penstock {

namespace {

using internal::bitmap_bytes;
using internal::kArrayHeaderBytes;
using internal::kCellBytes;
using internal::round_to_cell;

std::size_t tail_bytes(const Cell& cell, CellForm form) noexcept {
  return form == CellForm::kBytes && !cell.null ? round_to_cell(cell.size) : 0;
}

// Writes cells and tail of one struct or array; `base` is what offsets count from.
class CellsWriter {
 public:
  CellsWriter(char* base, char* bitmap, std::size_t count) noexcept
      : base_(base), bitmap_(bitmap), cells_(bitmap + bitmap_bytes(count)) {
    if (count > 0) std::memset(bitmap, 0, bitmap_bytes(count));
    tail_ = cells_ + count * kCellBytes;
  }

  void put(std::size_t i, const Cell& cell, CellForm form) noexcept {
    char* at = cells_ + i * kCellBytes;
    if (cell.null) {
      bitmap_[i / 8] = static_cast<char>(bitmap_[i / 8] | 1 << (i % 8));
      std::memset(at, 0, kCellBytes);
    } else if (form == CellForm::kInline) {
      std::memcpy(at, &cell.number, kCellBytes);
    } else {
      put_bytes(at, cell.bytes());
    }
  }

  std::size_t written() const noexcept { return static_cast<std::size_t>(tail_ - base_); }

 private:
  void put_bytes(char* at, std::string_view bytes) noexcept {
    const std::uint32_t place[2] = {static_cast<std::uint32_t>(tail_ - base_),
                                    static_cast<std::uint32_t>(bytes.size())};
    std::memcpy(at, place, sizeof place);
    if (bytes.empty()) return;
    const std::size_t rounded = round_to_cell(bytes.size());
    std::memset(tail_ + rounded - kCellBytes, 0, kCellBytes);
    std::memcpy(tail_, bytes.data(), bytes.size());
    tail_ += rounded;
  }

  char* base_;
  char* bitmap_;
  char* cells_;
  char* tail_;
};

}  // namespace

std::size_t struct_bytes(std::span<const Cell> cells, std::span<const CellForm> forms) noexcept {
  std::size_t bytes = bitmap_bytes(cells.size()) + cells.size() * kCellBytes;
  for (std::size_t i = 0; i < cells.size(); ++i) bytes += tail_bytes(cells[i], forms[i]);
  return bytes;
}

std::size_t write_struct(std::span<const Cell> cells, std::span<const CellForm> forms,
                         char* to) noexcept {
  CellsWriter writer(to, to, cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) writer.put(i, cells[i], forms[i]);
  return writer.written();
}

std::size_t array_bytes(std::span<const Cell> cells, CellForm form) noexcept {
  std::size_t bytes = kArrayHeaderBytes + bitmap_bytes(cells.size()) + cells.size() * kCellBytes;
  for (const Cell& cell : cells) bytes += tail_bytes(cell, form);
  return bytes;
}

std::size_t write_array(std::span<const Cell> cells, CellForm form, char* to) noexcept {
  const std::uint32_t header[2] = {static_cast<std::uint32_t>(cells.size()), 0};
  std::memcpy(to, header, sizeof header);
  CellsWriter writer(to, to + kArrayHeaderBytes, cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) writer.put(i, cells[i], form);
  return writer.written();
}

Cell make_struct(std::span<const Cell> cells, std::span<const CellForm> forms,
                 Arena& arena) noexcept {
  char* to = arena.allocate(struct_bytes(cells, forms));
  return Cell::of_bytes({to, write_struct(cells, forms, to)});
}

Cell make_array(std::span<const Cell> cells, CellForm form, Arena& arena) noexcept {
  char* to = arena.allocate(array_bytes(cells, form));
  return Cell::of_bytes({to, write_array(cells, form, to)});
}

Cell make_map(std::span<const Cell> keys, CellForm key_form, std::span<const Cell> values,
              CellForm value_form, Arena& arena) noexcept {
  PENSTOCK_CHECK(keys.size() == values.size());
  const std::uint64_t keys_bytes = array_bytes(keys, key_form);
  char* to = arena.allocate(sizeof keys_bytes + keys_bytes + array_bytes(values, value_form));
  std::memcpy(to, &keys_bytes, sizeof keys_bytes);
  char* values_at = to + sizeof keys_bytes + keys_bytes;
  write_array(keys, key_form, to + sizeof keys_bytes);
  const std::size_t values_bytes = write_array(values, value_form, values_at);
  return Cell::of_bytes({to, sizeof keys_bytes + keys_bytes + values_bytes});
}

Cell make_map(const Cell& keys_array, const Cell& values_array, Arena& arena) noexcept {
  const std::uint64_t keys_bytes = keys_array.size;
  const std::size_t bytes = sizeof keys_bytes + keys_bytes + values_array.size;
  char* to = arena.allocate(bytes);
  std::memcpy(to, &keys_bytes, sizeof keys_bytes);
  std::memcpy(to + sizeof keys_bytes, keys_array.data, keys_array.size);
  std::memcpy(to + sizeof keys_bytes + keys_bytes, values_array.data, values_array.size);
  return Cell::of_bytes({to, bytes});
}

std::vector<CellForm> field_forms(std::span<const Field> fields) {
  std::vector<CellForm> forms;
  forms.reserve(fields.size());
  for (const Field& field : fields) forms.push_back(cell_form(field.type));
  return forms;
}

}  // namespace penstock
