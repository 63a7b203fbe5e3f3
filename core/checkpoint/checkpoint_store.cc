#include "penstock/core/checkpoint/checkpoint_store.h"

#include <algorithm>
#include <utility>

#include "penstock/core/base/check.h"
#include "penstock/core/base/crash_point.h"
#include "penstock/core/checkpoint/durable_file.h"
#include "penstock/core/checkpoint/incarnation.h"

namespace penstock {
namespace {

constexpr std::string_view kTemporarySuffix = ".tmp";
// Epochs that one write puts aside: a sync a minute, and so many numbers left out by a crash at most.
constexpr std::uint64_t kPutAside = 64;
// Left out when the file with the numbers is lost: more than anybody has used since the last checkpoint.
constexpr std::uint64_t kLostNumbers = std::uint64_t{1} << 20;
constexpr std::uint64_t kNumberMax = std::uint64_t{1} << 62;

std::string_view without_suffix(std::string_view name) {
  return name.ends_with(kTemporarySuffix) ? name.substr(0, name.size() - kTemporarySuffix.size())
                                          : std::string_view();
}

// Whether another checkpoint may do instead. What is written by a later version, or cannot be opened for a reason that
// will go away, is not given up so easily.
bool is_damage(const Status& status) {
  return status.code() == StatusCode::kDataError || status.code() == StatusCode::kNotFound ||
         status.code() == StatusCode::kUnavailable;
}

}  // namespace

CheckpointStore::CheckpointStore(FileSystem& file_system, std::string directory,
                                 CheckpointStoreOptions options, Notices& notices)
    : files_(file_system),
      folder_(file_system, std::move(directory)),
      options_(options),
      notices_(notices) {
  options_.retain = std::max<std::size_t>(options_.retain, 1);
}

std::string CheckpointStore::temporary(Epoch epoch) const {
  return folder_.path_of(epoch) + std::string(kTemporarySuffix);
}

void CheckpointStore::warn(const std::string& place, const std::string& text) const {
  notices_.post({Severity::kWarning, place, text});
}

// --- opening ---

Status CheckpointStore::open() {
  PENSTOCK_CHECK(lock_ == nullptr);
  if (folder_.path().empty()) {
    return Status::invalid_argument("the folder for checkpoints has an empty name");
  }
  PENSTOCK_RETURN_IF_ERROR(create_directories_durably(files_, folder_.path()));
  Result<std::unique_ptr<FileLock>> lock = files_.lock(folder_.lock_path());
  if (!lock.ok() && lock.status().code() == StatusCode::kFailedPrecondition) {
    return Status::failed_precondition(
        "checkpoint folder '" + folder_.path() + "' is in use by another job: " +
        std::string(lock.status().message()) + "; stop that one, or give this one another folder");
  }
  if (!lock.ok()) return lock.status();
  PENSTOCK_RETURN_IF_ERROR(take_stock());
  PENSTOCK_RETURN_IF_ERROR(count_incarnation());
  lock_ = *std::move(lock);
  return Status();
}

Status CheckpointStore::take_stock() {
  const Result<std::vector<std::string>> names = files_.list(folder_.path());
  if (!names.ok()) return names.status();
  kept_.clear();
  for (const std::string& name : *names) {
    const std::optional<Epoch> unfinished = epoch_of_name(without_suffix(name));
    if (!unfinished) continue;
    next_ = std::max(next_, std::min(unfinished->value, kNumberMax) + 1);
    discard(path(name));
  }
  const Result<std::vector<FoundCheckpoint>> found = folder_.list();
  if (!found.ok()) return found.status();
  for (const FoundCheckpoint& one : *found) {
    next_ = std::max(next_, std::min(one.epoch.value, kNumberMax) + 1);
    incarnation_ = std::max(incarnation_, std::min(one.manifest.incarnation, kNumberMax));
    if (one.status.ok()) kept_.push_back({one.epoch, one.manifest.savepoint});
  }
  std::reverse(kept_.begin(), kept_.end());
  return Status();
}

Status CheckpointStore::count_incarnation() {
  const Result<std::optional<Incarnation>> last = read_incarnation(files_, folder_.path());
  if (!last.ok() && last.status().code() != StatusCode::kDataError) return last.status();
  const bool lost = !last.ok() || (!last->has_value() && !kept_.empty());
  if (lost) {
    warn("checkpoint folder '" + folder_.path() + "'",
         "its file INCARNATION is " + std::string(last.ok() ? "missing" : "damaged") +
             "; the numbers of epochs go on from that of the newest checkpoint, with a gap");
    next_ += kLostNumbers;
    incarnation_ += kLostNumbers;
  }
  if (last.ok() && last->has_value()) {
    next_ = std::max(next_, std::min((*last)->epochs_used, kNumberMax));
    incarnation_ = std::max(incarnation_, std::min((*last)->number, kNumberMax));
  }
  ++incarnation_;
  return put_numbers_aside({next_});
}

Status CheckpointStore::put_numbers_aside(Epoch epoch) {
  if (epoch.value < put_aside_) return Status();
  const std::uint64_t used = epoch.value + kPutAside;
  PENSTOCK_RETURN_IF_ERROR(write_incarnation(files_, folder_.path(), {incarnation_, used}));
  put_aside_ = used;
  return Status();
}

// --- writing ---

Status CheckpointStore::begin(Epoch epoch) {
  PENSTOCK_CHECK(lock_ != nullptr && !begun_ && epoch >= next_epoch());
  if (doubtful_) PENSTOCK_RETURN_IF_ERROR(take_back(*doubtful_));
  PENSTOCK_RETURN_IF_ERROR(put_numbers_aside(epoch));
  next_ = epoch.value + 1;
  PENSTOCK_RETURN_IF_ERROR(files_.create_directories(temporary(epoch)));
  begun_ = epoch;
  return Status();
}

Result<PartWriter> CheckpointStore::part(StageId stage, std::uint32_t task,
                                         std::uint32_t task_count) {
  PENSTOCK_CHECK(begun_.has_value());
  PartInfo part;
  part.stage = stage;
  part.task = task;
  part.task_count = task_count;
  return PartWriter::create(files_, temporary(*begun_), *begun_, std::move(part));
}

Status CheckpointStore::commit(Manifest manifest) {
  PENSTOCK_CHECK(begun_ == manifest.epoch);
  manifest.incarnation = incarnation_;
  const Status status = publish(manifest);
  if (!status.ok()) {
    static_cast<void>(abort(manifest.epoch).ok());  // begin() tries again, if need be.
    return status.with_place("checkpoint '" + folder_.path_of(manifest.epoch) + "'");
  }
  begun_.reset();
  kept_.push_back({manifest.epoch, manifest.savepoint});
  return Status();
}

Status CheckpointStore::publish(const Manifest& manifest) {
  PENSTOCK_RETURN_IF_ERROR(check_manifest(manifest));
  const std::string bytes = encode_manifest(manifest);
  if (bytes.size() > kManifestBytesMax) return Status::internal("its manifest is too long");
  const std::string unfinished = temporary(manifest.epoch);
  PENSTOCK_RETURN_IF_ERROR(
      write_new_file(files_, unfinished + "/" + std::string(kManifestFileName), bytes));
  PENSTOCK_CRASH_POINT("manifest.written");
  PENSTOCK_RETURN_IF_ERROR(files_.sync_directory(unfinished));
  PENSTOCK_CRASH_POINT("manifest.synced");
  doubtful_ = manifest.epoch;
  PENSTOCK_RETURN_IF_ERROR(files_.rename(unfinished, folder_.path_of(manifest.epoch)));
  PENSTOCK_CRASH_POINT("epoch.renamed");
  PENSTOCK_RETURN_IF_ERROR(files_.sync_directory(folder_.path()));
  doubtful_.reset();
  return Status();
}

Status CheckpointStore::abort(Epoch epoch) {
  if (begun_ != epoch && doubtful_ != epoch) return Status();
  begun_.reset();
  if (doubtful_ == epoch) return take_back(epoch);
  discard(temporary(epoch));
  return Status();
}

// The rename may be on the disk or not: it is undone, and that is synced, before anything else may happen.
Status CheckpointStore::take_back(Epoch epoch) {
  const std::string complete = folder_.path_of(epoch);
  if (files_.exists(complete)) {
    PENSTOCK_RETURN_IF_ERROR(files_.rename(complete, temporary(epoch)));
  }
  PENSTOCK_RETURN_IF_ERROR(files_.sync_directory(folder_.path()));
  doubtful_.reset();
  discard(temporary(epoch));
  return Status();
}

// --- what is not needed any more ---

void CheckpointStore::collect_garbage() {
  std::size_t good = 0;
  for (std::size_t i = kept_.size(); i-- > 0;) {
    if (kept_[i].savepoint) continue;
    if (good < options_.retain) {
      if (!kept_[i].bad) ++good;
      continue;
    }
    const Status status = files_.rename(folder_.path_of(kept_[i].epoch), temporary(kept_[i].epoch));
    if (!status.ok() && status.code() != StatusCode::kNotFound) {
      warn("checkpoint '" + folder_.path_of(kept_[i].epoch) + "'",
           "it is not needed any more but cannot be removed: " + status.to_string());
      continue;
    }
    if (status.ok()) trash_.push_back(temporary(kept_[i].epoch));
    kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  empty_trash();
}

// A checkpoint that a crash may find under its old name must have its files.
void CheckpointStore::empty_trash() {
  if (trash_.empty()) return;
  const Status status = files_.sync_directory(folder_.path());
  if (!status.ok()) {
    return warn("checkpoint folder '" + folder_.path() + "'",
                "old checkpoints cannot be removed now: " + status.to_string());
  }
  for (const std::string& path : std::exchange(trash_, {})) discard(path);
}

void CheckpointStore::discard(const std::string& path) {
  const Status status = remove_checkpoint_files(files_, path);
  if (status.ok() || status.code() == StatusCode::kNotFound) return;
  warn("checkpoint folder '" + folder_.path() + "'",
       "'" + path + "' is not needed any more but cannot be removed: " + status.to_string() +
           "; the next start tries again");
}

// --- reading ---

Result<std::optional<Manifest>> CheckpointStore::load_newest(const ManifestFilter& fits) {
  Result<std::vector<FoundCheckpoint>> found = folder_.list();
  if (!found.ok()) return found.status();
  const Result<std::optional<ResumePoint>> chosen = read_resume_point(files_, folder_.path());
  if (!chosen.ok()) return chosen.status();
  if (chosen->has_value()) resume_ = **chosen;
  mark_passed_over();
  const std::size_t passed_over =
      std::erase_if(*found, [this](const auto& one) { return resume_.is_passed_over(one.epoch); });
  if (found->empty() && passed_over > 0 && resume_.from != Epoch{}) {
    return Status(StatusCode::kNotFound,
                  "checkpoint folder '" + folder_.path() + "': " + checkpoint_name(resume_.from) +
                      " was chosen to go on from, and is gone; name another one");
  }
  if (fits) {
    std::erase_if(*found, [&](const FoundCheckpoint& one) {
      const bool left_out = one.status.ok() && !fits(one.manifest);
      if (left_out) mark_bad(one.epoch);
      return left_out;
    });
  }
  if (found->empty()) return std::optional<Manifest>();
  Status first;
  for (FoundCheckpoint& one : *found) {
    const Status status = one.status.ok() ? folder_.verify(one.manifest) : one.status;
    if (status.ok()) return std::optional(std::move(one.manifest));
    if (!is_damage(status)) return status;
    if (first.ok()) first = status;
    mark_bad(one.epoch);
    warn("checkpoint '" + folder_.path_of(one.epoch) + "'",
         "it is bad: " + std::string(status.message()) +
             "; trying the one before it: what was published since then may come again");
  }
  return Status::data_error("checkpoint folder '" + folder_.path() + "': none of its " +
                            std::to_string(found->size()) +
                            " checkpoints is good, the newest: " + std::string(first.message()) +
                            "; give the job an empty folder to begin afresh");
}

Status CheckpointStore::resume_from(Epoch epoch) {
  resume_ = {epoch, {next_ - 1}};
  mark_passed_over();
  return write_resume_point(files_, folder_.path(), resume_);
}

// As long as it may be needed, what was chosen stays: those that are passed over do not count.
void CheckpointStore::mark_passed_over() {
  for (Kept& kept : kept_) kept.bad = kept.bad || resume_.is_passed_over(kept.epoch);
}

void CheckpointStore::mark_bad(Epoch epoch) {
  for (Kept& kept : kept_) {
    if (kept.epoch == epoch) kept.bad = true;
  }
}

}  // namespace penstock
