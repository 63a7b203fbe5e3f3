// Operations that read operands in place, look for no nulls, or end in a jump give what general ones give.
#include <gtest/gtest.h>
#include <pthread.h>

#include <cmath>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "penstock/core/row/row.h"
#include "penstock/core/row/type_text.h"
#include "penstock/core/row/value_text.h"
#include "penstock/sql/analyzer/analyzer.h"

namespace penstock::sql {
namespace {

Schema columns() {
  return *parse_schema("x DOUBLE, y DOUBLE, i INT, j INT, f FLOAT, s STRING, r STRING");
}

// Rows of values that are special, and of nulls.
std::vector<std::string> rows(const Schema& schema) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Cell reals[] = {Cell::of_real(0),    Cell::of_real(-0.0),      Cell::of_real(150.5),
                        Cell::of_real(kNan), Cell::of_real(kInfinity), Cell::of_null()};
  const Cell whole[] = {Cell::of_number(0), Cell::of_number(-7), Cell::of_number(INT32_MAX),
                        Cell::of_null()};
  using namespace std::string_view_literals;
  const Cell texts[] = {Cell::of_bytes(""),
                        Cell::of_bytes("US"),
                        Cell::of_bytes("USA"),
                        Cell::of_bytes("US\0"sv),
                        Cell::of_bytes("a text longer than sixteen bytes"),
                        Cell::of_bytes("8 bytes."),
                        Cell::of_null()};
  constexpr std::size_t kTextCount = std::size(texts);
  const RowWriter writer(schema);
  Arena arena;
  std::vector<std::string> all;
  for (std::size_t n = 0; n < 600; ++n) {
    const Cell& y = reals[n / 6 % 6];
    Cell single = y;
    if (!y.null) single = Cell::of_single(static_cast<float>(y.real));
    all.emplace_back(
        writer.write(std::vector<Cell>{reals[n % 6], y, whole[n % 4], whole[n / 7 % 4], single,
                                       texts[n % kTextCount], texts[n / kTextCount % kTextCount]},
                     arena));
  }
  return all;
}

// The text with its columns, $x, as they are, or behind a call that hides that they are columns.
std::string with_columns(std::string text, bool hidden) {
  for (std::size_t at = 0; (at = text.find('$', at)) != std::string::npos;) {
    const std::string name = text.substr(at + 1, 1);
    text.replace(at, 2, hidden ? "array(" + name + ")[0]" : name);
  }
  return text;
}

class Values {
 public:
  Values(const std::string& text, const Schema& schema)
      : program_(*compile(text, schema)), evaluator_(program_), schema_(schema) {}
  std::string of(const std::string& row) {
    const Cell cell = evaluator_.evaluate(RowView(row, schema_));
    if (evaluator_.failed()) return "failed";
    if (cell.null) return "null";
    std::string shown;
    append_text(cell, program_.type(), TimeZone(), shown);
    return shown;
  }
  const expression::Program& program() const { return program_; }

