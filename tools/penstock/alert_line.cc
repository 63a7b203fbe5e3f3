#include "penstock/tools/penstock/alert_line.h"

#include <cstdio>

namespace penstock::tools {
namespace {

const char* colour_of(std::string_view rule) {
  if (rule == fraud::rule_name(fraud::Rule::kVelocity)) return "\033[33m";
  if (rule == fraud::rule_name(fraud::Rule::kUnusualAmount)) return "\033[31m";
  return "\033[35m";
}

}  // namespace

void AlertLine::encode(const fraud::Alert& alert, std::string& out) const {
  const std::string rule(alert.rule.view());
  const std::string card(alert.card.view());
  const std::string reason(alert.reason.view());
  char latency[32] = "window";  // It is told of when it closes, not when a payment arrives.
  if (alert.tx != 0 || alert.latency_us > 0)
    std::snprintf(latency, sizeof latency, "+%.1f us", alert.latency_us);
  char line[256];
  const int length =
      std::snprintf(line, sizeof line, "%s%-17s%s  %-19s  %-52s  %s  v%u %.16s",
                    coloured_ ? colour_of(rule) : "", rule.c_str(), coloured_ ? "\033[0m" : "",
                    card.c_str(), reason.c_str(), latency, alert.version, alert.id.view().data());
  out.append(line, static_cast<std::size_t>(std::min(length, static_cast<int>(sizeof line) - 1)));
}

}  // namespace penstock::tools
