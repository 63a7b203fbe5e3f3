#include "penstock/tests/sim/random_plan.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "penstock/core/base/hash.h"

namespace penstock::sim {
namespace {

using std::chrono::microseconds;

constexpr std::uint32_t kKeys = 23;
constexpr std::int64_t kDisorderMicros = 50;
constexpr std::uint32_t kTasksMax = 4;
constexpr double kRecordsMax = 20'000;  // Of one stream; expansions and broadcasts stop there.

SimRecord sent_record(std::uint32_t source, std::uint64_t sequence) {
  const std::uint64_t hash = hash_bits(sequence * 64 + source);
  return {source, static_cast<std::uint32_t>(hash % kKeys), sequence,
          static_cast<std::int64_t>(hash % 1000)};
}
// Out of order by less than the bound.
EventTime time_of(const SimRecord& record) noexcept {
  const auto jitter = static_cast<std::int64_t>(hash_bits(record.sequence) % kDisorderMicros);
  return {static_cast<std::int64_t>(record.sequence) * 10 + jitter};
}

struct SimSource {
  using Value = SimRecord;
  std::uint32_t first_id = 0;
  std::uint64_t count = 0;
  std::uint64_t pause_every = 0;  // 0: never.

  Status open(const SourceContext& context) {
    id = first_id + context.task_index;
    return Status();
  }
  PollResult poll(std::size_t max, Instant now, auto& emit) {
    PollResult result;
    if (now < resumes_at) return {0, SourceState::kWaiting, resumes_at};
    while (result.records < max && next < count && !emit.full()) {
      emit(Record<SimRecord>{sent_record(id, next++), EventTime{}});
      ++result.records;
      if (pause_every == 0 || next % pause_every != 0) continue;
      resumes_at = now + std::chrono::milliseconds(3);
      break;
    }
    if (next == count) result.state = SourceState::kEnded;
    return result;
  }

  std::uint32_t id = 0;
  std::uint64_t next = 0;
  Instant resumes_at{};
};

struct NoteSource {
  using Output = SimRecord;
  std::vector<std::shared_ptr<TaskTrace>> traces;
  TaskTrace* trace = nullptr;

  Status open(const TaskContext& context) {
    trace = traces[context.task_index].get();
    return Status();
  }
  void on_record(const Record<SimRecord>& record, auto&& out) noexcept {
    ++trace->sent;
    out.collect(record);
  }
  void on_barrier(Epoch epoch) noexcept { trace->cuts.emplace_back(epoch, trace->sent); }
};

// Keeps what comes, and checks what can be seen from here.
struct NoteSink {
  using Output = SimRecord;
  std::shared_ptr<SinkTrace> sink;
  TaskTrace* trace = nullptr;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> newest;

  Status open(const TaskContext& context) {
    trace = &sink->tasks[context.task_index];
    return Status();
  }
  void on_record(const Record<SimRecord>& record, auto&&) noexcept {
    if (!sink->may_be_late && record.time < trace->watermark)
      trace->defect = "a record behind its watermark";
    std::uint64_t& before = newest[{record.value.source, record.value.key}];
    if (sink->ordered && record.value.sequence < before)
      trace->defect = "records of a key out of order";
    before = record.value.sequence;
    trace->records.push_back(record.value);
  }
  void on_watermark(EventTime time, auto&&) noexcept {
    if (time <= trace->watermark) trace->defect = "a watermark that does not rise";
    trace->watermark = time;
  }
  void on_barrier(Epoch epoch) noexcept {
    if (!trace->cuts.empty() && epoch <= trace->cuts.back().first)
      trace->defect = "an epoch that does not rise";
    trace->cuts.emplace_back(epoch, trace->records.size());
  }
};

// Counts per key. What it emits depends on how many records of the key came, not on which came first.
struct CountKey {
  using Output = SimRecord;
  std::uint32_t node = 0;
  ValueState<std::uint64_t> count;

  void open(OperatorContext& context) { count = context.value_state<std::uint64_t>("count"); }
  void on_record(const Record<SimRecord>& record, CollectorOf<SimRecord> auto&& out) noexcept {
    const std::uint64_t now = ++count.get_or_create();
    out.collect(Record<SimRecord>{{node, record.value.key, now, 0}, record.time});
  }
};

// The same beside a broadcast stream, whose records change nothing: how many have come is a matter of arrival.
struct CountKeyBesideOthers : CountKey {
  std::uint64_t others = 0;
  void on_broadcast(const Record<SimRecord>&, auto&&) noexcept { ++others; }
};

SimRecords counted(const SimRecords& input, std::uint32_t node) {
  std::map<std::uint32_t, std::uint64_t> counts;
  SimRecords result;
  for (const SimRecord& record : input)
    result.push_back({node, record.key, ++counts[record.key], 0});
  return result;
}

using Mid = decltype(std::declval<SharedStream<SimRecord>>().read());

// What is known of a stream while the plan is made.
struct Known {
  Naive naive;
  double records = 0;
  std::uint32_t tasks = 1;
  bool ordered = true;
  bool may_be_late = false;
  std::set<std::uint32_t> sources;
};
struct Piece {
  Mid stream;
  Known known;
};

class Builder {
 public:
  Builder(std::uint64_t seed, RandomPlan& plan)
      : random_(seed), job_(*plan.job), trace_(plan.trace) {}

