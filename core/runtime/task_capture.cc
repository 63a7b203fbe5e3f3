#include "penstock/core/runtime/task_capture.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "penstock/core/base/buggify.h"
#include "penstock/core/base/crash_point.h"
#include "penstock/core/base/protocol_trace.h"

namespace penstock {
namespace {

constexpr std::string_view kWatermarks = "watermarks";
constexpr std::string_view kCounters = "counters";
constexpr std::uint32_t kVersion = 1;

// An item of the section is a number and one of these names: part of the format. What is no count of all that has
// happened, as keys in state, is not here; what nobody counts any more is passed over.
struct NamedCounter {
  std::string_view name;
  Counter TaskCounters::*counter;
};
constexpr NamedCounter kAtTheCut[] = {
    {"records_in", &TaskCounters::records_in},
    {"records_out", &TaskCounters::records_out},
    {"errors", &TaskCounters::errors},
    {"skipped", &TaskCounters::skipped},
    {"dead_letters", &TaskCounters::dead_letters},
    {"late", &TaskCounters::late},
    {"misdated", &TaskCounters::misdated},
    {"side_unread", &TaskCounters::side_unread},
    {"overflows", &TaskCounters::overflows},
    {"row_blocks", &TaskCounters::row_blocks},
};
// What the outside has answered, as of when all that was sent before the cut is answered.
constexpr NamedCounter kWhenConfirmed[] = {
    {"delivered", &TaskCounters::delivered},
    {"undelivered", &TaskCounters::undelivered},
};

template <std::size_t N>
void give_counters(const TaskCounters& counters, const NamedCounter (&named)[N],
                   SnapshotWriter& out) {
  out.select_operator(TaskCapture::kOperator);
  out.section(kCounters, kVersion);
  for (const NamedCounter& each : named) {
    const std::uint64_t count = (counters.*each.counter).get();
    if (count == 0) continue;
    char* to = out.add_room(sizeof(count) + each.name.size());
    std::memcpy(to, &count, sizeof(count));
    std::memcpy(to + sizeof(count), each.name.data(), each.name.size());
  }
}

template <std::size_t N>
void add_counter(TaskCounters& counters, const NamedCounter (&named)[N], std::string_view name,
                 std::uint64_t count) {
  for (const NamedCounter& each : named) {
    if (each.name == name) (counters.*each.counter).add(count);
  }
}

}  // namespace

void TaskCapture::begin(Epoch epoch, EventTime watermark, bool ended) noexcept {
  port_->begin(epoch);
  epoch_ = epoch;
  writer_.emplace(*port_);
  writer_->select_operator(kOperator);
  writer_->section(kWatermarks, kVersion);
  const Watermarks watermarks{watermark, body_.sent_watermark()};
  std::memcpy(writer_->add_room(sizeof(watermarks)), &watermarks, sizeof(watermarks));
  give_counters(counters_, kAtTheCut, *writer_);
  body_.capture(epoch, *writer_);
  PENSTOCK_CRASH_POINT("task.capture_begun");
  running_ = more_ = true;
  ended_ = ended;
}

std::size_t TaskCapture::slice() const noexcept {
  if (PENSTOCK_BUGGIFY("capture.slice_of_one")) return 1;
  return port_->is_awaited() ? kAwaitedSlice : kSlice;
}

bool TaskCapture::advance() noexcept {
  if (!running_ || !port_->has_room() || PENSTOCK_BUGGIFY("capture.no_room")) return false;
  if (more_) {
    more_ = body_.capture_more(slice(), *writer_);
    if (more_) return true;
  }
  if (!body_.captured()) return false;
  give_counters(counters_, kWhenConfirmed, *writer_);
  writer_->flush();
  running_ = false;
  PENSTOCK_PROTOCOL(kCaptured, epoch_, port_);
  port_->finish(ended_);
  PENSTOCK_CRASH_POINT("task.captured");
  return true;
}

void TaskCapture::cancel() noexcept {
  if (!running_) return;
  running_ = false;
  body_.cancel_capture();
}

Status TaskCapture::restore(const SnapshotItem& item) {
  if (item.version == kVersion && item.section == kWatermarks)
    return restore_watermarks(item.bytes);
  if (item.version == kVersion && item.section == kCounters) return restore_counter(item.bytes);
  return Status::data_error("a task has '" + std::string(item.section) + "' of version " +
                            std::to_string(item.version) +
                            ", which this program does not know; a later one has captured it");
}

Status TaskCapture::restore_watermarks(std::string_view bytes) {
  Watermarks seen;
  if (bytes.size() != sizeof(seen)) {
    return Status::data_error("the watermarks of a task have " + std::to_string(bytes.size()) +
                              " bytes; they should have " + std::to_string(sizeof(seen)));
  }
  std::memcpy(&seen, bytes.data(), sizeof(seen));
  if (!restored_) restored_ = seen;
  restored_->in = std::min(restored_->in, seen.in);
  restored_->out = std::min(restored_->out, seen.out);
  return Status();
}

Status TaskCapture::restore_counter(std::string_view bytes) {
  std::uint64_t count = 0;
  if (bytes.size() < sizeof(count)) {
    return Status::data_error("a counter of a task has " + std::to_string(bytes.size()) +
                              " bytes; it should have more than " + std::to_string(sizeof(count)));
  }
  if (!keeps_count_) return Status();
  std::memcpy(&count, bytes.data(), sizeof(count));
  const std::string_view name = bytes.substr(sizeof(count));
  add_counter(counters_, kAtTheCut, name, count);
  add_counter(counters_, kWhenConfirmed, name, count);
  return Status();
}

}  // namespace penstock
