#include "penstock/core/row/json_row.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "penstock/core/row/cell_list.h"
#include "penstock/core/row/decimal128.h"
#include "penstock/core/row/interval_text.h"
#include "penstock/core/row/json_text.h"
#include "penstock/core/row/value_text.h"

namespace penstock {

namespace {

// What became of one value: kPartly is a struct (or what holds one) that lost a member.
enum class Part : std::uint8_t { kGood, kPartly, kBad, kNoJson };

Part worse(Part a, Part b) noexcept { return std::max(a, b); }

bool parse_named_number(std::string_view text, double& out) noexcept {
  if (text == "NaN") {
    out = std::numeric_limits<double>::quiet_NaN();
    return true;
  }
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text != "INF" && text != "Infinity") return false;
  out =
      negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  return true;
}

Part keep(bool good, Cell value, Cell& out) noexcept {
  if (good) out = value;
  return good ? Part::kGood : Part::kBad;
}

}  // namespace

class JsonRowReader::Decoder {
 public:
  Decoder(const JsonRowReader& owner, std::string_view json, Arena& arena)
      : options_(owner.options_),
        corrupt_(owner.corrupt_),
        reader_(json, owner.options_.syntax),
        arena_(arena) {}

  JsonReader& reader() noexcept { return reader_; }

  // The value of the current token. After kGood, kPartly and kBad the reader stands on the value's last token.
  Part value(const DataType& type, Cell& out) {
    out = Cell::of_null();
    if (reader_.token() == JsonToken::kError || reader_.token() == JsonToken::kEnd)
      return Part::kNoJson;
    if (reader_.token() == JsonToken::kNull) return Part::kGood;
    switch (type.kind()) {
      case TypeKind::kStruct:
        if (reader_.token() == JsonToken::kBeginObject)
          return structure(type.fields(), nullptr, out);
        break;
      case TypeKind::kArray:
        if (reader_.token() == JsonToken::kBeginArray) return array(type.element(), out);
        break;
      case TypeKind::kMap:
        if (reader_.token() == JsonToken::kBeginObject) return map(type, out);
        break;
      case TypeKind::kString:
        return text(out);
      default:
        if (reader_.token() != JsonToken::kBeginObject && reader_.token() != JsonToken::kBeginArray)
          return scalar(type, out);
    }
    return reader_.skip() ? Part::kBad : Part::kNoJson;
  }

  // `projection`: of the fields of a row.
  Part structure(std::span<const Field> fields, const RowProjection* projection, Cell& out) {
    Cell* cells = arena_.allocate_array<Cell>(fields.size());
    CellForm* forms = arena_.allocate_array<CellForm>(fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
      cells[i] = Cell::of_null();
      forms[i] = cell_form(fields[i].type);
    }
    Part part = Part::kGood;
    std::size_t expected = 0;  // Members often come in the order of the fields.
    while (reader_.next() != JsonToken::kEndObject) {
      if (reader_.token() != JsonToken::kName) return Part::kNoJson;
      const std::size_t i = find(fields, reader_.text(buffer_), expected);
      reader_.next();
      if (i < fields.size()) expected = i + 1;
      if (i == fields.size() ||
          (projection != nullptr && (corrupt_ == i || !projection->wants(i)))) {
        if (!reader_.skip()) return Part::kNoJson;
        continue;
      }
      const Part member = value(fields[i].type, cells[i]);
      if (member == Part::kNoJson) return member;
      if (member != Part::kGood) part = Part::kPartly;
    }
    out = make_struct({cells, fields.size()}, {forms, fields.size()}, arena_);
    return part;
  }

  Part array(const DataType& element, Cell& out) {
    CellList cells(arena_);
    Part part = Part::kGood;
    while (reader_.next() != JsonToken::kEndArray) {
      Cell cell;
      part = worse(part, value(element, cell));
      if (part == Part::kNoJson) return part;
      cells.push_back(cell);
    }
    if (part != Part::kBad) out = make_array(cells, cell_form(element), arena_);
    return part;
  }

 private:
  static std::size_t find(std::span<const Field> fields, std::string_view name,
                          std::size_t expected) noexcept {
    if (expected < fields.size() && fields[expected].name == name) return expected;
    for (std::size_t i = 0; i < fields.size(); ++i)
      if (fields[i].name == name) return i;
    return fields.size();
  }

