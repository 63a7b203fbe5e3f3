#include "penstock/core/checkpoint/coordinator.h"

#include <algorithm>
#include <utility>

#include "penstock/core/base/buggify.h"
#include "penstock/core/base/crash_point.h"
#include "penstock/core/base/protocol_trace.h"
#include "penstock/core/checkpoint/plan_changes.h"
#include "penstock/core/checkpoint/transaction_id.h"

namespace penstock {
namespace {

constexpr const char* kPlace = "checkpoints";
constexpr std::chrono::milliseconds kRetryAfter{100};

std::string name_of(Epoch epoch) { return "epoch " + std::to_string(epoch.value); }

}  // namespace

Status read_restore_choice(std::string_view text, CheckpointOptions& options) {
  options.restore_from = {};
  options.begin_anew = text == "none";
  if (text == "none" || text == "newest") return Status();
  const std::string name = text.starts_with("e-") ? std::string(text) : "e-" + std::string(text);
  const std::optional<Epoch> epoch = epoch_of_name(name);
  if (!epoch) {
    return Status::invalid_argument("'" + std::string(text) +
                                    "' is no checkpoint to go on from: choose newest, none, or one "
                                    "that `penstock checkpoint ls` lists, as e-17");
  }
  options.restore_from = *epoch;
  return Status();
}

CheckpointCoordinator::CheckpointCoordinator(CheckpointOptions options, FileSystem& files,
                                             const Clock& clock, Notices& notices,
                                             EpochCommands& commands)
    : options_(std::move(options)),
      clock_(clock),
      notices_(notices),
      commands_(commands),
      store_(files, options_.directory, {.retain = options_.retain}, notices),
      outputs_(notices),
      savepoints_(files, options_.directory, notices),
      restore_progress_(clock, notices) {}

CheckpointCoordinator::~CheckpointCoordinator() { stop(); }

Status CheckpointCoordinator::open(std::string job, std::vector<StageFingerprint> plan) {
  job_ = std::move(job);
  plan_ = std::move(plan);
  PENSTOCK_RETURN_IF_ERROR(store_.open());
  PENSTOCK_RETURN_IF_ERROR(open_outputs());
  PENSTOCK_RETURN_IF_ERROR(choose());
  if (restored_) PENSTOCK_RETURN_IF_ERROR(explain_differences());
  const bool chosen = options_.begin_anew || options_.restore_from != Epoch{};
  if (chosen) PENSTOCK_RETURN_IF_ERROR(store_.resume_from(restored()));
  PENSTOCK_RETURN_IF_ERROR(outputs_.go_on_from(restored_ ? &*restored_ : nullptr, chosen));
  base_epoch_ = {store_.next_epoch().value - 1};
  next_at_ = clock_.now() + options_.interval;
  restore_progress_.expect(bytes_to_restore());
  PENSTOCK_PROTOCOL(kStarted, restored());
  return Status();
}

// Before a checkpoint is chosen: it has to be one of which the output was committed.
Status CheckpointCoordinator::open_outputs() {
  if (!outputs_.enabled()) return Status();
  Result<std::string> id = transaction_id_of(store_.files(), options_.directory, job_);
  if (!id.ok()) return id.status();
  return outputs_.open(
      {.id = *std::move(id),
       .incarnation = store_.incarnation(),
       .epoch_at_most = options_.timeout +
                        std::chrono::duration_cast<std::chrono::milliseconds>(options_.interval),
       .notices = &notices_});
}

Status CheckpointCoordinator::choose() {
  if (options_.begin_anew) return Status();
  if (options_.restore_from != Epoch{}) {
    Result<Manifest> named = store_.load(options_.restore_from);
    if (!named.ok()) return named.status();
    restored_ = std::move(*named);
    return Status();
  }
  Result<std::optional<Manifest>> newest =
      store_.load_newest([this](const Manifest& manifest) { return outputs_.fits(manifest); });
  if (!newest.ok()) return newest.status();
  restored_ = std::move(*newest);
  return Status();
}

// Each task reads what all tasks of its stage have captured.
std::uint64_t CheckpointCoordinator::bytes_to_restore() const {
  std::uint64_t bytes = 0;
  for (const StageFingerprint& stage : plan_) {
    const std::optional<StageId> then = restored_ ? stage_of(stage.name) : std::nullopt;
    for (std::size_t i = 0; then && i < restored_->parts.size(); ++i) {
      if (restored_->parts[i].stage == *then) bytes += restored_->parts[i].bytes * stage.task_count;
    }
  }
  return bytes;
}

// A stage is known again by its name.
std::optional<StageId> CheckpointCoordinator::stage_of(std::string_view name) const {
  for (const StageFingerprint& stage : restored_->plan) {
    if (stage.name == name) return stage.stage;
  }
  return std::nullopt;
}

Status CheckpointCoordinator::explain_differences() const {
  const Result<PlanChanges> changes = PlanChanges::find(store_.folder(), *restored_, plan_);
  if (!changes.ok()) return changes.status();
  if (changes->drops_state() && !options_.allow_dropped_state) {
    return Status::failed_precondition(
        "the job has changed since " + name_of(restored_->epoch) + " and would lose state; " +
        changes->to_string() +
        "; name its stages as they were, or allow it (--allow-dropped-state, or "
        "CheckpointOptions::allow_dropped_state)");
  }
  notices_.post({Severity::kInfo, kPlace,
                 "going on from " + name_of(restored_->epoch) +
                     (changes->none() ? "" : "; the job has changed: " + changes->to_string())});
  return Status();
}

Status CheckpointCoordinator::restore(StageId stage, const SnapshotParser::Visit& visit) const {
  if (!restored_) return Status();
  const auto own = std::find_if(plan_.begin(), plan_.end(),
                                [&](const StageFingerprint& each) { return each.stage == stage; });
  if (own == plan_.end()) return Status();
  const std::optional<StageId> then = stage_of(own->name);
  for (const PartInfo& part : restored_->parts) {
    if (!then || part.stage != *then) continue;
    SnapshotParser parser(part.task, part.task_count);
    PENSTOCK_RETURN_IF_ERROR(
        store_.folder().for_each_chunk(*restored_, part, [&](std::string_view chunk) {
          restore_progress_.add(chunk.size());
          return parser.parse(chunk, visit);
        }));
  }
  return Status();
}

void CheckpointCoordinator::add_task(const Task& task) {
  task.port->set_notify([this] {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_one();
  });
  parts_.push_back({task, {}, {}, false});
  PENSTOCK_PROTOCOL(kTaskAdded, {}, task.port);
}

Instant CheckpointCoordinator::step(Instant now) {
  if (!PENSTOCK_BUGGIFY("keeper.slow") && take_deliveries(now)) finish_if_complete(now);
  if (current_ && PENSTOCK_BUGGIFY("epoch.given_up") && !all_ended())
    give_up(Status(StatusCode::kUnavailable, "as a simulator wants it"), now);
  if (current_ && now - began_ >= options_.timeout) {
    give_up(Status(StatusCode::kUnavailable, "not all there after " +
                                                 std::to_string(options_.timeout.count()) +
                                                 " ms; missing: " + missing_parts()),
            now);
  }
  if (!over_) savepoints_.look(now);
  if (!current_ && is_due(now)) begin(now);
  if (over_) return kNever;
  const Instant epoch_at =
      current_ ? began_ + options_.timeout : std::max(next_at_, now + kRetryAfter);
  return std::min(epoch_at, savepoints_.look_at());
}

// True when something has come.
bool CheckpointCoordinator::take_deliveries(Instant now) {
  bool any = false;
  for (Part& part : parts_) {
    while (std::optional<SnapshotPort::Delivery> delivery = part.task.port->next()) {
      if (!current_ || delivery->epoch != *current_) continue;  // Of one that was given up.
      any = true;
      if (Status taken = take(part, std::move(*delivery)); !taken.ok()) {
        give_up(taken, now);
        return false;
      }
    }
  }
  return any;
}

Status CheckpointCoordinator::take(Part& part, SnapshotPort::Delivery delivery) {
  if (!part.writer) {
    Result<PartWriter> writer = store_.part(part.task.stage, part.task.index, part.task.count);
    if (!writer.ok()) return writer.status();
    part.writer.emplace(std::move(*writer));
    PENSTOCK_CRASH_POINT("part.begun");
  }
  if (PENSTOCK_BUGGIFY("part.write_fails") && !all_ended())
    return Status(StatusCode::kUnavailable, "as a simulator wants it");
  if (!delivery.chunk.empty()) {
    Status appended = part.writer->append(delivery.chunk);
    part.task.port->give_back(std::move(delivery.chunk));
    return appended;
  }
  if (delivery.before_ack) {
    Status prepared = delivery.before_ack();
    PENSTOCK_CRASH_POINT("output.synced");
    return prepared;
  }
  if (delivery.after_commit) publications_.push_back(std::move(delivery.after_commit));
  if (!delivery.is_last) return Status();
  Result<PartInfo> info = part.writer->finish();
  if (!info.ok()) return info.status();
  part.info = std::move(*info);
  part.ended = delivery.ended;
  PENSTOCK_CRASH_POINT("part.synced");
  PENSTOCK_PROTOCOL(kAcknowledged, delivery.epoch, part.task.port);
  return Status();
}

bool CheckpointCoordinator::all_ended() const {
  return std::all_of(parts_.begin(), parts_.end(),
                     [](const Part& part) { return part.task.port->has_ended(); });
}

// No data, no epochs.
bool CheckpointCoordinator::is_due(Instant now) const {
  if (PENSTOCK_BUGGIFY("epoch.late")) return false;
  if (PENSTOCK_BUGGIFY("epoch.at_once")) return !over_;
  if (!over_ && now >= retry_at_ && savepoints_.wanted()) return true;
  if (over_ || now < next_at_) return !over_ && last_failures_ == 0 && all_ended();
  return all_ended() || commands_.progress() != progress_;
}

void CheckpointCoordinator::begin(Instant now) {
  const Epoch epoch = store_.next_epoch();
  began_ = now;
  if (Status begun = store_.begin(epoch); !begun.ok()) return give_up(begun, now);
  current_ = epoch;
  savepoints_.begin();
  PENSTOCK_CRASH_POINT("epoch.begun");
  progress_ = commands_.progress();
  for (Part& part : parts_) {
    part.writer.reset();
    part.info.reset();
    part.ended = false;
  }
  PENSTOCK_PROTOCOL(kRequested, epoch);
  commands_.request(epoch);
  outputs_.begin(epoch);
  PENSTOCK_CRASH_POINT("epoch.requested");
}

void CheckpointCoordinator::finish_if_complete(Instant now) {
  const auto is_there = [](const Part& part) { return part.info.has_value(); };
  if (!std::all_of(parts_.begin(), parts_.end(), is_there)) return;
  const bool last =
      std::all_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.ended; });
  Manifest manifest;
  PENSTOCK_CRASH_POINT("epoch.all_captured");
  manifest.job = job_;
  manifest.epoch = *current_;
  manifest.created = clock_.wall_now();
  manifest.finished = last;
  manifest.plan = plan_;
  for (const Part& part : parts_) manifest.parts.push_back(*part.info);
  savepoints_.describe(manifest);
  outputs_.describe(manifest);
  if (PENSTOCK_BUGGIFY("manifest.write_fails") && !last)
    return give_up(Status(StatusCode::kUnavailable, "as a simulator wants it"), now);
  const std::uint64_t bytes = manifest.bytes();
  if (Status committed = store_.commit(std::move(manifest)); !committed.ok())
    return give_up(committed, now);
  PENSTOCK_CRASH_POINT("epoch.durable");
  const Epoch epoch = *std::exchange(current_, std::nullopt);
  PENSTOCK_PROTOCOL(kComplete, epoch);
  const Instant done = clock_.now();
  {
    const std::lock_guard lock(mutex_);
    ++metrics_.completed;
    metrics_.newest = epoch;
    metrics_.newest_at = done;
    metrics_.newest_bytes = bytes;
    metrics_.newest_took = done - began_;
  }
  next_at_ = done + options_.interval;
  over_ = last;
  last_failures_ = 0;
  complete(epoch, last);
}

