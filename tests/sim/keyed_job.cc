#include "penstock/tests/sim/keyed_job.h"

#include <chrono>

#include "penstock/core/base/hash.h"
#include "penstock/tests/sim/keyed_operators.h"

namespace penstock::sim {
namespace {

using std::chrono::microseconds;

EventTime time_of(const SimEvent& event) noexcept { return {event.time}; }

struct NoteSource {
  using Output = SimEvent;
  std::vector<std::shared_ptr<SourceTaskTrace>> traces;
  SourceTaskTrace* trace = nullptr;

  Status open(const TaskContext& context) {
    trace = traces[context.task_index].get();
    return Status();
  }
  void on_record(const Record<SimEvent>& record, auto&& out) noexcept {
    ++trace->sent;
    out.collect(record);
  }
  void on_barrier(Epoch epoch) noexcept { trace->cuts.emplace_back(epoch, trace->sent); }
};

struct NoteRows {
  using Output = SimRow;
  std::shared_ptr<RowSink> sink;
  RowTaskTrace* trace = nullptr;
  std::map<std::pair<What, std::uint32_t>, std::int64_t> newest{};
  LedgerWriter<SimRow> writer{};
  std::uint32_t task = 0;
  std::uint32_t tasks = 1;

  Status open(const TaskContext& context) {
    task = context.task_index;
    tasks = context.task_count;
    trace = &sink->tasks[task];
    if (sink->published != nullptr) writer.open(*sink->published);
    return Status();
  }
  void on_record(const Record<SimRow>& record, auto&&) noexcept {
    const SimRow& row = record.value;
    const bool updates = row.what == What::kUpdatedWindow;
    if (record.time < trace->watermark && !updates && !sink->passes_late)
      trace->defect = "a row behind its watermark";
    auto [before, is_first] = newest.try_emplace({row.what, row.key}, row.end);
    if (!is_first && row.end <= before->second && sink->of_event_time && !updates)
      trace->defect = "rows of a key out of order";
    before->second = row.end;
    trace->rows.push_back(row);
    writer.write(row);
  }
  void capture(Epoch, SnapshotWriter& out) noexcept { writer.capture(out); }
  Status restore(const SnapshotItem& item) {
    if (item.task_index % tasks == task) writer.restore(item.bytes);
    return Status();
  }
  void committed(Epoch) noexcept { writer.committed(); }
  void on_watermark(EventTime time, auto&&) noexcept {
    if (time <= trace->watermark) trace->defect = "a watermark that does not rise";
    trace->watermark = time;
  }
  void on_barrier(Epoch epoch) noexcept {
    trace->cuts.emplace_back(epoch, trace->rows.size());
    trace->cut_watermarks.push_back(trace->watermark);
  }
};

struct NoteLate {
  using Output = SimEvent;
  std::shared_ptr<RowSink> sink;
  SimEvents* events = nullptr;

  Status open(const TaskContext& context) {
    events = &sink->late[context.task_index];
    return Status();
  }
  void on_record(const Record<SimEvent>& record, auto&&) noexcept {
    events->push_back(record.value);
  }
};

constexpr auto kToRow = [](const auto& window) noexcept {
  const What what = window.updated ? What::kUpdatedWindow : What::kWindow;
  std::uint32_t key = 0;
  if constexpr (requires { window.key; }) key = window.key;
  return SimRow{what, key, window.start.micros, window.end.micros,
                static_cast<std::int64_t>(window.value)};
};

using Total = Sum<std::int64_t>;
using Mid = decltype(std::declval<SharedStream<SimEvent>>().read());
const SideOutput<SimEvent> kLate("late");

class Builder {
 public:
  Builder(const KeyedJobSeeds& seeds, KeyedJob& made, KeyedLedger* ledger)
      : ledger_(ledger),
        what_(hash_bits(seeds.content + 5)),
        shape_(hash_bits(seeds.shape + 6)),
        content_(make_content(seeds.content)),
        dealing_(deal(content_, seeds.dealing, seeds.may_be_late)),
        made_(made),
        job_(*made.job),
        with_wishes_(seeds.with_wishes && !seeds.may_be_late),
        keyed_tasks_(seeds.keyed_tasks),
        idles_(dealing_.sources.back().pausing == Pausing::kIdleUntilLast) {}

