// core/row/option_values.h -- values of the options of CSV and JSON, as Spark writes them.
//
// Errors      Invalid argument: the option, its value, the remedy.
// Cost        Of plans; nothing of this is in the way of a record.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/core/base/status.h"
#include "penstock/core/row/calendar.h"
#include "penstock/core/row/time_pattern.h"

namespace penstock {

enum class BadRecordMode : std::uint8_t { kPermissive, kDropMalformed, kFailFast };

Status bad_option(std::string_view name, std::string_view value, std::string_view remedy);
Status set_flag(std::string_view name, std::string_view value, bool& flag);
Status set_flag(std::string_view name, std::string_view value, std::optional<bool>& flag);
Status set_mode(std::string_view name, std::string_view value, BadRecordMode& mode);
Status set_zone(std::string_view value, TimeZone& zone);
Status set_reading_pattern(std::string_view text, std::optional<TimePattern>& pattern);

// Options by `set(name, value, options)`, one after the other, on top of the defaults.
template <class Options>
Result<Options> read_options(const std::vector<std::pair<std::string, std::string>>& named,
                             const TimeZone& session,
                             Status (*set)(std::string_view, std::string_view, Options&)) {
  Options options;
  options.zone = session;
  for (const auto& [name, value] : named) PENSTOCK_RETURN_IF_ERROR(set(name, value, options));
  return options;
}

}  // namespace penstock
