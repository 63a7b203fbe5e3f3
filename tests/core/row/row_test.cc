#include "penstock/core/row/row.h"

#include <gtest/gtest.h>

#include <random>

#include "penstock/core/row/row_codec.h"
#include "penstock/core/row/type_text.h"
#include "penstock/core/row/value_order.h"
#include "penstock/core/row/value_text.h"

namespace penstock {
namespace {

Schema schema_of(std::string_view text) { return parse_schema(text).value(); }

// A value of the type by chance, null now and then.
class RandomValues {
 public:
  explicit RandomValues(unsigned seed) : random_(seed) {}

  Cell value(const DataType& type, Arena& arena) {
    if (below(5) == 0) return Cell::of_null();
    switch (type.kind()) {
      case TypeKind::kBoolean:
        return Cell::of_boolean(below(2) == 0);
      case TypeKind::kDouble:
        return Cell::of_real(static_cast<double>(below(5)) / 2);
      case TypeKind::kString:
        return arena.copy_cell(std::string(below(12), static_cast<char>('a' + below(3))));
      case TypeKind::kDecimal:
        return arena.copy_value(Int128{static_cast<std::int64_t>(below(100))} - 50);
      case TypeKind::kArray:
        return array(type.element(), true, arena);
      case TypeKind::kMap: {
        const Cell keys[] = {Cell::of_number(1), Cell::of_number(2)};
        const Cell values[] = {value(type.value(), arena), value(type.value(), arena)};
        return make_map(keys, CellForm::kInline, values, cell_form(type.value()), arena);
      }
      case TypeKind::kStruct:
        return structure(type.fields(), arena);
      default:
        return Cell::of_number(static_cast<std::int64_t>(below(100)) - 50);
    }
  }
  Cell structure(std::span<const Field> fields, Arena& arena) {
    std::vector<Cell> cells;
    for (const Field& field : fields) cells.push_back(value(field.type, arena));
    return make_struct(cells, field_forms(fields), arena);
  }
  Cell array(const DataType& element, bool, Arena& arena) {
    std::vector<Cell> cells(below(4));
    for (Cell& cell : cells) cell = value(element, arena);
    return make_array(cells, cell_form(element), arena);
  }
  std::size_t below(std::size_t bound) { return random_() % bound; }

