// operators/window/window.h -- a window of one key as it comes out: when it was, and what it has taken in.
#pragma once

#include <chrono>

#include "penstock/core/base/time.h"

namespace penstock {

template <class Acc>
struct Window {
  EventTime start;
  EventTime end;
  Acc value;
  bool updated = false;         // It has come out before, with less (allowed lateness).
  const void* panes = nullptr;  // The WindowPanes that it comes from.

  // The time of what is made of it: the last moment that belongs to it.
  EventTime time() const noexcept { return end - std::chrono::microseconds(1); }
};

}  // namespace penstock
