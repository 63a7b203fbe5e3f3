#include "penstock/bench/workloads/slide_cost.h"

#include <chrono>
#include <memory>
#include <tuple>
#include <utility>

#include "penstock/bench/workloads/engine_run.h"
#include "penstock/bench/workloads/split_mix.h"

namespace penstock::bench {
namespace {

constexpr std::int64_t kSlideMicros = 1'000'000;

struct Hit {
  std::uint64_t key;
  EventTime at;
};

class HitSource {
 public:
  using Value = Hit;
  HitSource(const SlideLoad& load, std::shared_ptr<RunMeter> meter)
      : load_(load), meter_(std::move(meter)) {}

  Status open(const SourceContext&) { return Status(); }
  PollResult poll(std::size_t max, Instant, auto& emit) noexcept {
    if (meter_ != nullptr) std::exchange(meter_, nullptr)->started();
    PollResult result;
    for (; result.records < max && next_ < load_.events && !emit.full(); ++next_) {
      const std::uint64_t micros =
          next_ * static_cast<std::uint64_t>(kSlideMicros) / load_.events_per_slide;
      emit(Record<Hit>{{fin(next_) % load_.keys, {static_cast<std::int64_t>(micros)}}, {}});
      ++result.records;
    }
    if (next_ == load_.events) result.state = SourceState::kEnded;
    return result;
  }

 private:
  SlideLoad load_;
  std::uint64_t next_ = 0;
  std::shared_ptr<RunMeter> meter_;
};

// Only the count of windows goes on to the sum: rows would weigh on whoever has more of them.
struct CountWindows {
  using Output = std::uint64_t;
  WindowPanes<Count> panes;
  std::uint64_t windows_out = 0;

  auto windows() noexcept { return std::tie(panes); }
  void on_record(const Record<Hit>& record, auto&&) noexcept {
    static_cast<void>(panes.add(record.time, record.value));
  }
  void on_window(const Window<Count>&, const KeyContext<std::uint64_t>&, auto&&) noexcept {
    ++windows_out;
  }
  Status close(auto&& out) noexcept {
    out.collect(Record<std::uint64_t>{windows_out, {}});
    return Status();
  }
};

}  // namespace

SlideRun run_slides(const SlideLoad& load, std::int64_t slides) {
  Job job("slides");
  auto meter = std::make_shared<RunMeter>();
  const WindowSpec spec = sliding(std::chrono::microseconds(slides * kSlideMicros),
                                  std::chrono::microseconds(kSlideMicros));
  auto windows = job.source(HitSource(load, meter), "hits")
                     .event_time(&Hit::at)
                     .key_by(&Hit::key)
                     .process(CountWindows{WindowPanes<Count>("panes", spec)});
  auto windows_out = std::make_shared<std::uint64_t>(0);
  sum_rows(std::move(windows), meter,
           [windows_out](std::uint64_t count, RowSum&) noexcept { *windows_out += count; });
  PENSTOCK_CHECK(job.run().ok());
  const RunResult result = meter->result(load.events);
  return {result.seconds * 1e9 / static_cast<double>(load.events), *windows_out};
}

PairedResult measure_slides(int repeats, const SlideLoad& load) {
  return run_paired(
      "sliding_60_slides", {GoalKind::kAtMost, 1.3}, repeats,
      [&] { return run_slides(load, kManySlides).ns_per_record; },
      [&] { return run_slides(load, kFewSlides).ns_per_record; });
}

}  // namespace penstock::bench