  void build() {
    made_.may_be_late = dealing_.may_be_late;
    const SharedStream<SimEvent> events = merged().share();
    const std::uint64_t readers = 1 + what_.below(3);
    for (std::uint64_t i = 0; i < readers; ++i) add_reader(events.read());
  }

 private:
  std::uint32_t some_tasks() { return static_cast<std::uint32_t>(1 + shape_.below(4)); }
  std::uint32_t keyed_tasks() {
    const std::uint32_t drawn = some_tasks();
    return keyed_tasks_ > 0 ? keyed_tasks_ : drawn;
  }
  // Where a source that is idle has several ways to one task, its records may be late there when it wakes: the first
  // way that wakes does not wait for the others. So there is one way only where nothing may be late.
  std::uint32_t tasks_in_between() { return idles_ ? 1 : some_tasks(); }

  struct Piece {
    Mid stream;
    std::uint32_t tasks;
  };

  Mid merged() {
    std::vector<Piece> pieces;
    pieces.reserve(dealing_.sources.size());
    for (SourcePart& part : dealing_.sources) pieces.push_back(add_source(std::move(part)));
    Piece all = std::move(pieces[0]);
    for (std::size_t i = 1; i < pieces.size(); ++i) {
      const std::uint32_t tasks = idles_ ? 1 : all.tasks;
      if (pieces[i].tasks != tasks || all.tasks != tasks) keeps_order_ = false;
      auto both = std::move(all.stream).union_with(std::move(pieces[i].stream)).parallelism(tasks);
      all = lead_on(std::move(both), tasks);
    }
    return std::move(all.stream);
  }
  Piece add_source(SourcePart part) {
    NoteSource note;
    for (const SimEvents& task : part.tasks) {
      made_.sent.push_back(task);
      note.traces.push_back(made_.sources.emplace_back(std::make_shared<SourceTaskTrace>()));
    }
    const auto tasks = static_cast<std::uint32_t>(part.tasks.size());
    const bool idles = part.pausing == Pausing::kIdle || part.pausing == Pausing::kIdleUntilLast;
    const EventTimeOptions<SimEvent> options{.max_disorder = microseconds(content_.disorder),
                                             .idle_after = idles ? kIdleAfter : kIdleAfter * 0};
    return lead_on(job_.source(ListSource(std::move(part)))
                       .parallelism(tasks)
                       .event_time(time_of, options)
                       .apply(std::move(note)),
                   tasks);
  }
  // Closes the stage behind a random exchange. Where records change their task, a source's records of a key may
  // overtake each other.
  template <class AnyStream>
  Piece lead_on(AnyStream stream, std::uint32_t tasks) {
    if (shape_.chance(0.6) || idles_)
      return {std::move(stream).share().read().parallelism(tasks), tasks};
    keeps_order_ = false;
    const std::uint32_t others = some_tasks();
    return {std::move(stream).rebalance().parallelism(others), others};
  }

  void add_reader(Mid events) {
    switch (what_.below(9)) {
      case 0:
        return add_windows<Total>(std::move(events), naive_sum);
      case 1:
        return add_windows<Max<std::int64_t>>(std::move(events), naive_max);
      case 2:
        return add_windows<Digest>(std::move(events), naive_digest);
      case 3:
        return add_sessions(std::move(events));
      case 4:
        return add_window_all(std::move(events));
      case 5:
        return add_clockwork(std::move(events));
      case 6:
        return add_reminders(std::move(events));
      case 7:
        return add_beside_rules(std::move(events));
      default:
        return add_windows_of_windows(std::move(events));
    }
  }

