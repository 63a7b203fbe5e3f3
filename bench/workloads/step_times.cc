#include "penstock/bench/workloads/step_times.h"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <ctime>
#include <memory>
#include <tuple>
#include <utility>

#include "penstock/api/job.h"
#include "penstock/bench/workloads/split_mix.h"

namespace penstock::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kSlowest = 8;
constexpr std::uint64_t kFewKeys = 1000;
constexpr std::int64_t kSlideMicros = 10'000'000;
constexpr std::int64_t kSlidesPerPart =
    4;  // Of the second and of the third part; the first is one.

struct Hit {
  std::uint64_t key;
  EventTime at;
};

// Each of `keys` keys once, each again in another order, and then few keys.
class PartsSource {
 public:
  using Value = Hit;
  explicit PartsSource(std::uint64_t keys) : keys_(keys) {}

  Status open(const SourceContext&) { return Status(); }
  PollResult poll(std::size_t max, Instant, auto& emit) noexcept {
    PollResult result;
    for (; result.records < max && next_ < 3 * keys_ && !emit.full(); ++next_, ++result.records) {
      const Hit hit = hit_of(next_);
      emit(Record<Hit>{hit, hit.at});
    }
    if (next_ == 3 * keys_) result.state = SourceState::kEnded;
    return result;
  }

 private:
  Hit hit_of(std::uint64_t n) const noexcept {
    const std::uint64_t part = n / keys_;
    const std::uint64_t in_part = n % keys_;
    std::uint64_t key = in_part;
    if (part == 1) key = fin(n) % keys_;
    if (part == 2) key = in_part % std::min(kFewKeys, keys_);
    const std::int64_t slides = part == 0 ? 1 : kSlidesPerPart * static_cast<std::int64_t>(part);
    const auto share = static_cast<double>(in_part) / static_cast<double>(keys_);
    const std::int64_t began = part == 0 ? 0 : part == 1 ? 1 : 1 + kSlidesPerPart;
    const auto micros =
        static_cast<std::int64_t>(share * static_cast<double>(slides * kSlideMicros));
    return {fin(key), {began * kSlideMicros + micros}};
  }

  std::uint64_t keys_;
  std::uint64_t next_ = 0;
};

struct Nothing {};
using Counter64 = std::shared_ptr<std::uint64_t>;

struct Windows {
  using Output = Nothing;
  Counter64 came_out;
  WindowPanes<Count> panes{"panes", sliding(std::chrono::microseconds(6 * kSlideMicros),
                                            std::chrono::microseconds(kSlideMicros))};

  auto windows() noexcept { return std::tie(panes); }
  void on_record(const Record<Hit>& record, auto&&) noexcept {
    static_cast<void>(panes.add(record.time, record.value));
  }
  void on_window(const Window<Count>&, const KeyContext<std::uint64_t>&, auto&&) noexcept {
    ++*came_out;
  }
};

struct MovedTimers {
  using Output = Nothing;
  Counter64 came_out;
  Timers<std::uint64_t> handle{};
  ValueState<EventTime> set_for{};

  auto& timers() noexcept { return handle; }
  void open(OperatorContext& context) { set_for = context.value_state<EventTime>("set_for"); }
  void on_record(const Record<Hit>& record, auto&&) noexcept {
    EventTime& at = set_for.get_or_create();
    handle.erase_event_time(at);
    at = record.time + std::chrono::microseconds(2 * kSlideMicros);
    handle.set_event_time(at);
  }
  void on_timer(const Timer&, const KeyContext<std::uint64_t>&, auto&&) noexcept {
    ++*came_out;
    set_for.clear();
  }
};

struct Expiring {
  using Output = Nothing;
  ExpiringValue<std::uint64_t> hits{};

  void open(OperatorContext& context) {
    hits = context.value_state<std::uint64_t>("hits", {.after = 2s});
  }
  void on_record(const Record<Hit>&, auto&&) noexcept { ++hits.get_or_create(); }
};

void build(Job& job, StepSubject subject, std::uint64_t keys, const Counter64& came_out) {
  auto keyed = job.source(PartsSource(keys), "hits")
                   .event_time(&Hit::at, {.max_ahead = 0s})
                   .key_by(&Hit::key);
  const auto nothing = [](const Nothing&) noexcept {};
  switch (subject) {
    case StepSubject::kWindows:
      return std::move(keyed).process(Windows{came_out}).for_each(nothing);
    case StepSubject::kTimers:
      return std::move(keyed).process(MovedTimers{came_out}).for_each(nothing);
    case StepSubject::kExpiry:
      return std::move(keyed).process(Expiring{}).for_each(nothing);
  }
}

