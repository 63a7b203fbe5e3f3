#include "penstock/io/file/line_file_sink.h"

#include <mutex>
#include <utility>

#include "penstock/core/base/file_system.h"

namespace penstock {
namespace {

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
  static constexpr std::size_t kBufferBytes = 1 << 16;
  std::unique_ptr<WritableFile> file_;
  std::string buffer_;
};

class LineFileSink final : public ByteSink {
 public:
  explicit LineFileSink(LineFileSinkOptions options) : options_(std::move(options)) {}

  std::string name() const override { return options_.path; }

  Result<std::unique_ptr<ByteWriter>> open(const SinkContext& context) const override {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(opened_, true) && !options_.append)
      PENSTOCK_RETURN_IF_ERROR(empty_file(*context.file_system));
    Result<std::unique_ptr<WritableFile>> file =
        context.file_system->open_for_writing(options_.path, WriteMode::kAppend);
    if (!file.ok()) return file.status();
    return std::unique_ptr<ByteWriter>(std::make_unique<LineFileWriter>(std::move(*file)));
  }

 private:
  Status empty_file(FileSystem& file_system) const {
    Result<std::unique_ptr<WritableFile>> file =
        file_system.open_for_writing(options_.path, WriteMode::kTruncate);
    return file.ok() ? (*file)->close() : file.status();
  }

  LineFileSinkOptions options_;
  mutable std::mutex mutex_;  // Tasks open their writers at the same time.
  mutable bool opened_ = false;
};

}  // namespace

std::shared_ptr<const ByteSink> line_file_sink(LineFileSinkOptions options) {
  return std::make_shared<LineFileSink>(std::move(options));
}

}  // namespace penstock