// What has to be done now that it is durable.
void CheckpointCoordinator::complete(Epoch epoch, bool last) {
  if (const Status sent = outputs_.commit(epoch); !sent.ok()) {
    over_ = true;
    publications_.clear();
    return commands_.fail(sent);
  }
  PENSTOCK_CRASH_POINT("output.committed");
  outputs_.settled(epoch);
  if (!publications_.empty()) PENSTOCK_PROTOCOL(kPublished, epoch);
  const Status published = publish();
  if (!published.ok() && last) return commands_.fail(published);
  if (!published.ok()) {
    notices_.post({Severity::kError, kPlace,
                   "the results of " + name_of(epoch) + " were not published: " +
                       published.to_string() + "; the next epoch tries again"});
  }
  PENSTOCK_CRASH_POINT("output.published");
  PENSTOCK_PROTOCOL(kTold, epoch);
  commands_.committed(epoch, last);
  savepoints_.complete(epoch);
  if (last) savepoints_.close(Status::failed_precondition("the job has ended"));
  PENSTOCK_CRASH_POINT("epoch.committed");
  if (!PENSTOCK_BUGGIFY("garbage.stays")) store_.collect_garbage();
  PENSTOCK_CRASH_POINT("epoch.garbage_collected");
}

Status CheckpointCoordinator::publish() {
  Status first;
  for (const std::function<Status()>& each : std::exchange(publications_, {})) {
    const Status published = each();
    PENSTOCK_CRASH_POINT("output.published_half");
    if (first.ok()) first = published;
  }
  return first;
}