  Part map(const DataType& type, Cell& out) {
    CellList keys(arena_);
    CellList values(arena_);
    Part part = Part::kGood;
    while (reader_.next() != JsonToken::kEndObject) {
      if (reader_.token() != JsonToken::kName) return Part::kNoJson;
      const Cell key = name_cell();
      reader_.next();
      Cell cell;
      part = worse(part, value(type.value(), cell));
      if (part == Part::kNoJson) return part;
      keys.push_back(key);
      values.push_back(cell);
    }
    drop_repeated(keys, values);
    if (part != Part::kBad)
      out = make_map(keys, CellForm::kBytes, values, cell_form(type.value()), arena_);
    return part;
  }
  // The last of several values of a key stands, in the place of the first.
  static void drop_repeated(CellList& keys, CellList& values) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      for (std::size_t j = keys.size() - 1; j > i; --j) {
        if (keys[j].bytes() != keys[i].bytes()) continue;
        values[i] = values[j];
        while (j < keys.size() && keys[j].bytes() == keys[i].bytes()) {
          keys.erase(j);
          values.erase(j);
        }
      }
    }
  }

  Cell name_cell() {
    return reader_.has_escapes() ? arena_.copy_cell(reader_.text(buffer_))
                                 : Cell::of_bytes(reader_.raw());
  }

  Part text(Cell& out) {
    if (reader_.token() == JsonToken::kString) {
      out = name_cell();
      return Part::kGood;
    }
    std::string copy;
    if (!append_json_copy(reader_, copy)) return Part::kNoJson;
    out = arena_.copy_cell(copy);
    return Part::kGood;
  }

  Part integer(const DataType& type, Cell& out) {
    std::int64_t number = 0;
    if (reader_.token() != JsonToken::kInteger) return Part::kBad;
    std::int64_t most = integer_max(type.kind());
    if (type.is(TypeKind::kByte)) most = UINT8_MAX;  // Spark reads bytes with or without sign.
    if (!parse_integer(reader_.raw(), integer_min(type.kind()), most, number)) return Part::kBad;
    out = Cell::of_number(type.is(TypeKind::kByte) ? static_cast<std::int8_t>(number) : number);
    return Part::kGood;
  }

  Part real(const DataType& type, Cell& out) {
    double value = 0;
    const JsonToken token = reader_.token();
    bool good = token == JsonToken::kNonNumeric && parse_named_number(reader_.raw(), value);
    if (token == JsonToken::kInteger || token == JsonToken::kFraction)
      good = parse_double(reader_.raw(), value);
    if (token == JsonToken::kString && options_.syntax.non_numeric_numbers)
      good = parse_named_number(reader_.text(buffer_), value);
    if (type.is(TypeKind::kDouble)) return keep(good, Cell::of_real(value), out);
    float single = static_cast<float>(value);
    if (token == JsonToken::kFraction) good = parse_float(reader_.raw(), single);
    return keep(good, Cell::of_single(single), out);
  }

  Part decimal(const DataType& type, Cell& out) {
    Int128 value = 0;
    const JsonToken token = reader_.token();
    if (token != JsonToken::kInteger && token != JsonToken::kFraction &&
        token != JsonToken::kString)
      return Part::kBad;
    if (!parse_decimal(reader_.text(buffer_), type, value)) return Part::kBad;
    out = cell_of_decimal(value, type, arena_);
    return Part::kGood;
  }

  Part time(const DataType& type, Cell& out) {
    std::int64_t number = 0;
    if (reader_.token() == JsonToken::kInteger && type.is(TypeKind::kTimestamp)) {
      const bool good = parse_integer(reader_.raw(), INT64_MIN / kMicrosPerSecond,
                                      INT64_MAX / kMicrosPerSecond, number);
      return keep(good, Cell::of_number(number * kMicrosPerSecond), out);
    }
    if (reader_.token() != JsonToken::kString) return Part::kBad;
    const std::string_view text = reader_.text(buffer_);
    bool good = false;
    if (type.is(TypeKind::kDate)) {
      good = options_.date_format ? options_.date_format->read(text, TimeZone(), number)
                                  : parse_date(text, number);
      if (options_.date_format) number = floor_divide(number, kMicrosPerDay);
    } else if (type.is(TypeKind::kTimestamp)) {
      good = options_.timestamp_format
                 ? options_.timestamp_format->read(text, options_.zone, number)
                 : parse_timestamp(text, options_.zone, number);
    } else {
      good = options_.timestamp_ntz_format
                 ? options_.timestamp_ntz_format->read(text, TimeZone(), number)
                 : parse_timestamp_ntz(text, number);
    }
    return keep(good, Cell::of_number(number), out);
  }

  Part scalar(const DataType& type, Cell& out) {
    const JsonToken token = reader_.token();
    switch (type.kind()) {
      case TypeKind::kBoolean:
        return keep(token == JsonToken::kTrue || token == JsonToken::kFalse,
                    Cell::of_boolean(token == JsonToken::kTrue), out);
      case TypeKind::kFloat:
      case TypeKind::kDouble:
        return real(type, out);
      case TypeKind::kDecimal:
        return decimal(type, out);
      case TypeKind::kDate:
      case TypeKind::kTimestamp:
      case TypeKind::kTimestampNtz:
        return time(type, out);
      case TypeKind::kBinary: {
        std::string bytes;
        if (token != JsonToken::kString || !append_decoded_base64(reader_.text(buffer_), bytes))
          return Part::kBad;
        out = arena_.copy_cell(bytes);
        return Part::kGood;
      }
      case TypeKind::kNull:
        return Part::kBad;
      default:
        break;
    }
    if (type.is_integral()) return integer(type, out);
    if (token != JsonToken::kString) return Part::kBad;
    return cell_of_text(reader_.text(buffer_), type, options_.zone, arena_, out) ? Part::kGood
                                                                                 : Part::kBad;
  }

  const JsonRowOptions& options_;
  const std::optional<std::size_t> corrupt_;
  JsonReader reader_;
  Arena& arena_;
  std::string buffer_;
};

