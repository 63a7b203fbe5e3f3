#include "penstock/io/file/epoch_output.h"

#include <algorithm>
#include <utility>

#include "penstock/io/file/checked_file.h"

namespace penstock {

Status EpochOutput::begin(const std::vector<OutputState>& restored, Notices& notices) {
  const std::lock_guard lock(begin_mutex_);
  if (begun_) return Status();
  std::uint64_t next_sequence = 0;
  if (restored.empty()) {
    PENSTOCK_RETURN_IF_ERROR(target_->start(append_));
  } else {
    const OutputState state = merge(restored);
    if (state.kind != target_->place().kind()) {
      return Status(StatusCode::kFailedPrecondition,
                    target_->place().path() +
                        ": was a folder in the snapshot and is a file now, or the other way round; "
                        "give it the path it had");
    }
    PENSTOCK_RETURN_IF_ERROR(target_->recover(state, notices));
    next_sequence = state.next_sequence;
  }
  begun_ = true;
  const std::lock_guard position_lock(mutex_);
  position_ = target_->position();
  next_sequence_ = next_sequence;
  return Status();
}

Result<EpochOutput::Part> EpochOutput::open_part(std::uint32_t task) {
  Part part;
  part.about.task = task;
  {
    const std::lock_guard lock(mutex_);
    part.about.sequence = next_sequence_++;
  }
  Result<std::unique_ptr<WritableFile>> file = file_system_.open_for_writing(
      target_->place().pending(task, part.about.sequence), WriteMode::kCreateNew);
  if (!file.ok()) return file.status();
  part.file = std::move(*file);
  return part;
}

std::uint64_t EpochOutput::capture(const Cut& cut, std::unique_ptr<Part> written,
                                   SnapshotWriter& out, std::shared_ptr<EpochOutput> self) {
  OutputState state;
  state.kind = target_->place().kind();
  state.cut = cut.epoch.value;
  std::uint64_t last = std::max(cut.epoch.value, cut.after);
  {
    const std::lock_guard lock(mutex_);
    if (written != nullptr) {
      // Behind all that earlier cuts and what is published have, or it would count as part of them.
      last = std::max({cut.epoch.value, cut.after + 1, position_.epoch + 1});
      written->about.epoch = last;
      waiting_.push_back(std::make_shared<Waiting>(
          Waiting{written->about, written->about.sequence, std::move(written->file)}));
    }
    for (const auto& each : waiting_) {
      if (each->about.task != cut.task) continue;
      if (each->in_doubt) each->about.sequence = next_sequence_++;
      state.parts.push_back(each->about);
    }
    state.published = position_;
    state.next_sequence = next_sequence_;
  }
  out.section(kOutputSection, kOutputVersion);
  out.add(to_bytes(state));
  out.before_ack([self, task = cut.task] { return self->make_durable(task); });
  out.after_commit([self, epoch = cut.epoch.value] { return self->publish(epoch); });
  return last;
}

Status EpochOutput::lost() const {
  if (!is_lost_.load(std::memory_order_acquire)) [[likely]]
    return Status();
  const std::lock_guard lock(mutex_);
  return lost_;
}

Status EpochOutput::make_durable(std::uint32_t task) {
  std::vector<std::pair<std::shared_ptr<Waiting>, OutputPart>> mine;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& each : waiting_) {
      if (each->about.task == task && !each->synced) mine.emplace_back(each, each->about);
    }
  }
  if (mine.empty()) return Status();
  for (auto& [part, about] : mine) PENSTOCK_RETURN_IF_ERROR(sync(*part, about));
  PENSTOCK_RETURN_IF_ERROR(file_system_.sync_directory(target_->place().folder()));
  const std::lock_guard lock(mutex_);
  for (auto& [part, about] : mine) part->synced = true;
  return Status();
}

Status EpochOutput::sync(Waiting& part, const OutputPart& about) {
  const OutputPlace& place = target_->place();
  const std::string file = place.pending(about.task, about.sequence);
  const std::string found = place.pending(about.task, part.on_disk);
  Status status;
  if (part.file != nullptr) {
    status = std::exchange(part.file, nullptr)->sync();
  } else if (file != found) {
    status = copy_checked(file_system_, found, file, about.bytes, about.crc);
    if (status.ok()) static_cast<void>(file_system_.remove(found).ok());  // Else at the next start.
  } else if (part.in_doubt) {
    return Status(StatusCode::kUnavailable,
                  file + ": could not be synced; the next epoch has a copy of it");
  }
  const std::lock_guard lock(mutex_);
  if (status.ok()) part.on_disk = about.sequence;
  part.in_doubt = !status.ok();
  if (status.code() == StatusCode::kDataError) {
    lost_ = status;
    is_lost_.store(true, std::memory_order_release);
  }
  return status;
}

Status EpochOutput::publish(std::uint64_t epoch) {
  std::vector<OutputPart> parts;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& each : waiting_) {
      if (each->about.epoch <= epoch) parts.push_back(each->about);
    }
    if (epoch <= position_.epoch) return Status();
  }
  std::sort(parts.begin(), parts.end());
  PENSTOCK_RETURN_IF_ERROR(target_->publish(epoch, parts));
  const std::lock_guard lock(mutex_);
  position_ = target_->position();
  std::erase_if(waiting_, [epoch](const auto& each) { return each->about.epoch <= epoch; });
  return Status();
}

}  // namespace penstock
