#include "penstock/io/file/watched_file_source.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "penstock/core/base/bytes.h"
#include "penstock/core/base/file_system.h"
#include "penstock/io/file/resolved_path.h"

namespace penstock {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{16} << 10;

// The bytes of one reading, with room behind them for decoders and for one byte more than is taken.
class Content {
 public:
  std::string_view view() const noexcept { return {bytes_.data(), size_}; }

  void assign(std::string_view bytes) {
    size_ = bytes.size();
    bytes_.assign(bytes.begin(), bytes.end());
    bytes_.resize(size_ + kRawPaddingBytes);
  }

  // Reads at most `bytes_max` + 1 bytes.
  Status read(ReadableFile& file, std::size_t bytes_max) {
    size_ = 0;
    for (;;) {
      const std::size_t wanted = std::min(kBlockBytes, bytes_max + 1 - size_);
      if (bytes_.size() < size_ + wanted + kRawPaddingBytes)
        bytes_.resize(size_ + wanted + kRawPaddingBytes);
      const Result<std::size_t> got = file.read_at(size_, {bytes_.data() + size_, wanted});
      if (!got.ok()) return got.status();
      size_ += *got;
      if (*got == 0 || size_ > bytes_max) return Status();
    }
  }

 private:
  std::vector<char> bytes_;
  std::size_t size_ = 0;
};

class WatchedFileReader final : public ByteReader {
 public:
  WatchedFileReader(const WatchedFileSourceOptions& options, FileSystem& file_system)
      : options_(options), file_system_(file_system) {}

  Status read_first() {
    Status status = read_into(current_);
    is_new_ = status.ok();
    return status;
  }

  Result<PollResult> poll(std::span<RawRecord> batch, Instant now) override {
    if (next_look_ == Instant{}) {
      next_look_ = now + options_.poll_interval;  // The first content was read at open.
    } else if (now >= next_look_) {
      look_again();
      next_look_ = now + options_.poll_interval;
    }
    PollResult result{.records = 0, .state = SourceState::kWaiting, .wake_at = next_look_};
    if (!std::exchange(is_new_, false)) return result;
    batch.front() = record_of(now);
    result.records = 1;
    return result;
  }
  std::string why_cut(const RawRecord&) const override {
    return "file is longer than " + std::to_string(options_.bytes_max) + " bytes";
  }

  // Content that has not gone through the chain is not in force.
  void capture(std::span<const RawRecord> unread, SnapshotWriter& out) const override {
    if (is_new_ || !unread.empty()) return;
    std::string item;
    ByteAppender(item).number(contents_);
    item += current_.view();
    out.section(kSection, 1);
    out.add(item);
  }
  Status restore(const SnapshotItem& item) override {
    if (item.section != kSection) return ByteReader::restore(item);
    ByteCursor in(item.bytes);
    std::string_view content;
    if (!in.number(contents_) || !in.raw(in.remaining(), content))
      return Status(StatusCode::kDataError, "the content in the snapshot is not one of a file");
    current_.assign(content);
    is_new_ = false;
    return Status();
  }

 private:
  static constexpr std::string_view kSection = "content";

  Status read_into(Content& content) {
    Result<std::unique_ptr<ReadableFile>> file = file_system_.open_for_reading(options_.path);
    if (!file.ok()) return file.status();
    return content.read(**file, options_.bytes_max);
  }

  // Whatever keeps it from being read may pass: it is looked at again.
  void look_again() {
    if (!read_into(next_).ok() || next_.view() == current_.view()) return;
    std::swap(current_, next_);
    is_new_ = true;
  }

  RawRecord record_of(Instant now) {
    const std::string_view bytes = current_.view();
    RawRecord raw{.bytes = bytes, .origin = {SplitId{0}, contents_++}, .arrival = now};
    if (bytes.size() > options_.bytes_max) raw.cut_from_bytes = bytes.size();
    return raw;
  }

  WatchedFileSourceOptions options_;
  FileSystem& file_system_;
  Content current_;
  Content next_;
  Instant next_look_{};
  std::uint64_t contents_ = 0;
  bool is_new_ = false;
};

class WatchedFileSource final : public ByteSource {
 public:
  explicit WatchedFileSource(WatchedFileSourceOptions options) : options_(std::move(options)) {}

  std::string name() const override { return options_.path; }
  std::string path() const override { return resolved_path(options_.path); }
  std::uint32_t parallelism_max() const override { return 1; }
  std::string what_may_be_lost() const override { return ""; }
  Result<std::unique_ptr<ByteReader>> open(const SourceContext& context) const override {
    auto reader = std::make_unique<WatchedFileReader>(options_, *context.file_system);
    PENSTOCK_RETURN_IF_ERROR(reader->read_first());
    return std::unique_ptr<ByteReader>(std::move(reader));
  }

 private:
  WatchedFileSourceOptions options_;
};

}  // namespace

std::shared_ptr<const ByteSource> watched_file_source(WatchedFileSourceOptions options) {
  return std::make_shared<WatchedFileSource>(std::move(options));
}

}  // namespace penstock
