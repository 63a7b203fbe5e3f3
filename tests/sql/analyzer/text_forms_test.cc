// Calls that read columns in place and have short ways give what the long ones give: for every length, with characters
// of several bytes anywhere, behind nulls, and while the arena grows.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "penstock/core/row/row.h"
#include "penstock/core/row/type_text.h"
#include "penstock/sql/analyzer/analyzer.h"

namespace penstock::sql {
namespace {

constexpr std::size_t kLengthMax = 70;

Schema columns() { return *parse_schema("s STRING, r STRING, t TIMESTAMP"); }

// Of so many letters; one of them of two bytes where `wide` is below `length`.
std::string letters(std::size_t length, std::size_t wide) {
  std::string text;
  for (std::size_t i = 0; i < length; ++i) {
    if (i == wide) {
      text += "ä";
    } else {
      text += static_cast<char>("@AZ[`az{"[i % 8]);
    }
  }
  return text;
}

std::string row(const Schema& schema, const Cell& s, const Cell& r, const Cell& t) {
  Arena arena;
  return std::string(RowWriter(schema).write(std::vector<Cell>{s, r, t}, arena));
}

// The text over all rows, $x being columns, or behind calls that hide that they are.
std::vector<std::string> values(std::string text, bool hidden,
                                const std::vector<std::string>& rows) {
  for (std::size_t at = 0; (at = text.find('$', at)) != std::string::npos;) {
    const std::string name = text.substr(at + 1, 1);
    text.replace(at, 2, hidden ? "array(" + name + ")[0]" : name);
  }
  const Schema schema = columns();
  Result<expression::Program> program = compile(text, schema);
  if (!program.ok()) return {program.status().to_string()};
  expression::Evaluator evaluator(*program);
  std::vector<std::string> all;
  for (const std::string& one : rows) {
    const Cell& cell = evaluator.evaluate(RowView(one, schema));
    all.push_back(cell.null ? "null" : "=" + std::string(cell.bytes()));
  }
  return all;
}

std::vector<std::string> text_rows() {
  const Schema schema = columns();
  std::vector<std::string> rows;
  const Cell time = Cell::of_number(0);
  for (std::size_t length = 0; length <= kLengthMax; ++length) {
    for (std::size_t wide = 0; wide <= length; ++wide) {
      const std::string s = letters(length, wide);
      const std::string r = letters((length * 7 + wide) % 40, kLengthMax);
      rows.push_back(row(schema, Cell::of_bytes(s), Cell::of_bytes(r), time));
      if (wide % 8 == 3) rows.push_back(row(schema, Cell::of_null(), Cell::of_bytes(r), time));
      if (wide % 8 == 5) rows.push_back(row(schema, Cell::of_bytes(s), Cell::of_null(), time));
    }
  }
  return rows;
}

TEST(TextForms, ColumnsInPlaceGiveWhatRegistersGive) {
  const std::vector<std::string> rows = text_rows();
  for (const char* text :
       {"upper($s)", "lower($s)", "concat(upper($s), lower($r))", "trim($s)", "$s || $r",
        "concat($s, '', 'a', $r, '12345678', $s)", "concat('123456789', $s, '-')",
        "concat($r, null)", "concat($r, nullif($s, $s))",
        "concat(upper(substring($s, 1, 8)), '-', $r, '-', substring($s, 10))"}) {
    const std::vector<std::string> wanted = values(text, true, rows);
    ASSERT_EQ(wanted.size(), rows.size()) << wanted[0];
    ASSERT_EQ(values(text, false, rows), wanted) << text;
  }
}

TEST(TextForms, PartsOfTextsAreThoseOfTheirCharacters) {
  const std::vector<std::string> rows = text_rows();
  for (const char* from : {"0", "1", "2", "8", "9", "10", "17", "60", "2147483647"}) {
    for (const char* count : {"-1", "0", "1", "7", "8", "9", "16", "2147483647"}) {
      const std::string place = std::string(", ") + from;
      const std::string known = "substring($s" + place + ", " + count + ")";
      // What the places come to only while it runs.
      const std::string open =
          "substring($s" + place + " + length($r) - length($r), " + count + ")";
      std::vector<std::string> wanted = values(open, true, rows);
      ASSERT_EQ(wanted.size(), rows.size()) << wanted[0];
      // There a null of the other column is a null.
      std::vector<std::string> got = values(known, false, rows);
      for (std::size_t i = 0; i < got.size(); ++i) {
        if (RowView(rows[i], columns()).is_null(1)) continue;
        ASSERT_EQ(got[i], wanted[i]) << known << " of row " << i;
      }
    }
  }
}

TEST(TextForms, CaseIsChangedByteForByteOnlyInAscii) {
  const Schema schema = columns();
  for (std::size_t length = 0; length <= kLengthMax; ++length) {
    for (std::size_t wide = 0; wide <= length; ++wide) {
      const std::string text = letters(length, wide);
      std::string upper;
      for (std::size_t i = 0; i < length; ++i)
        upper += i == wide ? "Ä" : std::string(1, "@AZ[`AZ{"[i % 8]);
      const std::string one =
          row(schema, Cell::of_bytes(text), Cell::of_null(), Cell::of_number(0));
      ASSERT_EQ(values("upper($s)", false, {one})[0], "=" + upper);
    }
  }
}

}  // namespace
}  // namespace penstock::sql