Result<JsonRowReader> JsonRowReader::make(DataType type, JsonRowOptions options) {
  JsonRowReader reader(std::move(type), std::move(options));
  if (!reader.type_.is(TypeKind::kStruct)) return reader;
  const auto fields = reader.type_.fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name != reader.options_.corrupt_column) continue;
    if (!fields[i].type.is(TypeKind::kString)) {
      return Status::invalid_argument(
          "column " + fields[i].name +
          " takes the text of bad records, so it must be a STRING, not " +
          fields[i].type.to_string());
    }
    reader.corrupt_ = i;
  }
  return reader;
}

Cell JsonRowReader::bad_value(std::string_view json, Cell partial, Arena& arena) const {
  if (!type_.is(TypeKind::kStruct)) return partial;
  const auto fields = type_.fields();
  Cell* cells = arena.allocate_array<Cell>(fields.size());
  CellForm* forms = arena.allocate_array<CellForm>(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    forms[i] = cell_form(fields[i].type);
    cells[i] = partial.null ? Cell::of_null() : RowView(partial, fields.size()).cell(i, forms[i]);
  }
  if (corrupt_) cells[*corrupt_] = Cell::of_bytes(json);
  return make_struct({cells, fields.size()}, {forms, fields.size()}, arena);
}

JsonRowReader::Outcome JsonRowReader::read(std::string_view json, Arena& arena, Cell& out,
                                           std::string_view& fault,
                                           const RowProjection& projection) const {
  Decoder decoder(*this, json, arena);
  out = Cell::of_null();
  const JsonToken first = decoder.reader().next();
  if (first == JsonToken::kEnd) return Outcome::kValue;
  Part part = Part::kBad;
  const bool object = first == JsonToken::kBeginObject;
  if (type_.is(TypeKind::kStruct) && object) {
    part = decoder.structure(type_.fields(), &projection, out);
  } else if (type_.is(TypeKind::kArray) && object && type_.element().is(TypeKind::kStruct)) {
    Cell element;
    part = decoder.structure(type_.element().fields(), nullptr, element);
    if (part <= Part::kPartly) out = make_array({&element, 1}, CellForm::kBytes, arena);
  } else if (!type_.is(TypeKind::kStruct)) {
    part = decoder.value(type_, out);
  }
  if (part == Part::kGood) return Outcome::kValue;
  if (part >= Part::kBad) out = Cell::of_null();
  fault = part == Part::kNoJson ? "it is no JSON" : "it does not fit the schema";
  if (options_.mode != BadRecordMode::kPermissive) {
    out = Cell::of_null();
    return Outcome::kBad;
  }
  out = bad_value(json, out, arena);
  return Outcome::kValue;
}

namespace {

struct SyntaxFlag {
  std::string_view name;
  bool JsonSyntax::*flag;
};
constexpr SyntaxFlag kSyntaxFlags[] = {
    {"allowSingleQuotes", &JsonSyntax::single_quotes},
    {"allowComments", &JsonSyntax::comments},
    {"allowUnquotedFieldNames", &JsonSyntax::unquoted_names},
    {"allowNumericLeadingZeros", &JsonSyntax::leading_zeros},
    {"allowBackslashEscapingAnyCharacter", &JsonSyntax::any_escape},
    {"allowUnquotedControlChars", &JsonSyntax::control_characters},
    {"allowNonNumericNumbers", &JsonSyntax::non_numeric_numbers},
};

Status set_option(std::string_view name, std::string_view value, JsonRowOptions& options) {
  const auto is = [name](std::string_view known) { return same_name(name, known); };
  for (const SyntaxFlag& known : kSyntaxFlags) {
    if (is(known.name)) return set_flag(name, value, options.syntax.*known.flag);
  }
  if (is("columnNameOfCorruptRecord")) options.corrupt_column = value;
  if (is("timestampFormat")) return set_reading_pattern(value, options.timestamp_format);
  if (is("timestampNTZFormat")) return set_reading_pattern(value, options.timestamp_ntz_format);
  if (is("dateFormat")) return set_reading_pattern(value, options.date_format);
  if (is("timeZone")) return set_zone(value, options.zone);
  if (is("mode")) return set_mode(name, value, options.mode);
  return {};
}

}  // namespace

Result<JsonRowOptions> JsonRowOptions::of(
    const std::vector<std::pair<std::string, std::string>>& named, const TimeZone& session) {
  return read_options(named, session, &set_option);
}

}  // namespace penstock
