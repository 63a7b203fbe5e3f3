#include "penstock/bench/workloads/engine_keyed.h"

namespace penstock::bench {
namespace {

struct Hit {
  std::uint64_t key;
};

struct Count {
  std::uint64_t key;
  std::uint64_t count;
};

// Task s of W produces the events s, s + W, s + 2 W, ...
class HitSource {
 public:
  using Value = Hit;

  HitSource(std::uint64_t events, std::shared_ptr<RunMeter> meter)
      : events_(events), meter_(std::move(meter)) {}

  Status open(const SourceContext& context) {
    next_ = context.task_index;
    step_ = context.task_count;
    return Status();
  }

  PollResult poll(std::size_t max, Instant, auto& emit) noexcept {
    if (meter_ != nullptr) std::exchange(meter_, nullptr)->started();
    PollResult result;
    while (result.records < max && next_ < events_ && !emit.full()) {
      emit(Record<Hit>{{fin(next_) % kKeyedKeys}, EventTime{static_cast<std::int64_t>(next_)}});
      next_ += step_;
      ++result.records;
    }
    if (next_ >= events_) result.state = SourceState::kEnded;
    return result;
  }

 private:
  std::uint64_t events_;
  std::uint64_t next_ = 0;
  std::uint64_t step_ = 1;
  std::shared_ptr<RunMeter> meter_;
};

struct CountPerKey {
  using Output = Count;

  void open(OperatorContext& context) { count_ = context.value_state<std::uint64_t>("count"); }
  void on_record(const Record<Hit>& hit, CollectorOf<Count> auto&& out) noexcept {
    out.collect(Record<Count>{{hit.value.key, ++count_.get_or_create()}, hit.time});
  }

 private:
  ValueState<std::uint64_t> count_;
};

}  // namespace

void build_keyed(Job& job, std::uint64_t events, const std::shared_ptr<RunMeter>& meter) {
  auto counts =
      job.source(HitSource(events, meter), "hits").key_by(&Hit::key).process(CountPerKey{});
  sum_rows(std::move(counts), meter,
           [](const Count& count, RowSum& sum) noexcept { sum.add(count.key, count.count); });
}

}  // namespace penstock::bench
