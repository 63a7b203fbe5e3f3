#include "penstock/api/job.h"

namespace penstock {

Result<std::unique_ptr<Engine>> Job::build(const Options& options) const {
  EngineOptions named = options;
  if (named.job_name.empty()) named.job_name = name_;
  Result<std::unique_ptr<Engine>> engine = Engine::build(*plan_, named);
  if (engine.ok() && runs_->once && runs_->begun.exchange(true)) {
    return Status::failed_precondition(
        "it was started before, and its inputs belong to that run: write a new Job to run it "
        "again");
  }
  return engine;
}

Result<JobHandle> Job::start(const Options& options) const {
  Result<std::unique_ptr<Engine>> engine = build(options);
  if (!engine.ok()) return engine.status().with_place("job \"" + name_ + "\"");
  if (Status status = (*engine)->start(); !status.ok())
    return status.with_place("job \"" + name_ + "\"");
  return JobHandle(std::move(*engine));
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
  return JobHandle(std::move(*engine));
}

Status Job::run(const Options& options) const {
  Result<JobHandle> handle = start(options);
  if (!handle.ok()) return handle.status();
  return handle->wait();
}

}  // namespace penstock
