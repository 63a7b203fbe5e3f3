#include "penstock/api/options.h"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace penstock {
namespace {

Status unreadable(const char* variable, std::string_view value, const char* wanted) {
  return Status::invalid_argument(std::string(variable) + " is \"" + std::string(value) +
                                  "\": " + wanted);
}

template <class Number>
Status read_number(const char* variable, Number& out) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return Status();
  const std::string_view value(text);
  Number number{};
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size()) {
    return unreadable(variable, value, "a whole number is wanted");
  }
  out = number;
  return Status();
}

Status read_flag(const char* variable, bool& out) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return Status();
  const std::string_view value(text);
  if (value != "true" && value != "false")
    return unreadable(variable, value, "true or false is wanted");
  out = value == "true";
  return Status();
}

Status read_profile(const char* variable, WaitProfile& out) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return Status();
  const std::string_view value(text);
  if (value != "balanced" && value != "latency")
    return unreadable(variable, value, "balanced or latency is wanted");
  out = value == "latency" ? WaitProfile::kLatency : WaitProfile::kBalanced;
  return Status();
}

Status read_checkpoint(CheckpointOptions& out) {
  if (const char* directory = std::getenv("PENSTOCK__CHECKPOINT")) out.directory = directory;
  std::int64_t millis = out.interval / std::chrono::milliseconds(1);
  PENSTOCK_RETURN_IF_ERROR(read_number("PENSTOCK__CHECKPOINT_INTERVAL_MS", millis));
  if (millis < 1 || millis > 86'400'000) {
    return unreadable("PENSTOCK__CHECKPOINT_INTERVAL_MS", std::to_string(millis),
                      "1 to 86400000 milliseconds are wanted");
  }
  PENSTOCK_RETURN_IF_ERROR(read_flag("PENSTOCK__CHECKPOINT_WRITE_AHEAD_LOG", out.write_ahead_log));
  PENSTOCK_RETURN_IF_ERROR(
      read_flag("PENSTOCK__CHECKPOINT_ALLOW_DROPPED_STATE", out.allow_dropped_state));
  if (const char* restore = std::getenv("PENSTOCK__CHECKPOINT_RESTORE")) {
    PENSTOCK_RETURN_IF_ERROR(
        read_restore_choice(restore, out).with_place("PENSTOCK__CHECKPOINT_RESTORE"));
  }
  out.interval = std::chrono::milliseconds(millis);
  return Status();
}

}  // namespace

Result<Options> Options::from_environment() {
  Options options;
  Status status = read_number("PENSTOCK__WORKERS", options.workers);
  if (status.ok()) status = read_profile("PENSTOCK__PROFILE", options.profile);
  if (status.ok()) status = read_flag("PENSTOCK__PIN_WORKERS", options.pin_workers);
  if (status.ok()) status = read_number("PENSTOCK__BATCH_MAX", options.batch_max);
  if (status.ok()) status = read_number("PENSTOCK__RING_SLOTS", options.ring_slots);
  if (status.ok()) status = read_number("PENSTOCK__RING_BYTES", options.ring_bytes);
  if (status.ok()) status = read_number("PENSTOCK__STATE_KEYS_MAX", options.state_keys_max);
  if (status.ok()) status = read_number("PENSTOCK__STATE_BYTES_MAX", options.state_bytes_max);
  if (status.ok()) status = read_checkpoint(options.checkpoint);
  if (status.ok()) status = read_number("PENSTOCK__RESTARTS", options.restarts.max);
  if (!status.ok()) return status;
  return options;
}

}  // namespace penstock
