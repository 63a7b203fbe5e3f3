// bench/workloads/nexmark_json.h -- the Nexmark events as lines of JSON, made in memory before the clock starts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "penstock/bench/workloads/json_lines.h"
#include "penstock/bench/workloads/nexmark.h"

namespace penstock::bench {

// One line without its newline.
std::string nexmark_json_line(const NexmarkEvent& event);

class NexmarkJson : public JsonLines {
 public:
  // The events 0 .. events - 1, in order.
  explicit NexmarkJson(std::uint64_t events);
};

// Apple, Google, Facebook, Baidu.
inline constexpr std::string_view kNexmarkChannels[] = {"Apple", "Google", "Facebook", "Baidu"};

}  // namespace penstock::bench
