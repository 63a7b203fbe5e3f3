#include "penstock/io/file/line_file_sink.h"

#include <mutex>
#include <utility>
#include <vector>

#include "penstock/core/base/crc32c.h"
#include "penstock/core/base/file_system.h"
#include "penstock/io/file/epoch_output.h"
#include "penstock/io/file/resolved_path.h"

namespace penstock {
namespace {

constexpr std::size_t kBufferBytes = 1 << 16;

class LineFileWriter final : public ByteWriter {
 public:
  explicit LineFileWriter(std::unique_ptr<WritableFile> file) : file_(std::move(file)) {}

  Status write(std::string_view record) override {
    buffer_ += record;
    buffer_ += '\n';
    return buffer_.size() < kBufferBytes ? Status() : flush();
  }
  Status flush() override {
    if (buffer_.empty() || file_ == nullptr) return Status();
    Status status = file_->append(buffer_);
    buffer_.clear();
    return status;
  }
  Status close() override {
    if (file_ == nullptr) return Status();
    Status flushed = flush();
    Status closed = std::exchange(file_, nullptr)->close();
    return flushed.ok() ? closed : flushed;
  }

 private:
  std::unique_ptr<WritableFile> file_;
  std::string buffer_;
};

// The same for a job that makes snapshots.
class EpochLineWriter final : public ByteWriter {
 public:
  EpochLineWriter(std::shared_ptr<EpochOutput> output, const SinkContext& context)
      : output_(std::move(output)), task_(context.task_index), notices_(*context.notices) {}

  Status write(std::string_view record) override {
    buffer_ += record;
    buffer_ += '\n';
    return buffer_.size() < kBufferBytes ? Status() : flush();
  }
  // Not before the first flush it is known whether there is a snapshot to go on from.
  Instant wake_at() const noexcept override { return begun_ ? kNever : Instant{}; }
  Status flush() override {
    PENSTOCK_RETURN_IF_ERROR(begin());
    if (buffer_.empty()) return output_->lost();
    if (part_ == nullptr) {
      Result<EpochOutput::Part> part = output_->open_part(task_);
      if (!part.ok()) return part.status();
      part_ = std::make_unique<EpochOutput::Part>(std::move(*part));
    }
    PENSTOCK_RETURN_IF_ERROR(part_->file->append(buffer_));
    part_->about.bytes += buffer_.size();
    part_->about.crc = crc32c(buffer_, part_->about.crc);
    buffer_.clear();
    return output_->lost();
  }
  Status close() override { return flush(); }

  void capture(Epoch epoch, SnapshotWriter& out) override {
    if (Status status = flush(); !status.ok()) {
      out.before_ack([status] { return status; });
      return;
    }
    last_cut_ = output_->capture({epoch, task_, last_cut_}, std::move(part_), out, output_);
  }
  Status restore(const SnapshotItem& item) override {
    Result<OutputState> state = output_state_of(item);
    if (!state.ok()) return state.status();
    restored_.push_back(std::move(*state));
    return Status();
  }
  Status restored() override { return begin(); }

 private:
  Status begin() {
    if (begun_) [[likely]]
      return Status();
    PENSTOCK_RETURN_IF_ERROR(output_->begin(restored_, notices_));
    begun_ = true;
    return Status();
  }

  const std::shared_ptr<EpochOutput> output_;
  const std::uint32_t task_;
  Notices& notices_;
  bool begun_ = false;
  std::vector<OutputState> restored_;
  std::string buffer_;
  std::unique_ptr<EpochOutput::Part> part_;  // Since the last cut, once there was something.
  std::uint64_t last_cut_ = 0;
};

// Whether the path is, or will be, a file or a folder: not a device, pipe or socket.
bool keeps_bytes(FileSystem& file_system, const std::string& path) {
  if (path.starts_with("/dev/")) return false;
  if (path.ends_with('/') || !file_system.exists(path)) return true;
  return file_system.open_for_reading(path).status().code() != StatusCode::kInvalidArgument;
}

class LineFileSink final : public ByteSink {
 public:
  explicit LineFileSink(LineFileSinkOptions options) : options_(std::move(options)) {}

  std::string name() const override { return options_.path; }
  std::string path() const override { return resolved_path(options_.path); }

  Result<std::unique_ptr<ByteWriter>> open(const SinkContext& context) const override {
    const std::lock_guard lock(mutex_);
    if (context.takes_snapshots && keeps_bytes(*context.file_system, options_.path)) {
      return std::unique_ptr<ByteWriter>(
          std::make_unique<EpochLineWriter>(output(*context.file_system), context));
    }
    if (options_.path.ends_with('/')) {
      return Status::invalid_argument(
          options_.path +
          ": is a folder, which gets a file per epoch: let the job make snapshots, or name a file");
    }
    if (!std::exchange(opened_, true) && !options_.append)
      PENSTOCK_RETURN_IF_ERROR(empty_file(*context.file_system));
    Result<std::unique_ptr<WritableFile>> file =
        context.file_system->open_for_writing(options_.path, WriteMode::kAppend);
    if (!file.ok()) return file.status();
    return std::unique_ptr<ByteWriter>(std::make_unique<LineFileWriter>(std::move(*file)));
  }

 private:
  // One for all tasks of a run.
  std::shared_ptr<EpochOutput> output(FileSystem& file_system) const {
    std::shared_ptr<EpochOutput> shared = output_.lock();
    if (shared != nullptr) return shared;
    shared = std::make_shared<EpochOutput>(file_system, options_.path, options_.append);
    output_ = shared;
    return shared;
  }
  Status empty_file(FileSystem& file_system) const {
    Result<std::unique_ptr<WritableFile>> file =
        file_system.open_for_writing(options_.path, WriteMode::kTruncate);
    return file.ok() ? (*file)->close() : file.status();
  }

  LineFileSinkOptions options_;
  mutable std::mutex mutex_;  // Tasks open their writers at the same time.
  mutable bool opened_ = false;
  mutable std::weak_ptr<EpochOutput> output_;
};

}  // namespace

std::shared_ptr<const ByteSink> line_file_sink(LineFileSinkOptions options) {
  return std::make_shared<LineFileSink>(std::move(options));
}

}  // namespace penstock
