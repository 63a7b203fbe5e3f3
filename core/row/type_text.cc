#include "penstock/core/row/type_text.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

namespace penstock {

namespace {

struct NamedType {
  std::string_view name;
  TypeKind kind;
};

constexpr NamedType kNamedTypes[] = {
    {"void", TypeKind::kNull},
    {"null", TypeKind::kNull},
    {"boolean", TypeKind::kBoolean},
    {"tinyint", TypeKind::kByte},
    {"byte", TypeKind::kByte},
    {"smallint", TypeKind::kShort},
    {"short", TypeKind::kShort},
    {"int", TypeKind::kInt},
    {"integer", TypeKind::kInt},
    {"bigint", TypeKind::kLong},
    {"long", TypeKind::kLong},
    {"float", TypeKind::kFloat},
    {"real", TypeKind::kFloat},
    {"double", TypeKind::kDouble},
    {"string", TypeKind::kString},
    {"binary", TypeKind::kBinary},
    {"date", TypeKind::kDate},
    {"timestamp", TypeKind::kTimestamp},
    {"timestamp_ltz", TypeKind::kTimestamp},
    {"timestamp_ntz", TypeKind::kTimestampNtz},
};

constexpr std::string_view kIntervalFields[] = {"year", "month", "day", "hour", "minute", "second"};

bool is_word(char c) noexcept {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Reads from the left; the first fault is kept in `fault` with its place, and everything then gives up.
class TypeReader {
 public:
  explicit TypeReader(std::string_view text) : text_(text) {}

  bool type(DataType& out, int depth) {
    if (depth > kTypeDepthMax)
      return fail("types are nested deeper than " + std::to_string(kTypeDepthMax));
    const std::size_t start = skip_blanks();
    const std::string_view name = word();
    if (name.empty()) return fail("a type is expected here, such as INT or ARRAY<STRING>");
    for (const NamedType& known : kNamedTypes) {
      if (!same_name(name, known.name)) continue;
      out = known.kind;
      return true;
    }
    if (same_name(name, "array")) return array(out, depth);
    if (same_name(name, "map")) return map(out, depth);
    if (same_name(name, "struct")) return structure(out, depth);
    if (same_name(name, "interval")) return interval(out);
    if (same_name(name, "decimal") || same_name(name, "dec") || same_name(name, "numeric"))
      return decimal(out);
    if (same_name(name, "char") || same_name(name, "character") || same_name(name, "varchar"))
      return text_of_length(out);
    at_ = start;
    return fail(
        "'" + std::string(name.substr(0, 60)) +
        "' is not a type; types are BOOLEAN, TINYINT, SMALLINT, INT, BIGINT, FLOAT, DOUBLE, "
        "DECIMAL(p,s), STRING, BINARY, DATE, TIMESTAMP, TIMESTAMP_NTZ, INTERVAL, ARRAY<>, "
        "MAP<,>, STRUCT<>");
  }

  // Up to the end of the text, or to a '>' of a struct.
  bool fields(std::vector<Field>& out, int depth, bool nested) {
    skip_blanks();
    if (nested ? peek() == '>' : at_ == text_.size()) return true;
    do {
      Field field;
      if (!field_of(field, depth)) return false;
      out.push_back(std::move(field));
    } while (take(','));
    return true;
  }

  bool end() {
    skip_blanks();
    return at_ == text_.size() || fail("the end of the text is expected here");
  }
  bool looks_like_struct() {
    const std::size_t start = skip_blanks();
    const bool found = same_name(word(), "struct") && take('<');
    at_ = start;
    return found;
  }

  std::size_t used() const noexcept { return at_; }
  Status error() const {
    const std::string_view before = text_.substr(0, at_);
    const std::size_t line =
        static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    const std::size_t line_start = before.rfind('\n') + 1;  // 0 when there is none.
    std::string_view rest = text_.substr(at_, 20);
    return Status::invalid_argument(
        "type text, line " + std::to_string(line + 1) + ", column " +
        std::to_string(at_ - line_start + 1) +
        (rest.empty() ? std::string(", at the end") : ", at '" + std::string(rest) + "'") + ": " +
        fault_);
  }
  bool fail(std::string fault) {
    if (fault_.empty()) fault_ = std::move(fault);
    return false;
  }

 private:
  std::size_t skip_blanks() noexcept {
    while (at_ < text_.size() && (text_[at_] == ' ' || (text_[at_] >= '\t' && text_[at_] <= '\r')))
      ++at_;
    return at_;
  }
  char peek() noexcept { return skip_blanks() < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) noexcept {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  bool expect(char c) { return take(c) || fail(std::string("'") + c + "' is expected here"); }
  std::string_view word() noexcept {
    const std::size_t start = skip_blanks();
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }
  // The word, when it is the next one.
  bool take_word(std::string_view wanted) noexcept {
    const std::size_t start = skip_blanks();
    if (same_name(word(), wanted)) return true;
    at_ = start;
    return false;
  }

  bool number(int max, int& out) {
    const std::size_t start = skip_blanks();
    const std::string_view digits = word();
    const auto end = digits.data() + digits.size();
    if (digits.empty() || std::from_chars(digits.data(), end, out).ptr != end || out > max) {
      at_ = start;
      return fail("a number from 0 to " + std::to_string(max) + " is expected here");
    }
    return true;
  }

  bool decimal(DataType& out) {
    int precision = 10;
    int scale = 0;
    const std::size_t start = at_;
    if (take('(')) {
      if (!number(DataType::kPrecisionMax, precision)) return false;
      if (take(',') && !number(DataType::kPrecisionMax, scale)) return false;
      if (!expect(')')) return false;
    }
    if (precision < 1 || scale > precision) {
      at_ = start;
      return fail("the precision of a decimal is 1 to 38, and its scale is at most the precision");
    }
    out = DataType::decimal(precision, scale);
    return true;
  }

  // Lengths are not enforced: CHAR(n) and VARCHAR(n) are read and taken as STRING.
  bool text_of_length(DataType& out) {
    int length = 0;
    out = TypeKind::kString;
    return expect('(') && number(1'000'000'000, length) && expect(')');
  }

  bool interval(DataType& out) {
    out = TypeKind::kCalendarInterval;
    const std::size_t start = skip_blanks();
    const int first = interval_field();
    if (first < 0) return true;
    int last = first;
    if (take_word("to")) last = interval_field();
    const bool one_family = (first <= 1) == (last <= 1);
    if (last < first || !one_family) {
      at_ = start;
      return fail(
          "an interval is YEAR TO MONTH, or from one of DAY, HOUR, MINUTE, SECOND to a smaller "
          "one");
    }
    out = DataType::interval(static_cast<IntervalField>(first), static_cast<IntervalField>(last));
    return true;
  }
  int interval_field() noexcept {
    for (int i = 0; i < 6; ++i)
      if (take_word(kIntervalFields[i])) return i;
    return -1;
  }

  bool array(DataType& out, int depth) {
    DataType element;
    if (!expect('<') || !type(element, depth + 1)) return false;
    bool nullable = true;
    if (!not_null(nullable) || !expect('>')) return false;
    out = DataType::array(std::move(element), nullable);
    return true;
  }
  bool map(DataType& out, int depth) {
    DataType key;
    DataType value;
    if (!expect('<') || !type(key, depth + 1) || !expect(',') || !type(value, depth + 1))
      return false;
    bool nullable = true;
    if (!not_null(nullable) || !expect('>')) return false;
    out = DataType::map(std::move(key), std::move(value), nullable);
    return true;
  }
  bool structure(DataType& out, int depth) {
    std::vector<Field> members;
    if (!expect('<') || !fields(members, depth + 1, true) || !expect('>')) return false;
    out = DataType::structure(std::move(members));
    return true;
  }

  bool not_null(bool& nullable) {
    if (!take_word("not")) return true;
    nullable = false;
    return take_word("null") || fail("NULL is expected after NOT");
  }

  bool field_of(Field& field, int depth) {
    if (!field_name(field.name)) return false;
    take(':');
    if (!type(field.type, depth) || !not_null(field.nullable)) return false;
    return !take_word("comment") || comment();
  }
  bool field_name(std::string& name) {
    if (peek() != '`') {
      name = word();
      return !name.empty() || fail("the name of a column is expected here");
    }
    const std::size_t start = at_++;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c != '`') {
        name += c;
      } else if (at_ < text_.size() && text_[at_] == '`') {
        name += text_[at_++];
      } else {
        return !name.empty() || fail("a name between backquotes is empty");
      }
    }
    at_ = start;
    return fail("this backquote is not closed");
  }
  bool comment() {
    const char quote = peek();
    const std::size_t start = at_;
    if (quote != '\'' && quote != '"') return fail("a quoted text is expected after COMMENT");
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == quote) {
        ++at_;
        return true;
      }
    }
    at_ = start;
    return fail("this quote is not closed");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string fault_;
};

Status check_length(std::string_view text) {
  if (text.size() <= kTypeTextBytesMax) return {};
  return Status::invalid_argument("type text: " + std::to_string(text.size()) + " bytes; at most " +
                                  std::to_string(kTypeTextBytesMax) + " are read");
}

}  // namespace

Result<DataType> parse_type(std::string_view text) {
  PENSTOCK_RETURN_IF_ERROR(check_length(text));
  TypeReader reader(text);
  DataType type;
  if (!reader.type(type, 0) || !reader.end()) return reader.error();
  return type;
}

Result<Schema> parse_schema(std::string_view text) {
  PENSTOCK_RETURN_IF_ERROR(check_length(text));
  TypeReader reader(text);
  if (reader.looks_like_struct()) {
    DataType type;
    if (!reader.type(type, 0) || !reader.end()) return reader.error();
    return Schema(std::vector<Field>(type.fields().begin(), type.fields().end()));
  }
  std::vector<Field> fields;
  if (!reader.fields(fields, 0, false) || !reader.end()) return reader.error();
  return Schema(std::move(fields));
}

Result<DataType> parse_type_prefix(std::string_view text, std::size_t& used) {
  PENSTOCK_RETURN_IF_ERROR(check_length(text));
  TypeReader reader(text);
  DataType type;
  if (!reader.type(type, 0)) return reader.error();
  used = reader.used();
  return type;
}

}  // namespace penstock
