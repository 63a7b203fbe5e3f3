// core/stream/record.h -- what operators see: a value and its event time.
#pragma once

#include "penstock/core/base/time.h"

namespace penstock {

template <class T>
struct Record {
  using Value = T;
  T value{};
  EventTime time;
};

template <class T>
Record(T, EventTime) -> Record<T>;

}  // namespace penstock