  NaiveSpec some_windows() {
    const std::int64_t pane =
        what_.chance(0.5) ? kTick * what_.between(1, 8) : what_.between(30, 500);
    const std::int64_t per_slide = what_.between(1, 4);
    std::int64_t per_window = per_slide;
    if (what_.chance(0.6) && !made_.may_be_late) per_window += what_.between(0, 40);
    return {pane * per_window, pane * per_slide, what_.between(-1000, 1000)};
  }
  static WindowSpec spec_of(const NaiveSpec& spec) {
    return sliding(microseconds(spec.size), microseconds(spec.slide), microseconds(spec.offset));
  }

  template <class Acc>
  void add_windows(Mid events, NaiveSum sum) {
    const NaiveSpec spec = some_windows();
    const microseconds lateness(what_.chance(0.3) ? what_.between(0, 3) * spec.slide : 0);
    auto sink = new_sink("windows", keyed_tasks());
    sink->naive = [spec, sum](const SimEvents& sent) { return naive_windows(sent, spec, sum); };
    sink->when_late = spec.size == spec.slide ? LateAnswer::kExact : LateAnswer::kNone;
    auto windows = std::move(events)
                       .key_by(&SimEvent::key)
                       .parallelism(tasks_of(sink))
                       .window(spec_of(spec))
                       .allowed_lateness(lateness);
    // Records are added up before they go to their keys' tasks, where none is asked for that is late.
    if (!made_.may_be_late && what_.chance(0.5)) {
      return add_sink(std::move(windows).template aggregate<Acc>(&SimEvent::value).map(kToRow),
                      sink);
    }
    note(std::move(windows).late_to(kLate).template aggregate<Acc>(&SimEvent::value).map(kToRow),
         sink);
  }
  void add_sessions(Mid events) {
    const std::int64_t gap = kTick * what_.between(0, 25) + 1;
    auto sink = new_sink("sessions", keyed_tasks());
    sink->naive = [gap](const SimEvents& sent) { return naive_sessions(sent, gap, naive_sum); };
    sink->when_late = LateAnswer::kTotal;
    note(std::move(events)
             .key_by(&SimEvent::key)
             .parallelism(tasks_of(sink))
             .window(session(microseconds(gap)))
             .late_to(kLate)
             .aggregate<Total>(&SimEvent::value)
             .map(kToRow),
         sink);
  }
  void add_window_all(Mid events) {
    const NaiveSpec spec = some_windows();
    auto sink = new_sink("window_all", 1);
    sink->naive = [spec](SimEvents sent) {
      for (SimEvent& event : sent) event.key = 0;
      return naive_windows(sent, spec, naive_sum);
    };
    auto stream = std::move(events).parallelism(tasks_in_between());
    add_sink(
        std::move(stream).window_all(spec_of(spec)).aggregate<Total>(&SimEvent::value).map(kToRow),
        sink);
  }
  void add_clockwork(Mid events) {
    auto sink = new_sink("clockwork", keyed_tasks());
    const bool wishes = keeps_order_ && with_wishes_;
    sink->naive = [wishes](const SimEvents& sent) { return naive_timers(sent, wishes); };
    sink->when_late = LateAnswer::kExact;
    note(std::move(events)
             .key_by(&SimEvent::key)
             .parallelism(tasks_of(sink))
             .process(Clockwork{.late = kLate, .with_wishes = wishes}),
         sink);
  }
  void add_reminders(Mid events) {
    auto sink = new_sink("reminders", keyed_tasks());
    sink->of_event_time = false;
    sink->passes_late = made_.may_be_late;
    sink->when_late = LateAnswer::kExact;
    sink->naive = [](const SimEvents& sent) {
      SimRows rows;
      for (const SimEvent& event : sent)
        rows.push_back({What::kProcessingTimerSet, event.key, 0, 0, 0});
      return rows;
    };
    add_sink(
        std::move(events).key_by(&SimEvent::key).parallelism(tasks_of(sink)).process(Reminder{}),
        sink);
  }
  void add_beside_rules(Mid events) {
    auto sink = new_sink("beside rules", keyed_tasks());
    const NaiveSpec spec = some_windows();
    const bool wishes = keeps_order_ && with_wishes_;
    sink->naive = [spec, wishes](const SimEvents& sent) {
      SimRows rows = naive_windows(sent, spec, naive_sum);
      const SimRows timers = naive_timers(sent, wishes);
      rows.insert(rows.end(), timers.begin(), timers.end());
      return rows;
    };
    auto op = ClockworkBesideRules{{.late = kLate, .with_wishes = wishes},
                                   WindowPanes<Total>("panes", spec_of(spec)),
                                   sink->defect};
    note(std::move(events)
             .key_by(&SimEvent::key)
             .connect(add_rules())
             .parallelism(tasks_of(sink))
             .process(std::move(op)),
         sink);
  }
  BroadcastStream<SimEvent> add_rules() {
    SourcePart part;
    part.tasks.resize(1 + shape_.below(2));
    part.pausing = shape_.chance(0.5) ? Pausing::kNowAndThen : Pausing::kNever;
    for (std::uint32_t task = 0; task < part.tasks.size(); ++task) {
      const std::uint64_t rules = shape_.below(120);
      for (std::uint64_t id = 0; id < rules; ++id) part.tasks[task].push_back({task, 0, id, 0, 0});
    }
    const auto tasks = static_cast<std::uint32_t>(part.tasks.size());
    return job_.source(ListSource(std::move(part))).parallelism(tasks).broadcast();
  }
  // Windows over the rows of windows: none of these may come too late for those.
  void add_windows_of_windows(Mid events) {
    const NaiveSpec first = some_windows();
    const NaiveSpec second = some_windows();
    auto sink = new_sink("windows of windows", keyed_tasks());
    sink->naive = [first, second](const SimEvents& sent) {
      return naive_windows(events_of(naive_windows(sent, first, naive_sum)), second, naive_sum);
    };
    add_sink(std::move(events)
                 .key_by(&SimEvent::key)
                 .parallelism(tasks_in_between())
                 .window(spec_of(first))
                 .aggregate<Total>(&SimEvent::value)
                 .map(kToRow)
                 .key_by(&SimRow::key)
                 .named("second")
                 .parallelism(tasks_of(sink))
                 .window(spec_of(second))
                 .aggregate<Total>(&SimRow::value)
                 .map(kToRow),
             sink);
  }

