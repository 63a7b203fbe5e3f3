// api/options.h -- how a job runs: workers, waiting, memory bounds. Nothing here changes a result.
#pragma once

#include <cstdint>

#include "penstock/core/base/status.h"
#include "penstock/core/runtime/engine.h"
#include "penstock/core/runtime/restart_policy.h"

namespace penstock {

struct Options : EngineOptions {
  // The defaults, changed by PENSTOCK__WORKERS, PENSTOCK__PROFILE (balanced | latency), PENSTOCK__PIN_WORKERS
  // (true | false), PENSTOCK__BATCH_MAX, PENSTOCK__RING_SLOTS, PENSTOCK__RING_BYTES, PENSTOCK__STATE_KEYS_MAX,
  // PENSTOCK__STATE_BYTES_MAX, PENSTOCK__CHECKPOINT (a folder), PENSTOCK__CHECKPOINT_INTERVAL_MS,
  // PENSTOCK__CHECKPOINT_WRITE_AHEAD_LOG (true | false), PENSTOCK__CHECKPOINT_RESTORE (newest | none | e-17),
  // PENSTOCK__CHECKPOINT_ALLOW_DROPPED_STATE (true | false), PENSTOCK__RESTARTS. A value that cannot be read is an
  // error that names the variable.
  static Result<Options> from_environment();

  RestartOptions restarts{};  // Of a job that failed for a reason that may pass.
};

}  // namespace penstock
