// bench/workloads/workload.h -- the list of workloads: their names, what they ask and in which form they read.
//
// Threads    Everything here is constant.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "penstock/bench/workloads/nexmark.h"

namespace penstock::bench {

enum class Query : std::uint8_t { kQ0, kQ1, kQ2, kQ5, kQ7, kYsb, kFraud, kWordcount, kKeyed };
enum class Form : std::uint8_t { kBinary, kJson };

struct Workload {
  std::string_view name;  // "q0", "q0_dis", "q0_json"
  Query query = Query::kQ0;
  Form form = Form::kBinary;
  Disorder disorder = Disorder::kNone;
  std::uint64_t default_events = 0;
  std::string_view description;
};

// In the order they are shown.
std::span<const Workload> all_workloads() noexcept;
std::optional<Workload> find_workload(std::string_view name) noexcept;

}  // namespace penstock::bench
