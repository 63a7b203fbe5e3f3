#include "penstock/api/job.h"

namespace penstock {

namespace {

EngineOptions named(const EngineOptions& options, const std::string& name) {
  EngineOptions own = options;
  if (own.job_name.empty()) own.job_name = name;
  return own;
}

}  // namespace

Result<std::unique_ptr<Engine>> Job::build(const Options& options) const {
  Result<std::unique_ptr<Engine>> engine = Engine::build(*plan_, named(options, name_));
  if (engine.ok() && runs_->once && runs_->begun.exchange(true)) {
    return Status::failed_precondition(
        "it was started before, and its inputs belong to that run: write a new Job to run it "
        "again");
  }
  return engine;
}

Result<JobHandle> Job::start(const Options& options) const {
  const std::string place = "job \"" + name_ + "\"";
  Result<std::unique_ptr<Engine>> engine = build(options);
  if (!engine.ok()) return engine.status().with_place(place);
  if (Status status = (*engine)->start(); !status.ok()) return status.with_place(place);
  if (options.restarts.max == 0 || !can_restart(options))
    return JobHandle(std::make_unique<JobRun>(std::move(*engine)));
  auto again = [plan = plan_, name = name_](const Options& next) {
    return Engine::build(*plan, named(next, name));
  };
  Result<std::unique_ptr<JobRun>> run =
      JobRun::with_restarts(std::move(*engine), options, name_, std::move(again));
  if (!run.ok()) return run.status().with_place(place);
  return JobHandle(std::move(*run));
}

bool Job::can_restart(const Options& options) const {
  if (!options.checkpoint.directory.empty() && !runs_->once) return true;
  StandardErrorNotices standard_error;
  Notices& notices = options.notices != nullptr ? *options.notices : standard_error;
  notices.post({Severity::kWarning, "job \"" + name_ + "\"",
                runs_->once ? "is not started again after a failure: what is pushed into its "
                              "inputs belongs to one run"
                            : "is not started again after a failure: without a folder for "
                              "checkpoints that would lose records or double them"});
  return false;
}

Result<JobHandle> Job::open(const Options& options) const {
  if (options.workers != 1) {
    return Status::invalid_argument(
        "job \"" + name_ + "\": open() runs on one thread, but option workers is " +
        std::to_string(options.workers) + "; set it to 1 or call start()");
  }
  Result<std::unique_ptr<Engine>> engine = build(options);
  if (!engine.ok()) return engine.status().with_place("job \"" + name_ + "\"");
  if (Status status = (*engine)->open_by_hand(); !status.ok())
    return status.with_place("job \"" + name_ + "\"");
  return JobHandle(std::make_unique<JobRun>(std::move(*engine)));
}

Status Job::run(const Options& options) const {
  Result<JobHandle> handle = start(options);
  if (!handle.ok()) return handle.status();
  return handle->wait();
}

}  // namespace penstock
