// tools/penstock/signals.h -- SIGINT and SIGTERM as something to wait for: for the binary only.
//
// The first signal drains the job, a second one stops it at once. SIGPIPE is ignored: a closed pipe is an error of the
// sink that writes to it.
// Threads    block_signals() before any other thread starts, so that all inherit the mask; run_until_end() on main.
#pragma once

#include <functional>

#include "penstock/api/job.h"

namespace penstock::tools {

void block_signals();

// Waits for the job's end, drains or stops it on signals, calls `each_second` about once a second.
Status run_until_end(JobHandle& job, const std::function<void()>& each_second);

}  // namespace penstock::tools
