// api/job.h -- Job: write a pipeline, start it, and hold it by its handle.
//
// Threads    A job is written by one thread. JobHandle calls may come from any thread, one at a time; poll() belongs to
//            the thread that owns the work.
// Ownership  Everything hangs off the job and its handle: no global state, no signal handlers, no output of our own.
//            Two jobs in one process do not know of each other. No callback runs after stop() or ~JobHandle().
// Callbacks  A function of the job may use its handle too. There nothing waits: stop() and ~JobHandle() only ask, and
//            each worker ends after the records at hand; wait() refuses; wait_for() is false and poll() idle at once.
//            drain(), finish(), status() and metrics() do the same as elsewhere. A job whose handle goes in a callback
//            is destroyed by that callback's thread a little later, so its functions must own what they use.
// Runs       A job with inputs runs once, since what is pushed belongs to one run; a second start() or open() refuses.
//            Without inputs each start() is a run of its own, from the beginning of its sources.
// Errors     start() refuses a job that cannot run, with a message; a job that fails while running says why in wait().
// Restarts   With Options::restarts a job that has checkpoints, and no inputs, is started again from the newest one
//            when it fails for a reason that may pass.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "penstock/api/input.h"
#include "penstock/api/job_run.h"
#include "penstock/api/keyed_stream.h"
#include "penstock/api/options.h"
#include "penstock/api/window_all_stream.h"
#include "penstock/core/runtime/source_input.h"
#include "penstock/io/decode/decoded_source.h"
#include "penstock/io/file/resolved_path.h"

namespace penstock {

struct RowOptions;

class JobHandle {
 public:
  explicit JobHandle(std::unique_ptr<JobRun> run) : run_(std::move(run)) {}

  // Sources stop, what is in flight comes out, the job ends. Returns at once: wait() for the end.
  void drain() { run_->drain(); }
  // Like drain(), and time is over: everything that waits for a later watermark comes out too.
  void finish() { run_->finish(); }
  // Ends the job now. What is in flight is dropped. No callback runs after it returns, unless it is called in one.
  void stop() { run_->stop(); }
  // Until the job has ended; why. kFailedPrecondition in a callback.
  Status wait() { return run_->wait(); }
  // Until the job has ended or `timeout` has passed; true when it has ended.
  bool wait_for(std::chrono::nanoseconds timeout) { return run_->wait_for(timeout); }
  // The first failure, so far; with Options::restarts one after which the job is not started again.
  Status status() const { return run_->status(); }
  JobMetrics metrics() const { return run_->metrics(); }
  // Waits until everything the job has done so far is in a savepoint: a checkpoint that is never removed by itself. For
  // jobs that have a folder for checkpoints and run on threads of their own.
  Result<Epoch> savepoint(std::chrono::nanoseconds timeout = std::chrono::seconds(60)) {
    return run_->savepoint(timeout);
  }

  // For jobs opened with Job::open(): does a bounded amount of work on the calling thread. kIdle: nothing to do now.
  StepOutcome poll() { return engine().step(); }

  // REQUIRES: no Options::restarts.
  Engine& engine() noexcept { return run_->engine(); }

 private:
  std::unique_ptr<JobRun> run_;
};

class Job {
 public:
  explicit Job(std::string name)
      : name_(std::move(name)), plan_(std::make_shared<Plan>()), runs_(std::make_shared<Runs>()) {}

  const std::string& name() const noexcept { return name_; }

  // Bytes from outside, decoded record by record.
  template <class Decoder>
  auto source(std::shared_ptr<const ByteSource> bytes, Decoder decoder,
              DecodeOptions options = {}) {
    using Input = DecodedSource<Decoder>;
    const StageId stage = plan_->add_stage(bytes->name());
    plan_->stage(stage).parallelism_max = bytes->parallelism_max();
    plan_->reads_path(bytes->path());
    if (options.on_error == ErrorPolicy::kDeadLetter) {
      plan_->puts_bad_records_into(resolved_path(options.dead_letter_path));
      if (options.dead_letter_sink != nullptr)
        plan_->puts_bad_records_into(options.dead_letter_sink->path());
    }
    return Stream<typename Decoder::Value, internal::FromPrototype<Input>>(
        plan_, stage, {Input(std::move(bytes), std::move(decoder), std::move(options))}, {});
  }

  // A typed source: see core/runtime/source_input.h for its shape.
  template <class Source>
    requires requires { typename Source::Value; }
  auto source(Source source, std::string name = "source") {
    using Input = SourceInput<Source>;
    const StageId stage = plan_->add_stage(std::move(name));
    return Stream<typename Source::Value, internal::FromPrototype<Input>>(
        plan_, stage, {Input(std::move(source))}, {});
  }

  // Bytes from outside as rows of a schema such as "card STRING, amount DOUBLE", by CsvRows, JsonRows or TextRows: a
  // RowStream. Include penstock/api/row_stream.h.
  template <class Format>
  auto rows(std::shared_ptr<const ByteSource> bytes, const Format& format,
            const std::string& schema, RowOptions options);
  template <class Format>
  auto rows(std::shared_ptr<const ByteSource> bytes, const Format& format,
            const std::string& schema);

  // {stream, handle to push into it}
  template <class T>
  auto input(InputOptions options = {}) {
    runs_->once = true;
    auto channel = std::make_shared<internal::InputChannel<T>>(options);
    auto stream = source(internal::InputSource<T>(channel), "input");
    plan_->stage({static_cast<std::uint32_t>(plan_->stages().size() - 1)}).parallelism_max = 1;
    return std::pair(std::move(stream), InputHandle<T>(std::move(channel)));
  }

  // Runs on threads of the job's own.
  Result<JobHandle> start(const Options& options = {}) const;
  // Runs on the caller's thread: nothing happens but in JobHandle::poll(). REQUIRES: options.workers == 1.
  Result<JobHandle> open(const Options& options = {}) const;
  // start() and wait().
  Status run(const Options& options = {}) const;

  const Plan& plan() const noexcept { return *plan_; }

 private:
  // Copies of a job share its plan, and so its runs.
  struct Runs {
    bool once = false;
    std::atomic<bool> begun{false};
  };

  Result<std::unique_ptr<Engine>> build(const Options& options) const;
  // Else it says why not.
  bool can_restart(const Options& options) const;

  std::string name_;
  std::shared_ptr<Plan> plan_;
  std::shared_ptr<Runs> runs_;
};

}  // namespace penstock
