#include "penstock/bench/workloads/row_repartition.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "penstock/api/row_stream.h"
#include "penstock/core/base/check.h"
#include "penstock/io/memory/memory_source.h"

namespace penstock::bench {
namespace {

constexpr std::uint64_t kRows = 400'000;
constexpr std::uint64_t kCards = 20'000;

std::shared_ptr<const ByteSource> make_lines() {
  std::vector<std::string> lines;
  lines.reserve(kRows);
  for (std::uint64_t i = 0; i < kRows; ++i) {
    const std::string number = std::to_string(i);
    std::string& line = lines.emplace_back("card-");
    line.append(std::to_string(i * 7919 % kCards)).append(",merchant number ");
    line.append(std::to_string(i % 97)).append(",note of a payment,").append(number).append(",");
    line.append(std::to_string(i % 1000)).append(".25,").append(number);
    line.append(",17,2024-03-01 10:00:00");
  }
  return memory_source(std::move(lines));
}

// Each task has a copy, and adds what it has seen when it ends.
class SumIds {
 public:
  explicit SumIds(std::atomic<std::uint64_t>& total) : total_(&total) {}
  SumIds(const SumIds& other) : total_(other.total_) {}
  SumIds& operator=(const SumIds&) = delete;
  ~SumIds() { *total_ += own_; }

  void operator()(const RowView& row) noexcept {
    own_ += static_cast<std::uint64_t>(row.inline_cell(0).number);
  }

 private:
  std::atomic<std::uint64_t>* total_;
  std::uint64_t own_ = 0;
};

// Rows per second.
double run(const std::shared_ptr<const ByteSource>& lines, bool repartitions,
           std::uint32_t workers) {
  std::atomic<std::uint64_t> sum{0};
  const auto end = [&sum](auto rows) {
    std::move(rows)
        .filter(expr("amount >= 0 and card is not null"))
        .select({expr("id"), expr("card"), expr("amount * 1.19 AS gross"), expr("merchant"),
                 expr("note"), expr("a"), expr("b"), expr("at")})
        .for_each(SumIds(sum));
  };
  Job job("rows");
  auto rows = job.rows(lines, CsvRows{},
                       "card STRING, merchant STRING, note STRING, id LONG, amount DOUBLE, "
                       "a LONG, b INT, at TIMESTAMP");
  repartitions ? end(std::move(rows).repartition({expr("card")})) : end(std::move(rows));
  Options options;
  options.workers = workers;
  options.pin_workers = workers > 1;
  const auto start = std::chrono::steady_clock::now();
  const Status ended = job.run(options);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  PENSTOCK_CHECK(ended.ok() && sum == kRows * (kRows - 1) / 2);
  return static_cast<double>(kRows) / elapsed.count();
}

}  // namespace

std::vector<PairedResult> measure_row_repartition(int repeats) {
  const std::shared_ptr<const ByteSource> lines = make_lines();
  return {run_paired(
              "row_repartition", {GoalKind::kAtLeast, 0.7}, repeats,
              [&] { return run(lines, true, 1); }, [&] { return run(lines, false, 1); }),
          run_paired(
              "row_repartition_two_workers", {GoalKind::kAtLeast, 1.0}, repeats,
              [&] { return run(lines, true, 2); }, [&] { return run(lines, true, 1); })};
}

}  // namespace penstock::bench
