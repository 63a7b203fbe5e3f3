// bench/workloads/state_size.h -- a count per key over more keys than state may have memory for, and over as many in
// memory alone.
//
// Each record has a key drawn evenly: the worst case for whoever keeps what is in use. State goes to a folder of the
// real disk that is removed afterwards.
#pragma once

#include <cstdint>

#include "penstock/core/base/status.h"

namespace penstock::bench {

struct StateSizeLoad {
  std::uint64_t keys = 20'000'000;
  std::uint64_t records = 10'000'000;  // Behind those that fill the state, one for each key.
  std::uint64_t memory_bytes = std::uint64_t{128} << 20;  // Of the backend.
  std::uint32_t workers = 1;
  double checkpoint_seconds = 0;  // 0: none.
  bool on_disk = true;
};

struct StateSizeFigures {
  double fill_rate = 0;  // Records per second while each key comes for the first time...
  double rate = 0;       // ...and afterwards.
  std::uint64_t resident_bytes_max = 0;  // Of the process above what it had before...
  std::uint64_t of_files = 0;    // ...and how much of that was code and other content of files.
  std::uint64_t disk_bytes = 0;  // At the end.
};
// An error where a count is wrong.
Result<StateSizeFigures> measure_state_size(const StateSizeLoad& load);

}  // namespace penstock::bench
