// Cuts blocks of 256 KiB into lines of about 100 bytes, as a file source does. One item is one line.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

#include "penstock/io/file/line_splitter.h"

namespace penstock {
namespace {

constexpr std::size_t kLines = 10'000;
constexpr std::size_t kBlockBytes = std::size_t{256} << 10;

std::string lines_of(const std::string& city) {
  std::string all;
  for (std::size_t i = 0; i < kLines; ++i) {
    const std::string n = std::to_string(i % 97);
    all += std::to_string(1'000'000 + i) + ",4000-" + n + "," + n + ".25,EUR,shop " + n + "," +
           city + ",49.19" + n + ",16.60" + n + ",2024-03-01T10:00:00.123Z,2024-03-04,0.35,a b c\n";
  }
  return all;
}

void cut(benchmark::State& state, const std::string& text,
         const std::optional<QuotedLines>& quoted = std::nullopt) {
  std::array<RawRecord, 256> batch;
  for (auto _ : state) {
    LineSplitter splitter(std::size_t{16} << 20);
    splitter.quote(quoted);
    for (std::size_t at = 0; at < text.size(); at += kBlockBytes) {
      const std::size_t size = std::min(kBlockBytes, text.size() - at);
      std::memcpy(splitter.writable(size).data(), text.data() + at, size);
      splitter.written(size);
      while (splitter.take(batch, Instant{}) > 0) benchmark::DoNotOptimize(batch.data());
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kLines));
}

void lines(benchmark::State& state) {
  static const std::string kAll = lines_of("Brno");
  cut(state, kAll);
}

// What may be quoted: nothing is, one value is, and one that goes over two lines.
void quoted_lines(benchmark::State& state, const char* city) {
  cut(state, lines_of(city), QuotedLines{});
}

BENCHMARK(lines);
BENCHMARK_CAPTURE(quoted_lines, none, "Brno");
BENCHMARK_CAPTURE(quoted_lines, one, "\"Brno, CZ\"");
BENCHMARK_CAPTURE(quoted_lines, over_lines, "\"Brno\nCZ\"");

}  // namespace
}  // namespace penstock
