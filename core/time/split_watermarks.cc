#include "penstock/core/time/split_watermarks.h"

#include <string>
#include <utility>

#include "penstock/core/base/bytes.h"

namespace penstock {

SplitWatermarks::SplitWatermarks(WatermarkOptions options)
    : options_(options), parts_{{SplitId{}, WatermarkGenerator(options)}}, coalescer_(1) {}

void SplitWatermarks::set_splits(std::span<const SplitId> splits) {
  settle();
  if (!named_ && !splits.empty()) name_first(splits.front());
  named_ = true;
  for (const SplitId split : splits) {
    const std::size_t part = find(split);
    if (part == parts_.size()) {
      add(split);
    } else {
      parts_[part].read = true;
    }
  }
  for (std::size_t part = 0; part < parts_.size(); ++part) {
    const bool read = std::find(splits.begin(), splits.end(), parts_[part].split) != splits.end();
    if (!read) leave(part);
  }
}

void SplitWatermarks::select_other(SplitId split) {
  settle();
  if (!named_) name_first(split);
  selected_ = find(split);
  if (selected_ == parts_.size()) add(split);
}

std::size_t SplitWatermarks::find(SplitId split) const noexcept {
  const auto found = std::find_if(parts_.begin(), parts_.end(),
                                  [split](const Part& part) { return part.split == split; });
  return static_cast<std::size_t>(found - parts_.begin());
}

void SplitWatermarks::add(SplitId split) {
  parts_.push_back({split, WatermarkGenerator(options_)});
  take_restored(parts_.back());
  coalescer_.add_channel();
}

void SplitWatermarks::leave(std::size_t part) noexcept {
  if (!std::exchange(parts_[part].read, false)) return;
  note(coalescer_.on_idle(part));
}

void SplitWatermarks::note(const WatermarkCoalescer::Update& update) noexcept {
  if (update.watermark) pending_.watermark = update.watermark;
  pending_.became_idle = update.became_idle || (pending_.became_idle && coalescer_.is_idle());
}

WatermarkCoalescer::Update SplitWatermarks::end_batch(Instant now) noexcept {
  settle();
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    WatermarkGenerator& generator = parts_[i].generator;
    const bool was_idle = generator.is_idle();
    const bool fell_idle = generator.fell_idle(now);
    if (was_idle && !generator.is_idle()) coalescer_.on_records(i);
    if (const std::optional<EventTime> risen = generator.advance())
      note(coalescer_.on_watermark(i, *risen));
    if (fell_idle && parts_[i].read) note(coalescer_.on_idle(i));
  }
  return std::exchange(pending_, {});
}

void SplitWatermarks::name_first(SplitId split) {
  named_ = true;
  parts_.front().split = split;
  take_restored(parts_.front());
}

void SplitWatermarks::take_restored(Part& part) {
  for (const auto& [split, highest] : restored_splits_)
    if (split == part.split) part.generator.restore(highest);
}

void SplitWatermarks::capture(SnapshotWriter& out) {
  settle();
  std::string bytes;
  ByteAppender to(bytes);
  to.number(coalescer_.current().micros);
  to.number(static_cast<std::uint32_t>(named_));
  to.number(static_cast<std::uint32_t>(
      std::count_if(parts_.begin(), parts_.end(), [](const Part& part) { return part.read; })));
  for (const Part& part : parts_) {
    if (!part.read) continue;
    to.number(part.split.value);
    to.number(part.generator.highest().micros);
  }
  out.add(bytes);
}

Status SplitWatermarks::restore(std::string_view bytes, bool whole) {
  ByteCursor from(bytes);
  EventTime current;
  std::uint32_t named = 0;
  std::uint32_t count = 0;
  bool good = from.number(current.micros) && from.number(named) && from.number(count);
  for (; good && count > 0; --count) {
    SplitId split;
    EventTime highest;
    good = from.number(split.value) && from.number(highest.micros);
    if (!good) break;
    if (named != 0) {
      restored_splits_.emplace_back(split, highest);
    } else if (whole) {
      restored_unnamed_ = std::min(restored_unnamed_.value_or(highest), highest);
    }
  }
  if (!good || !from.at_end()) {
    return Status::data_error("the snapshot has watermarks of " + std::to_string(bytes.size()) +
                              " bytes, which is not what their number takes");
  }
  if (whole) restored_current_ = std::min(restored_current_.value_or(current), current);
  return Status();
}

void SplitWatermarks::restored() {
  if (restored_unnamed_ && !named_) parts_.front().generator.restore(*restored_unnamed_);
  for (Part& part : parts_)
    if (named_) take_restored(part);
  if (!restored_current_ || *restored_current_ == kMinEventTime) return;
  coalescer_.restore(*restored_current_);
  pending_.watermark = *restored_current_;
}

Instant SplitWatermarks::idle_deadline() const noexcept {
  Instant deadline = kNever;
  for (const Part& part : parts_) {
    if (part.read) deadline = std::min(deadline, part.generator.idle_deadline());
  }
  return deadline;
}

}  // namespace penstock
