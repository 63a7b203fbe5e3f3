// Laws that hold for every predicate, over predicates made from seeds: each row is in exactly one of P, NOT P and P IS
// NULL, whatever P is; and P has the same value however it is written.
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "penstock/core/row/type_text.h"
#include "penstock/sql/analyzer/analyzer.h"
#include "penstock/tests/harness/rounds.h"

namespace penstock::sql {
namespace {

constexpr std::uint64_t kPredicates = rounds(2000);

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  std::string predicate(int depth) {
    switch (pick(depth > 0 ? 10 : 5)) {
      case 0:
        return number(depth) + pick_of({" = ", " <> ", " < ", " <= ", " > ", " >= ", " <=> "}) +
               number(depth);
      case 1:
        return text(depth) + pick_of({" = ", " <> ", " < ", " >= ", " <=> "}) + text(depth);
      case 2:
        return pick_of({"a", "b", "s", "t", "d"}) + pick_of({" is null", " is not null"});
      case 3:
        return text(depth) + " like '" + pick_of({"%", "a%", "_b%", "%x", ""}) + "'";
      case 4:
        return number(depth) + pick_of({" in (1, 2, null)", " not in (1, 5)", " between 0 and 3",
                                        " not between a and b"});
      case 5:
        return "(" + predicate(depth - 1) + " and " + predicate(depth - 1) + ")";
      case 6:
        return "(" + predicate(depth - 1) + " or " + predicate(depth - 1) + ")";
      case 7:
        return "not (" + predicate(depth - 1) + ")";
      case 8:
        return "if(" + predicate(depth - 1) + ", " + predicate(depth - 1) + ", " +
               predicate(depth - 1) + ")";
      default:
        return "coalesce(" + predicate(depth - 1) + ", " + predicate(depth - 1) + ")";
    }
  }

  Cell number_cell() { return pick(5) == 0 ? Cell::of_null() : Cell::of_number(pick(8) - 2); }
  Cell real_cell() {
    static constexpr double kReals[] = {0.0,
                                        -0.0,
                                        1.5,
                                        -2,
                                        1e300,
                                        std::numeric_limits<double>::quiet_NaN(),
                                        std::numeric_limits<double>::infinity()};
    return pick(6) == 0 ? Cell::of_null() : Cell::of_real(kReals[pick(7)]);
  }
  Cell text_cell() {
    static constexpr std::string_view kTexts[] = {"", "a", "ab", "abx", "b", "3", "žx"};
    return pick(6) == 0 ? Cell::of_null() : Cell::of_bytes(kTexts[pick(7)]);
  }

 private:
  int pick(int bound) { return static_cast<int>(random_() % static_cast<uint64_t>(bound)); }
  std::string pick_of(const std::vector<std::string>& choices) {
    return choices[static_cast<size_t>(pick(static_cast<int>(choices.size())))];
  }

  std::string number(int depth) {
    switch (pick(depth > 0 ? 7 : 4)) {
      case 0:
        return "a";
      case 1:
        return "b";
      case 2:
        return "d";
      case 3:
        return std::to_string(pick(6) - 1);
      case 4:
        return "(" + number(depth - 1) + pick_of({" + ", " - ", " * ", " / ", " % "}) +
               number(depth - 1) + ")";
      case 5:
        return "length(" + text(depth - 1) + ")";
      default:
        return "case when " + predicate(depth - 1) + " then " + number(depth - 1) + " else " +
               number(depth - 1) + " end";
    }
  }
  std::string text(int depth) {
    switch (pick(depth > 0 ? 6 : 3)) {
      case 0:
        return "s";
      case 1:
        return "t";
      case 2:
        return pick_of({"'a'", "'ab'", "''", "null"});
      case 3:
        return "upper(" + text(depth - 1) + ")";
      case 4:
        return "substring(" + text(depth - 1) + ", 2)";
      default:
        return "concat(" + text(depth - 1) + ", s)";
    }
  }

  std::mt19937_64 random_;
};

// -1: null.
int value_of(const std::string& text, const Schema& schema, const RowView& row) {
  Result<expression::Program> program = compile(text, schema);
  EXPECT_TRUE(program.ok()) << text << "\n" << program.status().to_string();
  if (!program.ok()) return -2;
  expression::Evaluator evaluator(*program);
  const Cell cell = evaluator.evaluate(row);
  EXPECT_FALSE(evaluator.failed()) << text;
  return cell.null ? -1 : static_cast<int>(cell.number);
}

TEST(PredicateLaws, EachRowIsInOneOfThreeParts) {
  const Schema schema = *parse_schema("a INT, b BIGINT, s STRING, t STRING, d DOUBLE");
  const RowWriter writer(schema);
  for (uint64_t seed = 1; seed <= kPredicates; ++seed) {
    Generator generator(seed);
    const std::string p = generator.predicate(3);
    Arena arena;
    const std::vector<Cell> cells{generator.number_cell(), generator.number_cell(),
                                  generator.text_cell(), generator.text_cell(),
                                  generator.real_cell()};
    const RowView row(writer.write(cells, arena), schema);
    const int value = value_of(p, schema, row);
    const int negated = value_of("not (" + p + ")", schema, row);
    const int unknown = value_of("(" + p + ") is null", schema, row);
    ASSERT_EQ((value == 1) + (negated == 1) + (unknown == 1), 1) << "seed " << seed << ": " << p;
    ASSERT_EQ(unknown, value == -1 ? 1 : 0) << "seed " << seed << ": " << p;
    ASSERT_EQ(
        value_of("case when " + p + " then true when not (" + p + ") then false end", schema, row),
        value)
        << "seed " << seed << ": " << p;
    ASSERT_EQ(value_of("(" + p + ") and true", schema, row), value) << "seed " << seed << ": " << p;
    ASSERT_EQ(value_of("not (not (" + p + ") or false)", schema, row), value)
        << "seed " << seed << ": " << p;
    ASSERT_EQ(value_of("(" + p + ") and null", schema, row), value == 0 ? 0 : -1)
        << "seed " << seed << ": " << p;
    ASSERT_EQ(value_of("(" + p + ") or null", schema, row), value == 1 ? 1 : -1)
        << "seed " << seed << ": " << p;
    ASSERT_EQ(value_of("(" + p + ") <=> (" + p + ")", schema, row), 1)
        << "seed " << seed << ": " << p;
  }
}

}  // namespace
}  // namespace penstock::sql
