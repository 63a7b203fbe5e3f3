#include "penstock/core/base/memory_budget.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "penstock/core/base/cgroup.h"
#include "penstock/core/base/file_system.h"

namespace penstock {
namespace {

constexpr std::uint64_t kWithoutLimit = ~std::uint64_t{0};

std::uint64_t machine_bytes() noexcept {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page_bytes <= 0) return kWithoutLimit;
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes);
}

std::uint64_t limit_of(__rlimit_resource resource) noexcept {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kWithoutLimit;
  return limit.rlim_cur;
}

}  // namespace

Status no_state_memory(std::string_view what, const MemoryBudget* budget) {
  std::string message = "no memory for " + std::string(what);
  if (budget != nullptr && budget->has_refused()) {
    message += ": the job's keyed state has reached its limit of " +
               std::to_string(budget->limit_bytes()) +
               " bytes; raise the option state_bytes_max, or let keys go: clear those that are "
               "done, or give their state a Ttl";
  } else {
    message +=
        ": the system refuses more; let keys go (clear those that are done, or give their state a "
        "Ttl), use more machines, or set the option state_bytes_max below what this one has";
  }
  return {StatusCode::kResourceExhausted, std::move(message)};
}

std::uint64_t default_state_bytes() {
  const auto files = make_posix_file_system();
  std::uint64_t bytes = std::min(machine_bytes(), CgroupReader(*files, "").memory_bytes());
  bytes = std::min({bytes, limit_of(RLIMIT_DATA), limit_of(RLIMIT_AS)});
  return bytes / 4 * 3;
}

}  // namespace penstock