// What can be read between two steps.
struct Reading {
  std::uint64_t records = 0;
  std::uint64_t came_out = 0;
  std::uint64_t keys = 0;
  std::uint64_t state_bytes = 0;
  std::uint64_t page_faults = 0;
  std::uint64_t descheduled = 0;
};

Reading read(const JobHandle& job, std::uint64_t came_out) {
  Reading reading{.came_out = came_out};
  for (const TaskMetrics& task : job.metrics().tasks) {
    if (task.queue_capacity == 0) continue;  // The source.
    reading.records += task.records_in;
    reading.keys += task.state_keys;
    reading.state_bytes += task.state_bytes;
  }
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  reading.page_faults = static_cast<std::uint64_t>(usage.ru_minflt);
  reading.descheduled = static_cast<std::uint64_t>(usage.ru_nivcsw);
  return reading;
}

std::int64_t thread_cpu_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

StepRecord difference(const Reading& before, const Reading& after) {
  const auto change = [](std::uint64_t a, std::uint64_t b) {
    return static_cast<std::int64_t>(b) - static_cast<std::int64_t>(a);
  };
  return {.records = after.records - before.records,
          .came_out = after.came_out - before.came_out,
          .keys = change(before.keys, after.keys),
          .state_bytes = change(before.state_bytes, after.state_bytes),
          .page_faults = after.page_faults - before.page_faults,
          .descheduled = after.descheduled - before.descheduled};
}

void keep_slowest(std::vector<StepRecord>& slowest, const StepRecord& step) {
  const auto slower = [](const StepRecord& a, const StepRecord& b) {
    return a.on_cpu_ns > b.on_cpu_ns;
  };
  slowest.insert(std::upper_bound(slowest.begin(), slowest.end(), step, slower), step);
  if (slowest.size() > kSlowest) slowest.pop_back();
}

}  // namespace

std::string_view name_of(StepSubject subject) noexcept {
  static constexpr std::string_view kNames[] = {"windows", "timers", "expiry"};
  return kNames[static_cast<std::size_t>(subject)];
}

std::string format_step(const StepRecord& step) {
  std::array<char, 320> text{};
  std::snprintf(text.data(), text.size(),
                "step number=%" PRIu64 " us=%.1f cpu_us=%.1f records=%" PRIu64 " fired=%" PRIu64
                " keys=%+" PRId64 " state_kib=%+" PRId64 " page_faults=%" PRIu64
                " descheduled=%" PRIu64,
                step.number, static_cast<double>(step.took_ns) / 1000,
                static_cast<double>(step.on_cpu_ns) / 1000, step.records, step.came_out, step.keys,
                step.state_bytes / 1024, step.page_faults, step.descheduled);
  return text.data();
}

Result<StepFigures> measure_steps(StepSubject subject, std::uint64_t keys) {
  Job job("steps");
  auto came_out = std::make_shared<std::uint64_t>(0);
  build(job, subject, keys, came_out);
  Result<JobHandle> handle = job.open({});
  if (!handle.ok()) return handle.status();
  const RealClock clock;
  StepFigures figures;
  Reading before = read(*handle, 0);
  for (std::uint64_t number = 0;; ++number) {
    const std::int64_t cpu = thread_cpu_ns();
    const Instant began = clock.now();
    const StepOutcome outcome = handle->poll();
    const Instant ended = clock.now();
    if (outcome == StepOutcome::kFailed) return handle->status();
    if (outcome == StepOutcome::kFinished) break;
    const std::int64_t on_cpu = thread_cpu_ns() - cpu;
    const Reading after = read(*handle, *came_out);
    StepRecord step = difference(before, after);
    step.number = number;
    step.took_ns = (ended - began).count();
    step.on_cpu_ns = on_cpu;
    figures.took_ns.record(step.took_ns);
    figures.on_cpu_ns.record(on_cpu);
    keep_slowest(figures.slowest, step);
    figures.records = after.records;
    figures.keys_most = std::max(figures.keys_most, after.keys);
    figures.keys_at_end = after.keys;
    before = after;
  }
  figures.came_out = *came_out;
  return figures;
}

}  // namespace penstock::bench