  void build() {
    const std::uint64_t sources = 1 + random_.below(3);
    for (std::uint64_t i = 0; i < sources; ++i) add_source();
    const std::uint64_t pieces = random_.below(9);
    for (std::uint64_t i = 0; i < pieces; ++i) add_piece();
    while (!open_.empty()) add_sink(take());
  }

 private:
  std::uint32_t some_tasks() { return static_cast<std::uint32_t>(1 + random_.below(kTasksMax)); }

  Piece take() {
    const auto index = static_cast<std::ptrdiff_t>(random_.below(open_.size()));
    Piece piece = std::move(open_[static_cast<std::size_t>(index)]);
    open_.erase(open_.begin() + index);
    return piece;
  }

  void add_source() {
    SimSource source{.first_id = next_id_, .count = random_.below(200)};
    Known known;
    known.tasks = some_tasks();
    known.records = static_cast<double>(source.count * known.tasks);
    known.may_be_late = random_.chance(0.3);
    if (known.may_be_late) source.pause_every = 1 + random_.below(50);
    NoteSource note;
    for (std::uint32_t task = 0; task < known.tasks; ++task) {
      known.sources.insert(next_id_ + task);
      note.traces.push_back(trace_.sources[next_id_ + task] = std::make_shared<TaskTrace>());
    }
    next_id_ += known.tasks;
    known.naive = [ids = known.sources](const Prefix& prefix) {
      SimRecords records;
      for (const std::uint32_t id : ids) {
        for (std::uint64_t i = 0; i < prefix.at(id); ++i) records.push_back(sent_record(id, i));
      }
      return records;
    };
    const microseconds idle_after(known.may_be_late ? 1000 : 0);
    lead_on(job_.source(source)
                .parallelism(known.tasks)
                .event_time(time_of, {.max_disorder = microseconds(kDisorderMicros),
                                      .idle_after = idle_after})
                .apply(note),
            known);
  }

  void add_piece() {
    switch (random_.below(9)) {
      case 0:
        return add_map();
      case 1:
        return add_filter();
      case 2:
        return add_flat_map();
      case 3:
        return add_split();
      case 4:
        return add_union();
      case 5:
        return add_share();
      case 6:
        return add_keyed();
      case 7:
        return add_connected();
      default:
        return add_broadcast();
    }
  }

  void add_map() {
    Piece piece = take();
    const bool rekey = random_.chance(0.3);
    const auto function = [rekey](const SimRecord& record) {
      SimRecord changed = record;
      changed.value = record.value * 3 + 1;
      if (rekey) changed.key = record.key / 2;
      return changed;
    };
    if (rekey) piece.known.ordered = false;
    piece.known.naive = [function, before = piece.known.naive](const Prefix& prefix) {
      SimRecords records = before(prefix);
      for (SimRecord& record : records) record = function(record);
      return records;
    };
    lead_on(std::move(piece.stream).map(function), piece.known);
  }

  void add_filter() {
    Piece piece = take();
    const auto predicate = [](const SimRecord& record) { return record.value % 3 != 0; };
    piece.known.naive = kept(piece.known.naive, predicate);
    lead_on(std::move(piece.stream).filter(predicate), piece.known);
  }

  void add_flat_map() {
    Piece piece = take();
    const std::int64_t times = random_.between(0, random_.chance(0.1) ? 60 : 3);
    if (piece.known.records * static_cast<double>(times) > kRecordsMax)
      return open_.push_back(std::move(piece));
    piece.known.records *= static_cast<double>(times);
    const auto function = [times](const SimRecord& record, auto emit) {
      SimRecord copy = record;
      for (std::int64_t i = 0; i < times; ++i, ++copy.value) emit(copy);
    };
    piece.known.naive = [function, before = piece.known.naive](const Prefix& prefix) {
      SimRecords records;
      for (const SimRecord& record : before(prefix)) {
        function(record, [&](const SimRecord& emitted) { records.push_back(emitted); });
      }
      return records;
    };
    lead_on(std::move(piece.stream).flat_map<SimRecord>(function), piece.known);
  }

  void add_split() {
    Piece piece = take();
    const auto predicate = [](const SimRecord& record) { return record.value % 2 == 0; };
    const auto otherwise = [](const SimRecord& record) { return record.value % 2 != 0; };
    auto [yes, no] = std::move(piece.stream).split(predicate);
    Known rest = piece.known;
    rest.naive = kept(piece.known.naive, otherwise);
    open_.push_back({std::move(no), rest});
    piece.known.naive = kept(piece.known.naive, predicate);
    lead_on(std::move(yes), piece.known);
  }