 private:
  expression::Program program_;
  expression::Evaluator evaluator_;
  Schema schema_;
};

constexpr const char* kOperators[] = {"+", "-", "*", "/", "%", "=", "<>", "<", "<=", ">", ">="};
constexpr const char* kOperands[][2] = {{"$x", "$y"},
                                        {"$x", "150.5D"},
                                        {"0D", "$x"},
                                        {"$x", "$y + 1D"},
                                        {"$x + $y", "$x"},
                                        {"$x * 2D", "$y"},
                                        {"$x", "$y * 2D"},
                                        {"$x", "3D * $y"},
                                        {"$i", "$j"},
                                        {"$i", "-7"},
                                        {"0", "$i"},
                                        {"$i", "$j * 2"},
                                        {"$f", "$f"},
                                        {"$f", "float(150.5)"},
                                        {"$x + $y", "$y * $x"},
                                        {"$i", "$x"},
                                        {"$x - 1D", "$y * 0.5D"},
                                        {"$x", "double('NaN')"},
                                        {"$x * $y", "$x + 2D * $y"}};
constexpr const char* kTexts[][2] = {{"$s", "$r"},
                                     {"$s", "'US'"},
                                     {"'US'", "$s"},
                                     {"$s", "'8 bytes.'"},
                                     {"$s", "'9 bytes..'"},
                                     {"$s", "binary('US')"},
                                     {"$s", "'a text longer than sixteen bytez'"},
                                     {"$s", "''"}};
constexpr const char* kFlows[] = {
    "$x > 100 and $s <> 'US'",
    "$x > 100 and $s <> 'US' and $y > 0",
    "$x > 100 or $s <> 'US' or $y > 0",
    "$s = 'US' or $s = 'USA' or $s = '8 bytes.' or $i > 0",
    "$s <> 'US' and $i <> 0 and $x = $y and $s = $r",
    "case when $s = 'US' then $x when $s = '8 bytes.' then $y else 0D end",
    "case when $s = 'US' and $r <> 'USA' then $x + 1D else $y * 2D end",
    "substring($s, 1, 2) = 'US' and $x > 0",
    "substring($s, 3) = substring($s, 3, 2147483647)",
    "concat(substring($s, 2, 0), substring($s, 2, -1), substring($s, 5, 4), substring($s, 0, 3))",
    "concat(substring($s, -3), substring($s, -20, 18), substring($s, $i, 2))",
    "($x > 100 or $y > 100) and $i = 0",
    "not ($x > 100 and $y > 100)",
    "case when $x > 150 then 10D when $y > 150 then 5D else 0D end",
    "case when $x > 150 then $y when $y > 150 then $x end",
    "case when $x > 150 and $y > 0 then $x + $y when $s = 'US' then 1D else $y * 2D end",
    "case when $x > 1 or $y > 1 then $s else $r end",
    "case when $x + 1D > $y then $x + 1D else $y end",
    "if($x > $y, $x * 2D + $y, $x * 2D)",
    "coalesce($x + $y, $y, 0D)",
    "0.3D * $x + 0.2D * $y - 0.1D * $x + case when $x > 150 then 10D when $y > 150 then 5D else 0D "
    "end",
    "($x + $y) * ($x + $y) - ($x + $y)",
    "$x > 1 and $x > 1 and $y > 1",
    "$x between 0 and 200 and $i in (0, -7)",
    "1D - ($x * 2D - 3D * $y)",
    "$x is null or $x > 1"};

void expect_same(const std::string& text, const Schema& schema,
                 const std::vector<std::string>& all) {
  Values seen(with_columns(text, false), schema);
  Values hidden(with_columns(text, true), schema);
  for (std::size_t n = 0; n < all.size(); ++n)
    ASSERT_EQ(seen.of(all[n]), hidden.of(all[n])) << text << ", row " << n;
}

TEST(OperandForms, GiveWhatGeneralOperationsGive) {
  const Schema schema = columns();
  const std::vector<std::string> all = rows(schema);
  for (const char* operation : kOperators) {
    for (const auto& [a, b] : kOperands)
      expect_same("(" + std::string(a) + ") " + operation + " (" + b + ")", schema, all);
  }
  for (const char* operation : {"=", "<>", "<", "<=", ">", ">="}) {
    for (const auto& [a, b] : kTexts)
      expect_same(std::string(a) + " " + operation + " " + b, schema, all);
  }
  for (const char* text : kFlows) expect_same(text, schema, all);
}

TEST(OperandForms, MakeShortProgramsOfCommonExpressions) {
  const Schema schema = columns();
  const auto instructions = [&](const std::string& text) {
    return Values(text, schema).program().parts().present_instructions.size();
  };
  EXPECT_EQ(instructions("x > 100 and s <> 'US'"), 3U);  // Compare and jump, compare, end.
  EXPECT_EQ(instructions("x > 100 or s = 'US' or y > 1"), 4U);
  EXPECT_EQ(instructions("0.3D * x + 0.2D * y"), 3U);  // A product, a product that is added, end.
  EXPECT_EQ(instructions("case when x > 1 then 1D when y > 1 then 2D else 0D end"), 3U);
  EXPECT_EQ(instructions("upper(s)"), 2U);  // The call on the column, end.
  EXPECT_EQ(instructions("concat(upper(s), '-', r)"), 3U);
  EXPECT_EQ(instructions("initcap(s)"), 0U);  // Nothing to gain.
}

TEST(OperandForms, LookForNullsOnlyWhereTheyMatter) {
  const Schema schema = columns();
  EXPECT_EQ(Values("y + 1D > 2D", schema).program().parts().present_columns, 2U);
  EXPECT_EQ(Values("coalesce(x, 0D) + y", schema).program().parts().present_columns, 2U);
  EXPECT_EQ(Values("coalesce(x, 0D) + 1D", schema).program().parts().present_columns, 0U);
}

// Instructions end in jumps, or in a loop: a program of any length needs the stack of one instruction.
struct LongRun {
  Values* program;
  std::string row;
  std::string value;
};
void* run_long(void* run) {
  auto& long_run = *static_cast<LongRun*>(run);
  long_run.value = long_run.program->of(long_run.row);
  return nullptr;
}

TEST(OperandForms, LongProgramsNeedNoStack) {
  const Schema schema = *parse_schema("x DOUBLE, s STRING");
  std::string text = "array(";
  for (int i = 0; i < 3000; ++i) {
    const std::string n = std::to_string(i);
    text += (i > 0 ? ", " : "") +
            ("case when x > " + n + " or upper(concat(s, '" + n + "')) = 'A' then x * x + " + n +
             " else coalesce(cast(s as double), " + n + ") end");
  }
  Values program(text + ")[17]", schema);
  Arena arena;
  const RowWriter writer(schema);
  LongRun run{&program, {}, {}};
  run.row = writer.write(std::vector<Cell>{Cell::of_real(20), Cell::of_bytes("3")}, arena);
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, std::size_t{96} << 10), 0);
  pthread_t thread{};
  ASSERT_EQ(pthread_create(&thread, &attributes, &run_long, &run), 0);
  ASSERT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(run.value, "417.0");
}

}  // namespace
}  // namespace penstock::sql
