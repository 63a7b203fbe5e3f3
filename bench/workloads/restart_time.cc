#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "penstock/api/job.h"
#include "penstock/bench/harness/temporary_folder.h"
#include "penstock/bench/workloads/epoch_cost.h"
#include "penstock/bench/workloads/split_mix.h"
#include "penstock/core/checkpoint/checkpoint_folder.h"

namespace penstock::bench {
namespace {

struct Hit {
  std::uint64_t key;
};

// Each key once.
class KeySource {
 public:
  using Value = Hit;
  explicit KeySource(std::uint64_t keys) : keys_(keys) {}

  Status open(const SourceContext& context) {
    next_ = context.task_index;
    step_ = context.task_count;
    return Status();
  }
  PollResult poll(std::size_t max, Instant, auto& emit) noexcept {
    PollResult result;
    for (; result.records < max && next_ < keys_ && !emit.full(); next_ += step_) {
      emit(Record<Hit>{{fin(next_)}, EventTime{}});
      ++result.records;
    }
    if (next_ >= keys_) result.state = SourceState::kEnded;
    return result;
  }
  // It begins anew in each run, and that is meant.
  void capture(Epoch, SnapshotWriter&) const noexcept {}

 private:
  std::uint64_t keys_;
  std::uint64_t next_ = 0;
  std::uint64_t step_ = 1;
};

struct CountPerKey {
  using Output = std::uint64_t;

  void open(OperatorContext& context) { count_ = context.value_state<std::uint64_t>("count"); }
  void on_record(const Record<Hit>& hit, CollectorOf<std::uint64_t> auto&& out) noexcept {
    out.collect(Record<std::uint64_t>{++count_.get_or_create(), hit.time});
  }

 private:
  ValueState<std::uint64_t> count_;
};

struct FirstOutput {
  std::atomic<std::int64_t> nanos{0};
  std::atomic<std::uint64_t> count{0};  // What came of its key before, and this one.
};

Status run(const std::string& folder, std::uint64_t keys, std::uint32_t workers,
           const std::shared_ptr<FirstOutput>& first) {
  Job job("restart");
  const RealClock clock;
  job.source(KeySource(keys), "hits")
      .key_by(&Hit::key)
      .process(CountPerKey{})
      .for_each([first, &clock](std::uint64_t count) noexcept {
        if (first->nanos.load(std::memory_order_relaxed) != 0) [[likely]]
          return;
        first->nanos.store(clock.now().nanos, std::memory_order_relaxed);
        first->count.store(count, std::memory_order_relaxed);
      });
  Options options;
  options.workers = workers;
  options.checkpoint.directory = folder;
  return job.run(options);
}

}  // namespace

Result<RestartTimes> measure_restart(std::uint64_t keys, std::uint32_t workers) {
  const TemporaryFolder folder;
  PENSTOCK_RETURN_IF_ERROR(run(folder.path(), keys, workers, std::make_shared<FirstOutput>()));

  const RealClock clock;
  const auto files = make_posix_file_system();
  const CheckpointFolder checkpoints(*files, folder.path());
  const Result<std::vector<FoundCheckpoint>> found = checkpoints.list();
  if (!found.ok()) return found.status();
  if (found->empty()) return Status::internal("the job has left no checkpoint");
  const Manifest& manifest = found->front().manifest;
  RestartTimes times{.keys = keys};
  const Instant begun = clock.now();
  PENSTOCK_RETURN_IF_ERROR(checkpoints.verify(manifest));
  const Instant verified = clock.now();
  for (const PartInfo& part : manifest.parts) {
    times.bytes += part.bytes;
    PENSTOCK_RETURN_IF_ERROR(
        checkpoints.for_each_chunk(manifest, part, [](std::string_view) { return Status(); }));
  }
  times.verify = verified - begun;
  times.read = clock.now() - verified;

  const auto first = std::make_shared<FirstOutput>();
  const Instant started = clock.now();
  // One key is enough to see it.
  PENSTOCK_RETURN_IF_ERROR(run(folder.path(), 1, workers, first));
  if (first->count.load() != 2) return Status::internal("the state did not come back");
  times.first_output = Instant{first->nanos.load()} - started;
  times.insert_and_rest = times.first_output - times.verify - times.read;
  return times;
}

}  // namespace penstock::bench
