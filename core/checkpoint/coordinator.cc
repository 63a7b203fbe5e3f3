#include "penstock/core/checkpoint/coordinator.h"

#include <algorithm>
#include <utility>

#include "penstock/core/base/crash_point.h"

namespace penstock {
namespace {

constexpr const char* kPlace = "checkpoints";
constexpr std::chrono::milliseconds kRetryAfter{100};

std::string name_of(Epoch epoch) { return "epoch " + std::to_string(epoch.value); }

}  // namespace

CheckpointCoordinator::CheckpointCoordinator(CheckpointOptions options, FileSystem& files,
                                             const Clock& clock, Notices& notices,
                                             EpochCommands& commands)
    : options_(std::move(options)),
      clock_(clock),
      notices_(notices),
      commands_(commands),
      store_(files, options_.directory, {.retain = options_.retain}, notices) {}

CheckpointCoordinator::~CheckpointCoordinator() { stop(); }

Status CheckpointCoordinator::open(std::string job, std::vector<StageFingerprint> plan) {
  job_ = std::move(job);
  plan_ = std::move(plan);
  PENSTOCK_RETURN_IF_ERROR(store_.open());
  if (options_.restore_from.value != 0) {
    Result<Manifest> named = store_.load(options_.restore_from);
    if (!named.ok()) return named.status();
    restored_ = std::move(*named);
  } else {
    Result<std::optional<Manifest>> newest = store_.load_newest();
    if (!newest.ok()) return newest.status();
    restored_ = std::move(*newest);
  }
  base_epoch_ = {store_.next_epoch().value - 1};
  next_at_ = clock_.now() + options_.interval;
  if (restored_) explain_differences();
  return Status();
}

// A stage is known again by its name.
std::optional<StageId> CheckpointCoordinator::stage_of(std::string_view name) const {
  for (const StageFingerprint& stage : restored_->plan) {
    if (stage.name == name) return stage.stage;
  }
  return std::nullopt;
}

void CheckpointCoordinator::explain_differences() const {
  const auto has = [](const std::vector<StageFingerprint>& plan, const std::string& name) {
    return std::any_of(plan.begin(), plan.end(), [&](const auto& s) { return s.name == name; });
  };
  std::string text = "going on from " + name_of(restored_->epoch);
  for (const StageFingerprint& stage : restored_->plan) {
    if (!has(plan_, stage.name)) text += "; stage \"" + stage.name + "\" is gone, its state too";
  }
  for (const StageFingerprint& stage : plan_) {
    if (!has(restored_->plan, stage.name)) text += "; stage \"" + stage.name + "\" starts anew";
  }
  notices_.post({Severity::kInfo, kPlace, text});
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
    PENSTOCK_RETURN_IF_ERROR(store_.folder().for_each_chunk(
        *restored_, part, [&](std::string_view chunk) { return parser.parse(chunk, visit); }));
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
}

Instant CheckpointCoordinator::step(Instant now) {
  if (take_deliveries(now)) finish_if_complete(now);
  if (current_ && now - began_ >= options_.timeout) {
    give_up(Status(StatusCode::kUnavailable, "not all there after " +
                                                 std::to_string(options_.timeout.count()) +
                                                 " ms; missing: " + missing_parts()),
            now);
  }
  if (!current_ && is_due(now)) begin(now);
  if (over_) return kNever;
  return current_ ? began_ + options_.timeout : std::max(next_at_, now + kRetryAfter);
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
  if (!delivery.chunk.empty()) return part.writer->append(delivery.chunk);
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
  return Status();
}

bool CheckpointCoordinator::all_ended() const {
  return std::all_of(parts_.begin(), parts_.end(),
                     [](const Part& part) { return part.task.port->has_ended(); });
}

// No data, no epochs.
bool CheckpointCoordinator::is_due(Instant now) const {
  if (over_ || now < next_at_) return !over_ && last_failures_ == 0 && all_ended();
  return all_ended() || commands_.progress() != progress_;
}

void CheckpointCoordinator::begin(Instant now) {
  const Epoch epoch = store_.next_epoch();
  began_ = now;
  if (Status begun = store_.begin(epoch); !begun.ok()) return give_up(begun, now);
  current_ = epoch;
  PENSTOCK_CRASH_POINT("epoch.begun");
  progress_ = commands_.progress();
  for (Part& part : parts_) {
    part.writer.reset();
    part.info.reset();
    part.ended = false;
  }
  commands_.request(epoch);
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
  const std::uint64_t bytes = manifest.bytes();
  if (Status committed = store_.commit(std::move(manifest)); !committed.ok())
    return give_up(committed, now);
  PENSTOCK_CRASH_POINT("epoch.durable");
  const Epoch epoch = *std::exchange(current_, std::nullopt);
  const Instant done = clock_.now();
  {
    const std::lock_guard lock(mutex_);
    ++metrics_.completed;
    metrics_.newest = epoch;
    metrics_.newest_bytes = bytes;
    metrics_.newest_took = done - began_;
  }
  next_at_ = done + options_.interval;
  over_ = last;
  last_failures_ = 0;
  const Status published = publish();
  if (!published.ok() && last) return commands_.fail(published);
  if (!published.ok()) {
    notices_.post({Severity::kError, kPlace,
                   "the results of " + name_of(epoch) + " were not published: " +
                       published.to_string() + "; the next epoch tries again"});
  }
  PENSTOCK_CRASH_POINT("output.published");
  commands_.committed(epoch, last);
  PENSTOCK_CRASH_POINT("epoch.committed");
  store_.collect_garbage();
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
  next_at_ = now + options_.interval;
  progress_ = ~std::uint64_t{0};  // What was done for it has to be in the next.
  const Epoch epoch = current_.value_or(store_.next_epoch());
  if (current_) {
    current_.reset();
    for (Part& part : parts_) part.writer.reset();
    publications_.clear();
    commands_.give_up(epoch);
    if (Status gone = store_.abort(epoch); !gone.ok())
      notices_.post({Severity::kError, kPlace, gone.to_string()});
  }
  {
    const std::lock_guard lock(mutex_);
    ++metrics_.failed;
  }
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
  if (thread_ != nullptr) thread_->join();
  thread_.reset();
}

CheckpointMetrics CheckpointCoordinator::metrics() const {
  const std::lock_guard lock(mutex_);
  return metrics_;
}

}  // namespace penstock
