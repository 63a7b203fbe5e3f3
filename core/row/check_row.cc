#include <string>

#include "penstock/core/row/decimal128.h"
#include "penstock/core/row/row.h"
#include "penstock/core/row/value_text.h"

namespace penstock {

namespace {

using internal::bitmap_bytes;
using internal::kArrayHeaderBytes;
using internal::kCellBytes;
using internal::round_to_cell;

// Walks the bytes of one value after the other. The first fault ends it; `place` then says where it was.
class RowChecker {
 public:
  Status check(std::string_view bytes, const Schema& schema) {
    check_struct(bytes, schema.fields());
    if (fault_.empty()) return {};
    return Status::data_error("row" + place_ + ": " + fault_ +
                              "; the bytes are damaged or of another schema");
  }

 private:
  bool fail(std::string fault) {
    fault_ = std::move(fault);
    return false;
  }
  bool fail_below(const std::string& name) {
    place_ = '.' + name + place_;
    return false;
  }

  bool check_struct(std::string_view bytes, std::span<const Field> fields) {
    const std::size_t head = bitmap_bytes(fields.size()) + fields.size() * kCellBytes;
    if (bytes.size() < head)
      return fail(std::to_string(bytes.size()) + " bytes where the fields alone take " +
                  std::to_string(head));
    if (!check_bitmap(bytes.substr(0, bitmap_bytes(fields.size())), fields.size())) return false;
    std::size_t tail = head;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const std::string_view cell =
          bytes.substr(bitmap_bytes(fields.size()) + i * kCellBytes, kCellBytes);
      const bool null = internal::test_bit(bytes.data(), i);
      if (!check_cell(bytes, cell, null, fields[i].type, tail)) return fail_below(fields[i].name);
    }
    return check_end(bytes, tail);
  }

  bool check_array(std::string_view bytes, const DataType& element, bool nullable = true) {
    std::uint32_t header[2];
    if (bytes.size() < sizeof header) return fail("an array without its header");
    std::memcpy(header, bytes.data(), sizeof header);
    const std::size_t count = header[0];
    if (header[1] != 0) return fail("the padding of an array's header is not 0");
    if (count > (bytes.size() - kArrayHeaderBytes) / kCellBytes)
      return fail("an array of " + std::to_string(count) + " elements in " +
                  std::to_string(bytes.size()) + " bytes");
    const std::size_t cells = kArrayHeaderBytes + bitmap_bytes(count);
    std::size_t tail = cells + count * kCellBytes;
    if (bytes.size() < tail) return fail("an array that ends within its elements");
    if (!check_bitmap(bytes.substr(kArrayHeaderBytes, bitmap_bytes(count)), count)) return false;
    for (std::size_t i = 0; i < count; ++i) {
      const bool null = internal::test_bit(bytes.data() + kArrayHeaderBytes, i);
      if (null && !nullable) return fail("a map with a null key");
      if (!check_cell(bytes, bytes.substr(cells + i * kCellBytes, kCellBytes), null, element, tail))
        return fail_below('[' + std::to_string(i) + ']');
    }
    return check_end(bytes, tail);
  }

  bool check_map(std::string_view bytes, const DataType& type) {
    std::uint64_t keys_bytes;
    if (bytes.size() < sizeof keys_bytes) return fail("a map without its header");
    std::memcpy(&keys_bytes, bytes.data(), sizeof keys_bytes);
    const std::string_view rest = bytes.substr(sizeof keys_bytes);
    if (keys_bytes > rest.size() || keys_bytes % kCellBytes != 0)
      return fail("a map whose keys do not end inside of it");
    const std::string_view values = rest.substr(keys_bytes);
    if (!check_array(rest.substr(0, keys_bytes), type.key(), false)) return fail_below("keys");
    if (!check_array(values, type.value())) return fail_below("values");
    if (ArrayView(rest).size() != ArrayView(values).size())
      return fail("a map with more keys than values, or fewer");
    return true;
  }

  bool check_bitmap(std::string_view bitmap, std::size_t count) {
    for (std::size_t i = count; i < bitmap.size() * 8; ++i)
      if (internal::test_bit(bitmap.data(), i)) return fail("bits of nulls behind the last field");
    return true;
  }

  // Values stand in the tail in the order of their cells, without gaps.
  bool check_cell(std::string_view bytes, std::string_view cell, bool null, const DataType& type,
                  std::size_t& tail) {
    std::uint64_t word;
    std::memcpy(&word, cell.data(), sizeof word);
    if (null) return word == 0 || fail("a null whose cell is not 0");
    if (cell_form(type) == CellForm::kInline)
      return check_inline(static_cast<std::int64_t>(word), type);
    const std::size_t offset = word & UINT32_MAX;
    const std::size_t size = word >> 32;
    if (offset != tail || size > bytes.size() - tail || round_to_cell(size) > bytes.size() - tail) {
      return fail("a value at " + std::to_string(offset) + " of " + std::to_string(size) +
                  " bytes, in " + std::to_string(bytes.size()) + " bytes");
    }
    for (std::size_t i = offset + size; i < offset + round_to_cell(size); ++i)
      if (bytes[i] != 0) return fail("padding that is not 0");
    tail += round_to_cell(size);
    return check_value(bytes.substr(offset, size), type);
  }

  bool check_inline(std::int64_t number, const DataType& type) {
    bool good = true;
    switch (type.kind()) {
      case TypeKind::kNull:
        return fail("a value of type void that is not null");
      case TypeKind::kBoolean:
        good = number == 0 || number == 1;
        break;
      case TypeKind::kByte:
      case TypeKind::kShort:
      case TypeKind::kInt:
        good = number >= integer_min(type.kind()) && number <= integer_max(type.kind());
        break;
      case TypeKind::kDate:
      case TypeKind::kYearMonthInterval:
        good = number >= INT32_MIN && number <= INT32_MAX;
        break;
      case TypeKind::kFloat:
        good = static_cast<std::uint64_t>(number) <= UINT32_MAX;
        break;
      case TypeKind::kDecimal:
        good = fits_precision(number, type.precision());
        break;
      default:
        break;
    }
    return good || fail(std::to_string(number) + " is no " + type.to_string());
  }

  bool check_value(std::string_view bytes, const DataType& type) {
    switch (type.kind()) {
      case TypeKind::kArray:
        return check_array(bytes, type.element());
      case TypeKind::kMap:
        return check_map(bytes, type);
      case TypeKind::kStruct:
        return check_struct(bytes, type.fields());
      case TypeKind::kCalendarInterval:
        return bytes.size() == sizeof(CalendarInterval) || fail("an interval not of 16 bytes");
      case TypeKind::kDecimal:
        if (bytes.size() != sizeof(Int128)) return fail("a decimal not of 16 bytes");
        return fits_precision(Cell::of_bytes(bytes).wide(), type.precision()) ||
               fail("a decimal with more digits than " + type.to_string());
      default:
        return true;
    }
  }

  bool check_end(std::string_view bytes, std::size_t tail) {
    return tail == bytes.size() ||
           fail(std::to_string(bytes.size() - tail) + " bytes behind the last value");
  }

  std::string place_;
  std::string fault_;
};

}  // namespace

Status check_row(std::string_view bytes, const Schema& schema) {
  return RowChecker().check(bytes, schema);
}

}  // namespace penstock
