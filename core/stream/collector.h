// core/stream/collector.h -- what an operator emits into.
//
// collect() returns nothing and cannot fail: back-pressure is decided before input is polled, never inside an
// operator. Operators take any CollectorOf<T> and so never name what follows them: the next operator of a fused
// chain, an erased link, an output gate and a test's list all fit.
#pragma once

#include <vector>

#include "penstock/core/stream/record.h"

namespace penstock {

template <class C, class T>
concept CollectorOf =
    requires(C& collector, const Record<T>& record) { collector.collect(record); };

// Keeps what it is given; the collector of tests and of examples.
template <class T>
class ListCollector {
 public:
  void collect(const Record<T>& record) { records_.push_back(record); }
  void watermark(EventTime time) { watermarks_.push_back(time); }
  void idle() { ++idles_; }

  const std::vector<Record<T>>& records() const noexcept { return records_; }
  const std::vector<EventTime>& watermarks() const noexcept { return watermarks_; }
  int idles() const noexcept { return idles_; }

 private:
  std::vector<Record<T>> records_;
  std::vector<EventTime> watermarks_;
  int idles_ = 0;
};

}  // namespace penstock
