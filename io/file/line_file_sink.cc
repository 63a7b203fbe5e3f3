#include "penstock/io/file/line_file_sink.h"

#include <mutex>
#include <utility>

#include "penstock/core/base/file_system.h"
#include "penstock/io/file/epoch_writer.h"
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
class EpochLineWriter final : public EpochWriter {
 public:
  using EpochWriter::EpochWriter;

  Status write(std::string_view record) override {
    buffer() += record;
    buffer() += '\n';
    return added();
  }
};

// Whether the path is, or will be, a file or a folder: not a device, pipe or socket. Of /dev, only shm has files.
bool keeps_bytes(FileSystem& file_system, const std::string& path) {
  if (path.starts_with("/dev/") && !path.starts_with("/dev/shm/")) return false;
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
    shared = std::make_shared<EpochOutput>(
        file_system, OutputTarget::make(file_system, OutputPlace(options_.path)), options_.append);
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
