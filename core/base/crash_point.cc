#include "penstock/core/base/crash_point.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace penstock::internal {
namespace {

struct Wanted {
  std::string name;
  std::int64_t visits = 1;
};

Wanted read_wanted() {
  const char* text = std::getenv("PENSTOCK_CRASH_AT");
  if (text == nullptr) return {};
  const std::string all = text;
  const std::size_t colon = all.find(':');
  if (colon == std::string::npos) return {all};
  return {all.substr(0, colon), std::strtoll(text + colon + 1, nullptr, 10)};
}

}  // namespace

void reach_crash_point(std::string_view name) noexcept {
  static const Wanted wanted = read_wanted();
  static std::atomic<std::int64_t> visits{0};
  if (name == wanted.name && visits.fetch_add(1) + 1 == wanted.visits) ::kill(::getpid(), SIGKILL);
}

bool is_mutant(std::string_view name) noexcept {
  const char* const wanted =
      std::getenv("PENSTOCK_MUTANT");  // Each time: a test may ask in between.
  return wanted != nullptr && name == wanted;
}

}  // namespace penstock::internal
