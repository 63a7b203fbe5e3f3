// core/base/notice.h -- what a running job says beside its results: that something is missing, wrong or behind.
//
// A notice names the place, the cause and the remedy. What ends a job is a Status, not a notice.
// Threads    post() from any thread; it may block for a moment, so no record path calls it.
#pragma once

#include <cstdint>
#include <string>

namespace penstock {

enum class Severity : std::uint8_t { kInfo, kWarning, kError };

struct Notice {
  Severity severity = Severity::kWarning;
  std::string place;  // "kafka payments/2"
  std::string text;
};

class Notices {
 public:
  virtual ~Notices() = default;
  virtual void post(const Notice& notice) noexcept = 0;
};

// A line each on standard error: "penstock: warning: kafka payments/2: ...".
class StandardErrorNotices final : public Notices {
 public:
  void post(const Notice& notice) noexcept override;
};

}  // namespace penstock
