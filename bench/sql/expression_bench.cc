// Five typical expressions, each beside a loop written by hand over the same encoded rows. One item is one row.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <charconv>
#include <random>
#include <string>
#include <vector>

#include "penstock/core/base/check.h"
#include "penstock/core/row/calendar.h"
#include "penstock/core/row/row.h"
#include "penstock/core/row/type_text.h"
#include "penstock/sql/analyzer/analyzer.h"

namespace penstock {
namespace {

constexpr size_t kRows = 4096;
enum Column : size_t {
  kAmount,
  kCountry,
  kVelocity,
  kAge,
  kDistance,
  kRatio,
  kName,
  kPayload,
  kTime
};

struct Rows {
  Schema schema = *parse_schema(
      "amount DOUBLE, country STRING, velocity DOUBLE, age DOUBLE, distance DOUBLE, ratio DOUBLE, "
      "name STRING, payload STRING, t TIMESTAMP");
  std::vector<std::string> bytes;
  std::vector<RowView> views;

  Rows() {
    std::mt19937_64 random(7);
    const RowWriter writer(schema);
    Arena arena;
    static constexpr std::string_view kCountries[] = {"US", "DE", "FR", "CZ"};
    for (size_t i = 0; i < kRows; ++i) {
      arena.reset();
      const auto real = [&] { return Cell::of_real(static_cast<double>(random() % 20'000) / 100); };
      const std::string name = "customer-" + std::to_string(random() % 100'000);
      const std::string payload = R"({"id":)" + std::to_string(i) + R"(,"amount":")" +
                                  std::to_string(random() % 1000) +
                                  R"(.25","country":"US","note":"nothing to say"})";
      const std::vector<Cell> cells{
          real(),
          Cell::of_bytes(kCountries[random() % 4]),
          real(),
          real(),
          real(),
          real(),
          Cell::of_bytes(name),
          Cell::of_bytes(payload),
          Cell::of_number(1'700'000'000'000'000 +
                          static_cast<int64_t>(random() % 1'000'000'000'000))};
      bytes.emplace_back(writer.write(cells, arena));
    }
    for (const std::string& row : bytes) views.emplace_back(row, schema);
  }
};

const Rows& rows() {
  static const Rows kAll;
  return kAll;
}

void run_program(benchmark::State& state, std::string_view text) {
  Result<expression::Program> program = sql::compile(text, rows().schema);
  PENSTOCK_CHECK(program.ok());
  expression::Evaluator evaluator(*program);
  for (auto _ : state) {
    for (const RowView& row : rows().views) benchmark::DoNotOptimize(evaluator.evaluate(row));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kRows));
}

template <class Body>
void run_bare(benchmark::State& state, Body body) {
  for (auto _ : state) {
    for (const RowView& row : rows().views) body(row);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kRows));
}

void filter_program(benchmark::State& state) {
  run_program(state, "amount > 100 AND country <> 'US'");
}
void filter_bare(benchmark::State& state) {
  run_bare(state, [](const RowView& row) {
    const Cell amount = row.inline_cell(kAmount);
    const Cell country = row.bytes_cell(kCountry);
    benchmark::DoNotOptimize(!amount.null && amount.real > 100 && !country.null &&
                             country.bytes() != "US");
  });
}

void score_program(benchmark::State& state) {
  run_program(state,
              "0.3D * amount + 0.2D * velocity - 0.1D * age + 0.15D * distance + 0.05D * ratio + "
              "case when amount > 150 then 10D when velocity > 150 then 5D else 0D end");
}
void score_bare(benchmark::State& state) {
  run_bare(state, [](const RowView& row) {
    const Cell amount = row.inline_cell(kAmount);
    const Cell velocity = row.inline_cell(kVelocity);
    const Cell age = row.inline_cell(kAge);
    const Cell distance = row.inline_cell(kDistance);
    const Cell ratio = row.inline_cell(kRatio);
    Cell score = Cell::of_null();
    if (!(amount.null || velocity.null || age.null || distance.null || ratio.null)) {
      const double bonus = amount.real > 150 ? 10.0 : velocity.real > 150 ? 5.0 : 0.0;
      score = Cell::of_real(0.3 * amount.real + 0.2 * velocity.real - 0.1 * age.real +
                            0.15 * distance.real + 0.05 * ratio.real + bonus);
    }
    benchmark::DoNotOptimize(score);
  });
}

void json_program(benchmark::State& state) {
  run_program(state, "cast(get_json_object(payload, '$.amount') as double)");
}
void json_bare(benchmark::State& state) {
  simdjson::ondemand::parser parser;
  std::string padded;
  run_bare(state, [&](const RowView& row) {
    const std::string_view payload = row.bytes_cell(kPayload).bytes();
    padded.assign(payload);
    padded.reserve(payload.size() + simdjson::SIMDJSON_PADDING);
    auto document = parser.iterate(padded.data(), payload.size(), padded.capacity());
    std::string_view text;
    double amount = 0;
    if (document["amount"].get_string().get(text) == simdjson::SUCCESS)
      std::from_chars(text.data(), text.data() + text.size(), amount);
    benchmark::DoNotOptimize(amount);
  });
}

void text_program(benchmark::State& state) {
  run_program(state,
              "concat(upper(substring(name, 1, 8)), '-', country, '-', substring(name, 10))");
}
void text_bare(benchmark::State& state) {
  std::string out;
  run_bare(state, [&](const RowView& row) {
    const std::string_view name = row.bytes_cell(kName).bytes();
    out.clear();
    for (const char c : name.substr(0, 8))
      out.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
    out.push_back('-');
    out.append(row.bytes_cell(kCountry).bytes());
    out.push_back('-');
    out.append(name.substr(9));
    benchmark::DoNotOptimize(out.data());
  });
}

void time_program(benchmark::State& state) {
  run_program(state, "date_format(date_trunc('HOUR', t), 'yyyy-MM-dd HH:mm')");
}
void time_bare(benchmark::State& state) {
  char out[32];
  const auto two = [](char* to, int64_t value) {
    to[0] = static_cast<char>('0' + value / 10);
    to[1] = static_cast<char>('0' + value % 10);
  };
  run_bare(state, [&](const RowView& row) {
    const int64_t hour = floor_divide(row.inline_cell(kTime).number, kMicrosPerHour);
    const CivilDate date = date_of_days(floor_divide(hour, 24));
    two(out, date.year / 100);
    two(out + 2, date.year % 100);
    out[4] = '-';
    two(out + 5, date.month);
    out[7] = '-';
    two(out + 8, date.day);
    out[10] = ' ';
    two(out + 11, floor_modulo(hour, 24));
    out[13] = ':';
    two(out + 14, 0);
    benchmark::DoNotOptimize(out[0]);
    benchmark::ClobberMemory();
  });
}

BENCHMARK(filter_program);
BENCHMARK(filter_bare);
BENCHMARK(score_program);
BENCHMARK(score_bare);
BENCHMARK(json_program);
BENCHMARK(json_bare);
BENCHMARK(text_program);
BENCHMARK(text_bare);
BENCHMARK(time_program);
BENCHMARK(time_bare);

}  // namespace
}  // namespace penstock
