#include "penstock/operators/window/window_spec.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <string>

namespace penstock {
namespace {

using Wide = __int128;  // Times may stand at the ends of the 64-bit range.

constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kPaneMax = std::int64_t{1} << 62;

std::int64_t floor_div(Wide a, std::int64_t b) noexcept {
  const Wide quotient = a / b;
  return static_cast<std::int64_t>(a % b < 0 ? quotient - 1 : quotient);
}

std::string describe(const WindowSpec& spec) {
  return "window of " + std::to_string(spec.size.count()) + " us every " +
         std::to_string(spec.slide.count()) + " us";
}

Status check(const WindowSpec& spec) {
  if (spec.size.count() <= 0 || spec.slide.count() <= 0)
    return Status::invalid_argument(describe(spec) + ": size and slide must be above 0");
  if (spec.slide > spec.size) {
    return Status::invalid_argument(
        describe(spec) +
        ": the slide may not exceed the size, or records between two windows would vanish");
  }
  if (spec.allowed_lateness.count() < 0)
    return Status::invalid_argument(describe(spec) + ": allowed_lateness may not be negative");
  return {};
}

}  // namespace

Result<Panes> Panes::of(const WindowSpec& spec) {
  PENSTOCK_RETURN_IF_ERROR(check(spec));
  Panes panes;
  panes.spec_ = spec;
  panes.width_ = std::gcd(spec.size.count(), spec.slide.count());
  panes.per_window_ = spec.size.count() / panes.width_;
  panes.per_slide_ = spec.slide.count() / panes.width_;
  const std::int64_t late_slides =
      (spec.allowed_lateness.count() + spec.slide.count() - 1) / spec.slide.count();
  panes.kept_late_ = late_slides > kRingMax ? kRingMax : late_slides * panes.per_slide_;
  const std::int64_t wanted = panes.per_window_ + panes.kept_late_ + 2 * panes.per_slide_;
  if (wanted > kRingMax) {
    return Status::invalid_argument(describe(spec) + ": needs " + std::to_string(wanted) +
                                    " panes of " + std::to_string(panes.width_) +
                                    " us for each key, more than " + std::to_string(kRingMax) +
                                    "; use a longer slide, or less allowed lateness");
  }
  panes.ring_slots_ = std::bit_ceil(static_cast<std::uint32_t>(wanted));
  const std::int64_t rest = spec.offset.count() % spec.slide.count();
  panes.offset_ = rest < 0 ? rest + spec.slide.count() : rest;
  panes.panes_per_micro_ = 1.0 / static_cast<double>(panes.width_);
  panes.move_base(EventTime{0});
  return panes;
}

std::int64_t Panes::pane_at(EventTime time) const noexcept {
  // Far from the ends of the range, so that ends of windows can be computed without a thought.
  return std::clamp(floor_div(Wide{time.micros} - offset_, width_), -kPaneMax, kPaneMax);
}

EventTime Panes::time_of(std::int64_t pane) const noexcept {
  const Wide micros = Wide{pane} * width_ + offset_;
  return {static_cast<std::int64_t>(std::clamp<Wide>(micros, kLeast, kMost))};
}

std::int64_t Panes::move_base(EventTime time) noexcept {
  const std::int64_t pane = pane_at(time);
  // Not near the ends of the range, where the difference of two times may come round to a small one.
  if (time.micros < -kBaseMax || time.micros > kBaseMax) return pane;
  base_pane_ = pane;
  base_start_ = pane * width_ + offset_;
  return pane;
}

}  // namespace penstock
