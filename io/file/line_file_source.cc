#include "penstock/io/file/line_file_source.h"

#include <utility>

#include "penstock/core/base/file_system.h"
#include "penstock/io/file/line_splitter.h"

namespace penstock {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{256} << 10;

class LineFileReader final : public ByteReader {
 public:
  LineFileReader(const LineFileSourceOptions& options, std::unique_ptr<ReadableFile> file)
      : options_(options), file_(std::move(file)), splitter_(options.line_bytes_max) {}

  Result<PollResult> poll(std::span<RawRecord> batch, Instant now) override {
    PollResult result;
    take_lines(batch, result);
    if (result.records > 0) return result;
    Result<bool> more = read_block(now);
    if (!more.ok()) return more.status();
    take_lines(batch, result);
    if (*more || result.records > 0) return result;
    if (options_.follow) {
      result.state = SourceState::kWaiting;
      result.wake_at = now + options_.poll_interval;
      return result;
    }
    if (const std::optional<Line> rest = splitter_.take_rest()) batch[result.records++] = raw(*rest);
    result.state = SourceState::kEnded;
    return result;
  }

 private:
  void take_lines(std::span<RawRecord> batch, PollResult& result) {
    while (result.records < batch.size()) {
      const std::optional<Line> line = splitter_.next();
      if (!line) return;
      batch[result.records++] = raw(*line);
    }
  }

  RawRecord raw(const Line& line) const { return {line.text, {SplitId{0}, line.offset}, read_at_}; }

  // False at the end of the file as it is now.
  Result<bool> read_block(Instant now) {
    if (splitter_.too_long()) {
      return Status::data_error(options_.path + " at byte " + std::to_string(splitter_.offset()) +
                                ": the line is longer than " + std::to_string(options_.line_bytes_max) +
                                " bytes; raise line_bytes_max or mend the file");
    }
    Result<std::size_t> got = file_->read_at(position_, splitter_.writable(kBlockBytes));
    if (!got.ok()) return got.status();
    splitter_.written(*got);
    position_ += *got;
    read_at_ = now;
    if (*got == 0 && options_.follow) PENSTOCK_RETURN_IF_ERROR(check_not_shorter());
    return *got > 0;
  }

  Status check_not_shorter() {
    const Result<std::uint64_t> size = file_->size();
    if (!size.ok()) return size.status();
    if (*size >= position_) return Status();
    return Status::data_error(options_.path + ": was " + std::to_string(position_) + " bytes long and is now " +
                              std::to_string(*size) + "; it was replaced or emptied while being followed");
  }

  LineFileSourceOptions options_;
  std::unique_ptr<ReadableFile> file_;
  LineSplitter splitter_;
  std::uint64_t position_ = 0;
  Instant read_at_;
};

class LineFileSource final : public ByteSource {
 public:
  explicit LineFileSource(LineFileSourceOptions options) : options_(std::move(options)) {}

  std::string name() const override { return options_.path; }
  std::uint32_t parallelism_max() const override { return 1; }
  Result<std::unique_ptr<ByteReader>> open(const SourceContext& context) const override {
    Result<std::unique_ptr<ReadableFile>> file = context.file_system->open_for_reading(options_.path);
    if (!file.ok()) return file.status();
    return std::unique_ptr<ByteReader>(std::make_unique<LineFileReader>(options_, std::move(*file)));
  }

 private:
  LineFileSourceOptions options_;
};

}  // namespace

std::shared_ptr<const ByteSource> line_file_source(LineFileSourceOptions options) {
  return std::make_shared<LineFileSource>(std::move(options));
}

}  // namespace penstock
