// No function allocates per record once its memory has grown to what the records need.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "penstock/core/row/row.h"
#include "penstock/core/row/type_text.h"
#include "penstock/sql/analyzer/analyzer.h"
#include "penstock/tests/harness/alloc_count.h"

namespace penstock::sql {
namespace {

Schema columns() {
  return *parse_schema(
      "d DOUBLE, i INT, l BIGINT, name STRING, json STRING, t TIMESTAMP, day DATE, m DECIMAL(20, "
      "2), "
      "b BINARY");
}

std::vector<std::string> rows(const Schema& schema) {
  const RowWriter writer(schema);
  Arena arena;
  std::vector<std::string> all;
  for (int i = 0; i < 20; ++i) {
    const std::string name = "a customer with a long name, number " + std::to_string(i);
    const std::string json =
        R"({"id":)" + std::to_string(i) +
        R"(,"text":"longer than sixteen bytes","list":[1,2,3],"in":{"x":1.5}})";
    const Int128 money = Int128{i} * 1'000'000'007 + 12'345;
    all.emplace_back(writer.write(
        std::vector<Cell>{Cell::of_real(i * 1.25), Cell::of_number(i), Cell::of_number(i * 1000L),
                          Cell::of_bytes(name), Cell::of_bytes(json),
                          Cell::of_number(1'700'000'000'000'000 + i * 3'600'000'000'123),
                          Cell::of_number(19'000 + i), arena.copy_value(money),
                          Cell::of_bytes(name)},
        arena));
  }
  return all;
}

std::uint64_t allocations_of(const std::string& text, const Schema& schema,
                             const std::vector<std::string>& bytes) {
  Result<expression::Program> program = compile(text, schema);
  EXPECT_TRUE(program.ok()) << text << ": " << program.status().message();
  if (!program.ok()) return 0;
  expression::Evaluator evaluator(*program);
  const auto run = [&] {
    for (const std::string& row : bytes) {
      evaluator.evaluate(RowView(row, schema));
      EXPECT_FALSE(evaluator.failed()) << text << ": " << evaluator.error().message();
    }
  };
  run();
  run();
  const std::uint64_t before = thread_allocations_so_far();
  for (const std::string& row : bytes) evaluator.evaluate(RowView(row, schema));
  return thread_allocations_so_far() - before;
}

constexpr const char* kExpressions[] = {
    // Numbers, decimals, conditions.
    "0.5D * d + i / 3 - l % 7", "case when d > 5 then 1 when d > 2 then i else 0 end",
    "coalesce(nullif(d, 0), -1D)", "m * m + cast(d as decimal(20, 4))", "m / 7", "round(d, 1)",
    "round(m, 1)", "cast(m as string)", "cast(d as string)", "cast(l as string)", "greatest(d, i)",
    "sqrt(d) + pow(d, 2)", "d in (1.25D, 2.5D)", "bround(d, 1)",
    // Text.
    "concat(upper(substring(name, 1, 8)), '-', lower(name))", "concat_ws(',', name, name)",
    "replace(name, 'long', 'short')", "split(name, ' ')", "lpad(name, 60, '*')", "initcap(name)",
    "reverse(name)", "instr(name, 'long')", "trim(name)", "repeat(name, 3)",
    "levenshtein(name, 'a')", "translate(name, 'abc', 'xyz')", "substring_index(name, ' ', 2)",
    "format_string('%d %s', i, name)", "base64(b)", "hex(name)", "md5(b)", "sha2(b, 256)",
    "soundex(name)", "like(name, '%long%')", "format_number(d, 2)", "ascii(name)", "length(name)",
    "overlay(name placing 'x' from 2)",
    // Regular expressions.
    "name rlike 'n[aeiou]me'", "regexp_extract(name, '(\\d+)', 1)",
    "regexp_replace(name, '\\s+', '_')", "regexp_extract_all(name, '(\\w+)', 1)",
    // Times.
    "date_format(date_trunc('HOUR', t), 'yyyy-MM-dd HH:mm')", "date_format(t, 'EEE, d MMM yyyy')",
    "to_timestamp('2024-01-01 10:11:12', 'yyyy-MM-dd HH:mm:ss')", "cast(t as string)",
    "to_date(cast(day as string))", "add_months(day, i)", "day - to_date('2020-01-01')",
    "from_utc_timestamp(t, 'Europe/Berlin')", "window(t, '10 minutes')", "t + interval 3 hours",
    "make_interval(1, 2, 3, i)", "extract(week from t)", "months_between(t, t)",
    // JSON.
    "cast(get_json_object(json, '$.in.x') as double)", "get_json_object(json, '$.list')",
    "get_json_object(json, '$.text')", "from_json(json, 'id INT, text STRING, list ARRAY<INT>')",
    "to_json(struct(i, name, d))", "json_array_length('[1,2,3]')", "json_object_keys(json)",
    // Arrays, maps, structs, lambdas.
    "array(i, i + 1, i + 2)[1]", "transform(array(i, 2, 3), x -> x * 2)",
    "filter(array(i, 2, 3), x -> x > 2)", "aggregate(array(i, 2, 3), 0, (a, x) -> a + x)",
    "array_distinct(array(i, i, 2))", "array_sort(array(i, 5, 2))", "map('a', i, 'b', 2)['b']",
    "map_keys(map('a', i))", "named_struct('x', i, 'y', name).y", "array_contains(array(i, 2), 2)",
    "array_join(array(name, name), ',')", "sequence(1, 5)", "flatten(array(array(i), array(2)))",
    "map_from_arrays(array('a', 'b'), array(i, 2))", "array_union(array(i, 2), array(3))",
    "transform_values(map('a', i), (k, v) -> v + 1)", "exists(array(i, 2), x -> x = 2)",
    "sort_array(array(name, 'b'))", "arrays_zip(array(i), array(2))",
    // Hashes and the like.
    "hash(name, i)", "xxhash64(name, d)", "crc32(b)"};

TEST(Allocation, NoFunctionAllocatesPerRecord) {
  const Schema schema = columns();
  const std::vector<std::string> bytes = rows(schema);
  for (const char* text : kExpressions) EXPECT_EQ(allocations_of(text, schema, bytes), 0U) << text;
}

}  // namespace
}  // namespace penstock::sql
