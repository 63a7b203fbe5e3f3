#include "penstock/io/file/line_file_source.h"

#include <utility>

#include "penstock/core/base/bytes.h"
#include "penstock/core/base/file_system.h"
#include "penstock/io/file/file_tail.h"
#include "penstock/io/file/line_splitter.h"
#include "penstock/io/file/resolved_path.h"

namespace penstock {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{256} << 10;

class LineFileReader final : public ByteReader {
 public:
  LineFileReader(const LineFileSourceOptions& options, FileSystem& file_system,
                 std::unique_ptr<ReadableFile> file, const std::optional<QuotedLines>& quoted)
      : options_(options),
        file_system_(file_system),
        file_(std::move(file)),
        splitter_(options.line_bytes_max) {
    splitter_.quote(quoted);
  }

  Result<PollResult> poll(std::span<RawRecord> batch, Instant now) override {
    PollResult result;
    result.records = splitter_.take(batch, read_at_);
    if (result.records > 0) return result;
    if (!ended_) {
      const Result<bool> more = read_block(now);
      if (!more.ok()) return more.status();
      result.records = splitter_.take(batch, read_at_);
      if (*more) return result;
      if (options_.follow) return wait_for_more(now);
      ended_ = true;
      result.records = splitter_.take_rest(batch.front(), read_at_) ? 1 : 0;
    }
    result.state = SourceState::kEnded;
    return result;
  }
  std::string why_cut(const RawRecord& raw) const override { return splitter_.why_cut(raw); }

  void capture(std::span<const RawRecord> unread, SnapshotWriter& out) const override {
    const LineSplitter::Position next = splitter_.position(unread);
    // What cannot be read back now is not compared later.
    const Result<FileTail> tail = tail_before(*file_, next.offset);
    std::string item;
    ByteAppender bytes(item);
    bytes.number(next.offset);
    bytes.number(static_cast<std::uint8_t>((next.within_line ? kWithinLine : 0) |
                                           (next.in_quotes ? kInQuotes : 0)));
    bytes.number(tail.ok() ? tail->bytes : 0);
    bytes.number(tail.ok() ? tail->crc : 0);
    out.section(kSection, kVersion);
    out.add(item);
  }
  Status restore(const SnapshotItem& item) override {
    if (item.section != kSection) return ByteReader::restore(item);
    ByteCursor bytes(item.bytes);
    LineSplitter::Position next;
    std::uint8_t where = 0;
    FileTail tail;
    if (item.version != kVersion || !bytes.number(next.offset) || !bytes.number(where) ||
        !bytes.number(tail.bytes) || !bytes.number(tail.crc) || !bytes.at_end()) {
      return Status(StatusCode::kDataError,
                    "the position in the snapshot is not one of a line file");
    }
    next.within_line = (where & kWithinLine) != 0;
    next.in_quotes = (where & kInQuotes) != 0;
    PENSTOCK_RETURN_IF_ERROR(check_same_file(next, tail));
    position_ = next.offset;
    splitter_.start_at(next);
    return Status();
  }

 private:
  static constexpr std::string_view kSection = "line file";
  static constexpr std::uint32_t kVersion = 1;
  static constexpr std::uint8_t kWithinLine = 1;
  static constexpr std::uint8_t kInQuotes = 2;

  Status check_same_file(LineSplitter::Position next, const FileTail& tail) {
    const auto refuse = [&](const std::string& what) {
      return Status(StatusCode::kFailedPrecondition,
                    "was read up to byte " + std::to_string(next.offset) + " and " + what);
    };
    const Result<std::uint64_t> size = file_->size();
    if (!size.ok()) return size.status();
    if (*size < next.offset) {
      return refuse("has " + std::to_string(*size) +
                    " bytes now: it was replaced or cut off; bring it back, or begin anew without "
                    "the snapshots");
    }
    const Result<bool> same = has_tail(*file_, next.offset, tail);
    if (!same.ok()) return same.status();
    if (!*same) {
      return refuse(
          "has other bytes there now: it was replaced; bring it back, or begin anew "
          "without the snapshots");
    }
    char last = '\n';
    if (next.offset > 0) {
      const Result<std::size_t> got = file_->read_at(next.offset - 1, {&last, 1});
      if (!got.ok()) return got.status();
    }
    if (*size == next.offset || next.within_line) return Status();
    if (next.in_quotes) {
      return refuse(
          "has more now: its last record, in which a quote was open, was taken for whole; close "
          "the quotes of such a file, or follow it");
    }
    if (last == '\n') return Status();
    return refuse(
        "has more now: its last line, which had no newline, was taken for whole; end such "
        "a file with a newline, or follow it");
  }

  // False at the end of the file as it is now.
  Result<bool> read_block(Instant now) {
    const Result<std::size_t> got = file_->read_at(position_, splitter_.writable(kBlockBytes));
    if (!got.ok()) return got.status();
    splitter_.written(*got);
    position_ += *got;
    read_at_ = now;
    return *got > 0;
  }

  Result<PollResult> wait_for_more(Instant now) {
    PENSTOCK_RETURN_IF_ERROR(check_same_file());
    return PollResult{
        .records = 0, .state = SourceState::kWaiting, .wake_at = now + options_.poll_interval};
  }

  // The file of that name is looked at before ours: a file that grows meanwhile is then never
  // larger by name than it is by our hold of it, so a larger one is another file.
  Status check_same_file() {
    const Result<std::unique_ptr<ReadableFile>> named =
        file_system_.open_for_reading(options_.path);
    if (!named.ok()) return named.status().with_place("following " + options_.path);
    const Result<std::uint64_t> named_bytes = named.value()->size();
    if (!named_bytes.ok()) return named_bytes.status();
    const Result<std::uint64_t> held_bytes = file_->size();
    if (!held_bytes.ok()) return held_bytes.status();
    if (*named_bytes >= position_ && *named_bytes <= *held_bytes) return Status();
    return {StatusCode::kUnavailable,
            options_.path + ": was followed up to byte " + std::to_string(position_) +
                " and is now another file or shorter, of " + std::to_string(*named_bytes) +
                " bytes: it was rotated, replaced or emptied; start again to read it from its "
                "beginning"};
  }

  LineFileSourceOptions options_;
  FileSystem& file_system_;
  std::unique_ptr<ReadableFile> file_;
  LineSplitter splitter_;
  std::uint64_t position_ = 0;
  Instant read_at_;
  bool ended_ = false;  // For good: a file that grows later would be cut within a line.
};

class LineFileSource final : public ByteSource {
 public:
  explicit LineFileSource(LineFileSourceOptions options) : options_(std::move(options)) {}

  std::string name() const override { return options_.path; }
  std::string path() const override { return resolved_path(options_.path); }
  std::uint32_t parallelism_max() const override { return 1; }
  std::string what_may_be_lost() const override { return ""; }
  Result<std::unique_ptr<ByteReader>> open(const SourceContext& context) const override {
    Result<std::unique_ptr<ReadableFile>> file =
        context.file_system->open_for_reading(options_.path);
    if (!file.ok()) return file.status();
    return std::unique_ptr<ByteReader>(std::make_unique<LineFileReader>(
        options_, *context.file_system, std::move(*file), context.quoted_lines));
  }

 private:
  LineFileSourceOptions options_;
};

}  // namespace

std::shared_ptr<const ByteSource> line_file_source(LineFileSourceOptions options) {
  return std::make_shared<LineFileSource>(std::move(options));
}

}  // namespace penstock