void CheckpointCoordinator::give_up(const Status& why, Instant now) {
  next_at_ = retry_at_ = now + options_.interval;
  progress_ = ~std::uint64_t{0};  // What was done for it has to be in the next.
  const Epoch epoch = current_.value_or(store_.next_epoch());
  if (current_) {
    current_.reset();
    for (Part& part : parts_) part.writer.reset();
    publications_.clear();
    PENSTOCK_PROTOCOL(kGivenUp, epoch);
    commands_.give_up(epoch);
    outputs_.settled(epoch);
    if (Status gone = store_.abort(epoch); !gone.ok())
      notices_.post({Severity::kError, kPlace, gone.to_string()});
  }
  {
    const std::lock_guard lock(mutex_);
    ++metrics_.failed;
  }
  savepoints_.give_up(why);
  notices_.post({Severity::kError, kPlace,
                 name_of(epoch) + " was given up: " + why.to_string() +
                     "; the job goes on, and after a crash would from epoch " +
                     std::to_string(metrics().newest.value)});
  if (!all_ended() || ++last_failures_ < kLastEpochTries) return;
  over_ = true;
  commands_.fail(Status(why.code(), "the last epoch could not be made durable: " + why.to_string())
                     .with_place(options_.directory));
}

std::string CheckpointCoordinator::missing_parts() const {
  std::string missing;
  for (const Part& part : parts_) {
    if (part.info) continue;
    const auto stage = std::find_if(plan_.begin(), plan_.end(),
                                    [&](const auto& s) { return s.stage == part.task.stage; });
    missing += (missing.empty() ? "" : ", ") + stage->name + "/" + std::to_string(part.task.index);
  }
  return missing;
}

