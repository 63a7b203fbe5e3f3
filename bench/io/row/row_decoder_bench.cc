// Records of twelve columns as rows: all of them, and the three that a job's expressions read. One item is one record.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/check.h"
#include "penstock/io/row/row_formats.h"

namespace penstock {
namespace {

constexpr std::size_t kRecords = 1024;
constexpr const char* kColumns =
    "id BIGINT, card STRING, amount DOUBLE, currency STRING, merchant STRING, city STRING, lat "
    "DOUBLE, "
    "lon DOUBLE, ts TIMESTAMP, settled DATE, fee DECIMAL(10,2), tags ARRAY<STRING>";

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string all;
  for (const std::string_view part : parts) all.append(part);
  return all;
}

// record(id, n) of kRecords of them.
template <class Record>
std::vector<std::string> records_of(Record record) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < kRecords; ++i)
    all.push_back(record(std::to_string(1'000'000 + i), std::to_string(i % 97)));
  return all;
}

std::vector<std::string> json_records() {
  return records_of([](std::string_view id, std::string_view n) {
    return joined({R"({"id":)", id, R"(,"card":"4000-)", n, R"(","amount":)", n,
                   R"(.25,"currency":"EUR","merchant":"shop )", n, R"(","city":"Brno","lat":49.19)",
                   n, R"(,"lon":16.60)", n,
                   R"(,"ts":"2024-03-01T10:00:00.123Z","settled":"2024-03-04","fee":"0.35",)",
                   R"("tags":["a","b","c"]})"});
  });
}

std::vector<std::string> csv_records() {
  return records_of([](std::string_view id, std::string_view n) {
    return joined({id, ",4000-", n, ",", n, ".25,EUR,shop ", n, ",Brno,49.19", n, ",16.60", n,
                   ",2024-03-01T10:00:00.123Z,2024-03-04,0.35,a b c"});
  });
}

template <class Format>
void run(benchmark::State& state, const Format& format, const std::string& columns,
         const std::vector<std::string>& records, bool narrow) {
  auto decoder = format.decoder(columns, TimeZone());
  PENSTOCK_CHECK(decoder.ok());
  if (narrow) {
    std::vector<bool> wanted(decoder->schema().size(), false);
    wanted[1] = wanted[2] = wanted[5] = true;
    decoder->narrow(wanted);
  }
  Row row;
  RowFault fault;
  for (auto _ : state) {
    for (const std::string& record : records) {
      const RawRecord raw{.bytes = record, .origin = {}, .arrival = {}};
      PENSTOCK_CHECK(decoder->decode(raw, row, fault));
      benchmark::DoNotOptimize(row.bytes.data());
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRecords));
}

void json_rows(benchmark::State& state) {
  static const std::vector<std::string> kAll = json_records();
  run(state, JsonRows{}, kColumns, kAll, state.range(0) == 3);
}
void csv_rows(benchmark::State& state) {
  static const std::vector<std::string> kAll = csv_records();
  std::string columns = kColumns;
  columns.replace(columns.find("ARRAY<STRING>"), std::string::npos, "STRING");
  run(state, CsvRows{}, columns, kAll, state.range(0) == 3);
}

BENCHMARK(json_rows)->ArgName("columns")->Arg(12)->Arg(3);
BENCHMARK(csv_rows)->ArgName("columns")->Arg(12)->Arg(3);

}  // namespace
}  // namespace penstock