 private:
  std::mt19937 random_;
};

constexpr std::string_view kWideSchema =
    "a INT, b STRING, c DOUBLE, d DECIMAL(30,2), e ARRAY<STRING>, f MAP<INT, ARRAY<INT>>, "
    "g STRUCT<x: BOOLEAN, y: STRUCT<z: STRING>>, h TIMESTAMP";

TEST(RowTest, ARowGivesBackTheCellsThatItWasWrittenFrom) {
  const Schema schema = schema_of("a INT, b STRING, c DECIMAL(20,0), d FLOAT, e STRING");
  Arena arena;
  const Cell cells[] = {Cell::of_number(-7), Cell::of_bytes("text"),
                        arena.copy_value(Int128{1} << 90), Cell::of_single(1.5F), Cell::of_null()};
  const RowView row(RowWriter(schema).write(cells, arena), schema);
  EXPECT_EQ(row.cell(0, schema[0].type).number, -7);
  EXPECT_EQ(row.cell(1, schema[1].type).bytes(), "text");
  EXPECT_TRUE(row.cell(2, schema[2].type).wide() == Int128{1} << 90);
  EXPECT_EQ(row.cell(3, schema[3].type).single, 1.5F);
  EXPECT_TRUE(row.is_null(4));
  EXPECT_FALSE(row.is_null(0));
}

TEST(RowTest, RowsByChanceAreValidAndEqualToTheirCopiesWithEqualHashes) {
  const Schema schema = schema_of(kWideSchema);
  RandomValues values(7);
  for (int i = 0; i < 500; ++i) {
    Arena arena;
    const std::string bytes(values.structure(schema.fields(), arena).bytes());
    ASSERT_TRUE(check_row(bytes, schema).ok()) << check_row(bytes, schema).to_string();
    const std::string copy = bytes;
    ASSERT_TRUE(equal_rows(bytes, copy, schema));
    ASSERT_EQ(hash_row(bytes, schema), hash_row(copy, schema));
  }
}

TEST(RowTest, TheOrderOfRowsIsTotalAndAgreesWithEqualityAndHash) {
  const Schema schema = schema_of("a INT, b STRING, c DOUBLE");
  RandomValues values(11);
  Arena arena;
  std::vector<std::string_view> rows;
  for (int i = 0; i < 60; ++i) rows.push_back(values.structure(schema.fields(), arena).bytes());
  for (const std::string_view a : rows) {
    for (const std::string_view b : rows) {
      ASSERT_EQ(compare_rows(a, b, schema), -compare_rows(b, a, schema));
      ASSERT_EQ(equal_rows(a, b, schema), a == b);
      if (a == b) {
        ASSERT_EQ(hash_row(a, schema), hash_row(b, schema));
      }
      for (const std::string_view c : rows) {
        if (compare_rows(a, b, schema) < 0 && compare_rows(b, c, schema) < 0) {
          ASSERT_LT(compare_rows(a, c, schema), 0);
        }
      }
    }
  }
}

TEST(RowTest, AByteThatIsChangedIsRefusedOrGivesARowThatCanBeRead) {
  const Schema schema = schema_of(kWideSchema);
  RandomValues values(3);
  for (int i = 0; i < 2000; ++i) {
    Arena arena;
    std::string bytes(values.structure(schema.fields(), arena).bytes());
    bytes[values.below(bytes.size())] = static_cast<char>(values.below(256));
    if (values.below(4) == 0) bytes.resize(values.below(bytes.size()));
    if (!check_row(bytes, schema).ok()) continue;
    std::string text;
    append_text(Cell::of_bytes(bytes), schema.type(), TimeZone(), text);
    EXPECT_FALSE(text.empty());
  }
}

TEST(RowTest, MapsAreEqualInWhateverOrderTheirEntriesStand) {
  Arena arena;
  const DataType type = parse_type("map<int,int>").value();
  const Cell one[] = {Cell::of_number(1), Cell::of_number(2)};
  const Cell other[] = {Cell::of_number(2), Cell::of_number(1)};
  const Cell a = make_map(one, CellForm::kInline, one, CellForm::kInline, arena);
  const Cell b = make_map(other, CellForm::kInline, other, CellForm::kInline, arena);
  EXPECT_TRUE(equal_cells(a, b, type));
  EXPECT_EQ(hash_cell(a, type), hash_cell(b, type));
  EXPECT_FALSE(
      equal_cells(a, make_map(one, CellForm::kInline, other, CellForm::kInline, arena), type));
}

TEST(RowTest, NotANumberIsEqualToItselfAndTheGreatestAndBothZerosAreOne) {
  const DataType type = TypeKind::kDouble;
  const Cell nan = Cell::of_real(std::numeric_limits<double>::quiet_NaN());
  const Cell infinity = Cell::of_real(std::numeric_limits<double>::infinity());
  EXPECT_EQ(compare_cells(nan, nan, type), 0);
  EXPECT_GT(compare_cells(nan, infinity, type), 0);
  EXPECT_EQ(compare_cells(Cell::of_real(0.0), Cell::of_real(-0.0), type), 0);
  EXPECT_EQ(hash_cell(Cell::of_real(0.0), type), hash_cell(Cell::of_real(-0.0), type));
  EXPECT_LT(compare_cells(Cell::of_null(), Cell::of_real(-1e300), type), 0);
}

TEST(RowTest, ASnapshotIsReadBackAndRefusedByOtherColumnsOrAnotherVersion) {
  const RowCodec codec(schema_of("a INT, b STRING"));
  Arena arena;
  const Cell cells[] = {Cell::of_number(1), Cell::of_bytes("x")};
  std::string bytes;
  codec.encode(RowWriter(codec.schema()).write(cells, arena), bytes);
  std::string_view rest = bytes;
  ASSERT_TRUE(codec.decode(rest).ok());
  EXPECT_TRUE(rest.empty());

  rest = bytes;
  const RowCodec other(schema_of("a INT, c STRING"));
  EXPECT_FALSE(other.decode(rest).ok());
  bytes[0] = 9;
  rest = bytes;
  const auto refused = codec.decode(rest);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.status().message().find("version 9"), std::string_view::npos);
}

TEST(ArenaTest, TheSecondRoundOfTheSameWorkAllocatesNothing) {
  Arena arena;
  for (int round = 0; round < 3; ++round) {
    arena.reset();
    for (int i = 0; i < 100; ++i) arena.allocate(1000);
  }
  const std::size_t grown = arena.capacity_bytes();
  arena.reset();
  for (int i = 0; i < 100; ++i) arena.allocate(1000);
  EXPECT_EQ(arena.capacity_bytes(), grown);
}

}  // namespace
}  // namespace penstock
