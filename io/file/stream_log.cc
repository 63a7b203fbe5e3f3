#include "penstock/io/file/stream_log.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

#include "penstock/core/checkpoint/durable_file.h"

namespace penstock {
namespace {

constexpr std::size_t kDigits = 20;
constexpr std::string_view kEnding = ".log";

std::optional<std::uint64_t> begin_of(std::string_view name) {
  std::uint64_t begin = 0;
  if (name.size() != kDigits + kEnding.size() || !name.ends_with(kEnding)) return std::nullopt;
  const auto [end, error] = std::from_chars(name.data(), name.data() + kDigits, begin);
  if (error != std::errc() || end != name.data() + kDigits) return std::nullopt;
  return begin;
}

}  // namespace

Status LogSegments::list() {
  const Result<std::vector<std::string>> names = files_.list(place_.folder);
  if (!names.ok()) return names.status();
  const std::lock_guard lock(mutex_);
  begins_.clear();
  for (const std::string& name : *names) {
    if (const std::optional<std::uint64_t> begin = begin_of(name)) begins_.push_back(*begin);
  }
  return Status();
}

void LogSegments::add(std::uint64_t begin) {
  const std::lock_guard lock(mutex_);
  if (begins_.empty() || begins_.back() != begin) begins_.push_back(begin);
}

Status LogSegments::remove_all() {
  const std::lock_guard lock(mutex_);
  while (!begins_.empty()) PENSTOCK_RETURN_IF_ERROR(remove_first());
  return Status();
}

std::vector<std::uint64_t> LogSegments::begins() const {
  const std::lock_guard lock(mutex_);
  return begins_;
}

std::string LogSegments::path_of(std::uint64_t begin) const {
  const std::string digits = std::to_string(begin);
  return place_.folder + "/" + std::string(kDigits - digits.size(), '0') + digits +
         std::string(kEnding);
}

void LogSegments::committed(std::uint64_t offset) {
  const std::lock_guard lock(mutex_);
  needed_.push_back(offset);
  if (needed_.size() > place_.checkpoints) needed_.pop_front();
  if (needed_.size() < place_.checkpoints) return;
  while (begins_.size() > 1 && begins_[1] < needed_.front()) {
    const Status removed = remove_first();
    if (removed.ok()) continue;
    notices_.post(
        {Severity::kWarning, place_.folder,
         std::string(removed.message()) + "; it is no longer needed, and tried again later"});
    return;
  }
}

// One by one, each durably: a crash leaves no gap.
Status LogSegments::remove_first() {
  const Status removed = files_.remove(path_of(begins_.front()));
  if (!removed.ok() && removed.code() != StatusCode::kNotFound) return removed;
  PENSTOCK_RETURN_IF_ERROR(files_.sync_directory(place_.folder));
  begins_.erase(begins_.begin());
  return Status();
}

Result<std::unique_ptr<StreamLog>> StreamLog::open(const SourceContext& context) {
  std::unique_ptr<StreamLog> log(new StreamLog(context));
  if (Status status = log->recover(); !status.ok())
    return status.with_place("write-ahead log of the source");
  return log;
}

Status StreamLog::recover() {
  PENSTOCK_RETURN_IF_ERROR(create_directories_durably(files_, folder_));
  PENSTOCK_RETURN_IF_ERROR(segments_->list());
  const std::vector<std::uint64_t> begins = segments_->begins();
  if (begins.empty()) return Status();
  first_ = begins.front();
  end_ = begins.back();
  return recover_last(segments_->path_of(end_));
}

// Finds its end, cuts off what is behind it, and makes durable what is before it: it may not be yet.
Status StreamLog::recover_last(const std::string& path) {
  Result<std::unique_ptr<ReadableFile>> file = files_.open_for_reading(path);
  if (!file.ok()) return file.status();
  LogFrameReader reader(std::move(*file));
  std::uint64_t at = 0;
  for (;;) {
    const Result<std::optional<LogFrame>> frame = reader.read(at);
    if (!frame.ok()) return frame.status();
    if (!*frame || (*frame)->offset != end_) break;
    at += (*frame)->bytes();
    end_ = (*frame)->end();
  }
  const Result<bool> goes_on = reader.has_frame_behind(at);
  if (!goes_on.ok()) return goes_on.status();
  if (*goes_on) return damaged(path, at);
  PENSTOCK_RETURN_IF_ERROR(files_.truncate(path, at));
  Result<std::unique_ptr<WritableFile>> end = files_.open_for_writing(path, WriteMode::kAppend);
  if (!end.ok()) return end.status();
  PENSTOCK_RETURN_IF_ERROR((*end)->sync());
  PENSTOCK_RETURN_IF_ERROR((*end)->close());
  return files_.sync_directory(folder_);
}

Status StreamLog::begin_anew(std::uint64_t offset) {
  PENSTOCK_RETURN_IF_ERROR(segments_->remove_all());
  first_ = end_ = offset;
  PENSTOCK_RETURN_IF_ERROR(begin_segment());
  // Its name alone says from where on there is nothing.
  PENSTOCK_RETURN_IF_ERROR(file_->sync());
  PENSTOCK_RETURN_IF_ERROR(files_.sync_directory(folder_));
  name_is_new_ = false;
  return Status();
}

Status StreamLog::seek(std::uint64_t offset) {
  seek_to_ = offset;
  replayed_ = segments_->begins();
  if (offset == end_ && first_ == end_) replayed_.clear();
  if (replayed_.empty()) return Status();
  std::size_t segment = replayed_.size() - 1;
  // One that begins there has a break behind the bytes of the one before it, perhaps.
  while (segment > 0 && replayed_[segment] >= offset) --segment;
  return open_replayed(segment);
}

Status StreamLog::open_replayed(std::size_t segment) {
  replayed_segment_ = segment;
  next_ = replayed_[segment];
  read_at_ = 0;
  Result<std::unique_ptr<ReadableFile>> file =
      files_.open_for_reading(segments_->path_of(replayed_[segment]));
  if (!file.ok()) return file.status();
  reader_ = std::make_unique<LogFrameReader>(std::move(*file));
  return Status();
}

Result<bool> StreamLog::replay(Block& block) {
  while (reader_ != nullptr) {
    const Result<std::optional<LogFrame>> frame = reader_->read(read_at_);
    if (!frame.ok()) return frame.status();
    if (!*frame || (*frame)->offset != next_) {
      const Result<std::uint64_t> size = reader_->size();
      if (!size.ok()) return size.status();
      const bool is_last = replayed_segment_ + 1 == replayed_.size();
      if (*size != read_at_ || next_ != (is_last ? end_ : replayed_[replayed_segment_ + 1]))
        return damaged(segments_->path_of(replayed_[replayed_segment_]), read_at_);
      reader_.reset();
      if (is_last) return false;
      if (Status opened = open_replayed(replayed_segment_ + 1); !opened.ok()) return opened;
      continue;
    }
    read_at_ += (*frame)->bytes();
    next_ = (*frame)->end();
    if (next_ < seek_to_ || (next_ == seek_to_ && !(*frame)->broken_off)) continue;
    give(**frame, block);
    return true;
  }
  return false;
}

void StreamLog::give(const LogFrame& frame, Block& block) {
  block.arrival = clock_.now();
  const EventTime wall_now = clock_.wall_now();
  if (frame.arrival >= EventTime{} && frame.arrival < wall_now)
    block.arrival = block.arrival - (wall_now - frame.arrival);
  if (frame.broken_off) {
    block.broken_off = frame.payload;
    return;
  }
  const std::uint64_t known = seek_to_ > frame.offset ? seek_to_ - frame.offset : 0;
  const std::string_view bytes = frame.payload.substr(static_cast<std::size_t>(known));
  std::memcpy(block.memory.data(), bytes.data(), bytes.size());
  block.size = bytes.size();
}

Status StreamLog::append(const Block& block) {
  if (failure_.ok()) {
    failure_ = write(block);
    if (!failure_.ok()) {
      failure_ =
          Status(failure_.code(),
                 "write-ahead log of the source: " + std::string(failure_.message()) +
                     "; the job stops, as what is not in its log would be lost in a crash: "
                     "make room or mend the disk, and start it again. " +
                     std::to_string(block.size) + " bytes that had been read are not in the log");
    }
  }
  return failure_;
}

Status StreamLog::write(const Block& block) {
  if (file_ == nullptr || segment_bytes_ >= segment_bytes_max_)
    PENSTOCK_RETURN_IF_ERROR(begin_segment());
  LogFrame frame{.offset = end_,
                 .arrival = clock_.wall_now(),
                 .broken_off = !block.broken_off.empty(),
                 .payload = block.bytes()};
  if (frame.broken_off)
    frame.payload = std::string_view(block.broken_off).substr(0, LogFrame::kPayloadBytesMax);
  frame_.clear();
  append_log_frame(frame, frame_);
  PENSTOCK_RETURN_IF_ERROR(file_->append(frame_));
  PENSTOCK_RETURN_IF_ERROR(file_->sync());
  if (name_is_new_) PENSTOCK_RETURN_IF_ERROR(files_.sync_directory(folder_));
  name_is_new_ = false;
  segment_bytes_ += frame_.size();
  end_ = frame.end();
  return Status();
}

Status StreamLog::begin_segment() {
  if (file_ != nullptr) PENSTOCK_RETURN_IF_ERROR(std::exchange(file_, nullptr)->close());
  // One of this name has no bytes of the stream.
  Result<std::unique_ptr<WritableFile>> file =
      files_.open_for_writing(segments_->path_of(end_), WriteMode::kAppend);
  if (!file.ok()) return file.status();
  file_ = std::move(*file);
  segments_->add(end_);
  segment_bytes_ = 0;
  name_is_new_ = true;
  return Status();
}

Status StreamLog::damaged(const std::string& path, std::uint64_t at) const {
  return Status(StatusCode::kDataError,
                path + " is damaged at byte " + std::to_string(at) +
                    ": what follows had been handed to the job. Restore the file, or start without "
                    "the write-ahead log: what it holds behind the checkpoint is then lost");
}

}  // namespace penstock
