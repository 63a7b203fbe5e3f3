#include "penstock/core/row/option_values.h"

#include "penstock/core/row/value_text.h"

namespace penstock {

Status bad_option(std::string_view name, std::string_view value, std::string_view remedy) {
  return Status::invalid_argument("option " + std::string(name) + " is '" +
                                  std::string(value.substr(0, 60)) + "'; " + std::string(remedy));
}

Status set_flag(std::string_view name, std::string_view value, bool& flag) {
  if ((same_name(value, "true") || same_name(value, "false")) && parse_boolean(value, flag))
    return {};
  return bad_option(name, value, "write 'true' or 'false'");
}

Status set_flag(std::string_view name, std::string_view value, std::optional<bool>& flag) {
  bool set = false;
  const Status status = set_flag(name, value, set);
  if (status.ok()) flag = set;
  return status;
}

Status set_mode(std::string_view name, std::string_view value, BadRecordMode& mode) {
  if (same_name(value, "PERMISSIVE")) {
    mode = BadRecordMode::kPermissive;
  } else if (same_name(value, "DROPMALFORMED")) {
    mode = BadRecordMode::kDropMalformed;
  } else if (same_name(value, "FAILFAST")) {
    mode = BadRecordMode::kFailFast;
  } else {
    return bad_option(name, value, "write PERMISSIVE, DROPMALFORMED or FAILFAST");
  }
  return {};
}

Status set_zone(std::string_view value, TimeZone& zone) {
  Result<TimeZone> found = TimeZone::find(value);
  if (!found.ok()) return found.status();
  zone = *found;
  return {};
}

Status set_reading_pattern(std::string_view text, std::optional<TimePattern>& pattern) {
  Result<TimePattern> compiled = TimePattern::compile(text, TimePattern::Use::kReading);
  if (!compiled.ok()) return compiled.status();
  pattern = std::move(*compiled);
  return {};
}

}  // namespace penstock