  std::shared_ptr<RowSink> new_sink(const char* name, std::uint32_t tasks) {
    auto sink = std::make_shared<RowSink>();
    sink->name = name;
    sink->tasks.resize(tasks);
    sink->late.resize(tasks);
    if (ledger_ != nullptr) {
      if (ledger_->sinks.size() == made_.sinks.size()) ledger_->sinks.emplace_back();
      sink->published = &ledger_->sinks[made_.sinks.size()];
    }
    made_.sinks.push_back(sink);
    return sink;
  }
  static std::uint32_t tasks_of(const std::shared_ptr<RowSink>& sink) {
    return static_cast<std::uint32_t>(sink->tasks.size());
  }
  template <class AnyStream>
  void note(AnyStream stream, const std::shared_ptr<RowSink>& sink) {
    auto [rows, late] = std::move(stream).side_output(kLate);
    std::move(late).apply(NoteLate{sink}).for_each([](const SimEvent&) noexcept {});
    add_sink(std::move(rows), sink);
  }
  template <class AnyStream>
  static void add_sink(AnyStream stream, const std::shared_ptr<RowSink>& sink) {
    std::move(stream).apply(NoteRows{sink}).for_each([](const SimRow&) noexcept {});
  }

  KeyedLedger* ledger_;
  Random what_;
  Random shape_;
  Content content_;
  Dealing dealing_;
  KeyedJob& made_;
  Job& job_;
  bool with_wishes_;
  std::uint32_t keyed_tasks_;
  bool idles_;
  bool keeps_order_ = true;
};

}  // namespace

KeyedJob make_keyed_job(const KeyedJobSeeds& seeds, KeyedLedger* ledger) {
  KeyedJob made;
  made.job = std::make_unique<Job>("keyed " + std::to_string(seeds.content));
  made.may_be_late = seeds.may_be_late;
  Builder(seeds, made, ledger).build();
  return made;
}

}  // namespace penstock::sim
