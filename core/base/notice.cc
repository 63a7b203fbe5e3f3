#include "penstock/core/base/notice.h"

#include <cstdio>

namespace penstock {

void StandardErrorNotices::post(const Notice& notice) noexcept {
  static constexpr const char* kNames[] = {"info", "warning", "error"};
  std::fprintf(stderr, "penstock: %s: %s: %s\n", kNames[static_cast<std::uint8_t>(notice.severity)],
               notice.place.c_str(), notice.text.c_str());
}

}  // namespace penstock
