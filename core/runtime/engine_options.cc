#include "penstock/core/runtime/engine_options.h"

#include <bit>

#include "penstock/core/ring/byte_ring.h"

namespace penstock {

Status check(const EngineOptions& options) {
  if (options.workers < 1 || options.workers > 256) {
    return Status::invalid_argument("option workers is " + std::to_string(options.workers) +
                                    ": choose 1 to 256");
  }
  if (!std::has_single_bit(options.ring_slots) || options.ring_slots < 2 ||
      options.ring_slots > (1u << 20)) {
    return Status::invalid_argument("option ring_slots is " + std::to_string(options.ring_slots) +
                                    ": choose a power of two from 2 to 1048576");
  }
  if (!std::has_single_bit(options.ring_bytes) || options.ring_bytes < ByteRing::kCapacityMin ||
      options.ring_bytes > (std::size_t{1} << 30)) {
    return Status::invalid_argument("option ring_bytes is " + std::to_string(options.ring_bytes) +
                                    ": choose a power of two from 256 to 1073741824");
  }
  if (options.batch_max < 1 || options.batch_max > 65536) {
    return Status::invalid_argument("option batch_max is " + std::to_string(options.batch_max) +
                                    ": choose 1 to 65536");
  }
  if (options.checkpoint.write_ahead_log && options.checkpoint.directory.empty()) {
    return Status::invalid_argument(
        "option checkpoint.write_ahead_log is on without a folder for checkpoints, in which the "
        "log would be: give one");
  }
  return Status();
}

}  // namespace penstock
