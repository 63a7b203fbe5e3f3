#include "penstock/core/time/split_watermarks.h"

#include <utility>

namespace penstock {

SplitWatermarks::SplitWatermarks(WatermarkOptions options)
    : options_(options), parts_{{SplitId{}, WatermarkGenerator(options)}}, coalescer_(1) {}

void SplitWatermarks::set_splits(std::span<const SplitId> splits) {
  if (!std::exchange(named_, true) && !splits.empty()) parts_.front().split = splits.front();
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
  if (!std::exchange(named_, true)) parts_.front().split = split;
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

Instant SplitWatermarks::idle_deadline() const noexcept {
  Instant deadline = kNever;
  for (const Part& part : parts_) {
    if (part.read) deadline = std::min(deadline, part.generator.idle_deadline());
  }
  return deadline;
}

}  // namespace penstock