  void add_union() {
    if (open_.size() < 2) return;
    Piece left = take();
    Piece right = take();
    Known both = left.known;
    both.records += right.known.records;
    both.tasks = std::max(left.known.tasks, right.known.tasks);
    both.may_be_late = left.known.may_be_late || right.known.may_be_late;
    both.ordered =
        left.known.ordered && right.known.ordered && left.known.tasks == right.known.tasks;
    for (const std::uint32_t source : right.known.sources) {
      if (!both.sources.insert(source).second) both.ordered = false;
    }
    both.naive = [a = left.known.naive, b = right.known.naive](const Prefix& prefix) {
      SimRecords records = a(prefix);
      const SimRecords more = b(prefix);
      records.insert(records.end(), more.begin(), more.end());
      return records;
    };
    open_.push_back({std::move(left.stream).union_with(std::move(right.stream)), both});
  }

  void add_share() {
    Piece piece = take();
    const SharedStream<SimRecord> shared = std::move(piece.stream).share();
    const std::uint64_t readers = 1 + random_.below(3);
    for (std::uint64_t i = 0; i < readers; ++i) open_.push_back({shared.read(), piece.known});
  }

  void add_keyed() {
    Piece piece = take();
    const std::uint32_t node = 1000 + next_id_++;
    Known known = piece.known;
    known.tasks = some_tasks();
    known.ordered = true;  // Counts of a key rise in the one task that owns it.
    known.sources = {node};
    known.naive = [node, before = piece.known.naive](const Prefix& prefix) {
      return counted(before(prefix), node);
    };
    lead_on(std::move(piece.stream)
                .key_by(&SimRecord::key)
                .parallelism(known.tasks)
                .process(CountKey{.node = node, .count = {}}),
            known);
  }

  // The stage ends with its keyed stream: what only it reads of the other ends too, sources included.
  void add_connected() {
    if (open_.size() < 2) return;
    Piece piece = take();
    const BroadcastStream<SimRecord> other = std::move(take().stream).broadcast();
    const std::uint32_t node = 1000 + next_id_++;
    Known known = piece.known;
    known.tasks = some_tasks();
    known.ordered = true;
    known.sources = {node};
    known.naive = [node, before = piece.known.naive](const Prefix& prefix) {
      return counted(before(prefix), node);
    };
    lead_on(std::move(piece.stream)
                .key_by(&SimRecord::key)
                .connect(other)
                .parallelism(known.tasks)
                .process(CountKeyBesideOthers{{.node = node, .count = {}}}),
            known);
  }

  void add_broadcast() {
    Piece piece = take();
    const std::uint32_t tasks = some_tasks();
    if (piece.known.records * tasks > kRecordsMax) return open_.push_back(std::move(piece));
    piece.known.records *= tasks;
    piece.known.tasks = tasks;
    piece.known.ordered = piece.known.ordered && tasks == 1;
    piece.known.naive = [tasks, before = piece.known.naive](const Prefix& prefix) {
      const SimRecords once = before(prefix);
      SimRecords records;
      for (std::uint32_t i = 0; i < tasks; ++i)
        records.insert(records.end(), once.begin(), once.end());
      return records;
    };
    open_.push_back({std::move(piece.stream).broadcast().parallelism(tasks), piece.known});
  }

  void add_sink(Piece piece) {
    auto sink = std::make_shared<SinkTrace>();
    sink->tasks.resize(piece.known.tasks);
    sink->naive = piece.known.naive;
    sink->ordered = piece.known.ordered;
    sink->may_be_late = piece.known.may_be_late;
    trace_.sinks.push_back(sink);
    std::move(piece.stream)
        .apply(NoteSink{sink, nullptr, {}})
        .for_each([](const SimRecord&) noexcept {});
  }

  template <class Predicate>
  static Naive kept(Naive before, Predicate predicate) {
    return [before = std::move(before), predicate](const Prefix& prefix) {
      SimRecords records = before(prefix);
      std::erase_if(records, [&](const SimRecord& record) { return !predicate(record); });
      return records;
    };
  }

  // Closes the stage behind a random exchange, so that what is open always has the same type.
  template <class AnyStream>
  void lead_on(AnyStream stream, Known known) {
    const std::uint32_t tasks = random_.chance(0.5) ? known.tasks : some_tasks();
    const bool forward = random_.chance(0.6);
    const bool same_tasks = tasks == known.tasks;
    known.ordered = known.ordered && same_tasks && (forward || tasks == 1);
    known.tasks = tasks;
    if (forward) {
      open_.push_back({std::move(stream).share().read().parallelism(tasks), known});
    } else {
      open_.push_back({std::move(stream).rebalance().parallelism(tasks), known});
    }
  }

  Random random_;
  Job& job_;
  SimTrace& trace_;
  std::vector<Piece> open_;
  std::uint32_t next_id_ = 0;
};

}  // namespace

RandomPlan make_random_plan(std::uint64_t seed) {
  RandomPlan plan;
  plan.job = std::make_unique<Job>("seed " + std::to_string(seed));
  Builder(seed, plan).build();
  return plan;
}

}  // namespace penstock::sim