Status CheckpointCoordinator::start() {
  Result<std::unique_ptr<ThreadHandle>> thread = spawn_helper("checkpoints", [this] { run(); });
  if (!thread.ok()) return thread.status();
  thread_ = std::move(*thread);
  return Status();
}

void CheckpointCoordinator::run() {
  for (;;) {
    const Instant now = clock_.now();
    const Instant at = step(now);
    std::unique_lock lock(mutex_);
    const auto is_woken = [this] { return woken_ || stopping_; };
    if (at == kNever) {
      changed_.wait(lock, is_woken);
    } else {
      changed_.wait_for(lock, std::max(at - now, std::chrono::nanoseconds(0)), is_woken);
    }
    woken_ = false;
    if (stopping_) return;
  }
}

void CheckpointCoordinator::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  outputs_.cancel();
  if (thread_ != nullptr) thread_->join();
  thread_.reset();
  outputs_.end();
  savepoints_.close(Status(StatusCode::kCancelled, "the job was stopped before its savepoint"));
}

Result<Epoch> CheckpointCoordinator::savepoint(std::chrono::nanoseconds timeout) {
  const SavepointRequests::Ticket ticket = savepoints_.ask();
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_one();
  }
  return savepoints_.wait(ticket, timeout);
}

CheckpointMetrics CheckpointCoordinator::metrics() const {
  const std::lock_guard lock(mutex_);
  return metrics_;
}

}  // namespace penstock
