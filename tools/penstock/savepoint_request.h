// tools/penstock/savepoint_request.h -- asks the job that runs on a folder of checkpoints for a savepoint, and waits.
//
// By way of a file in that folder: see core/checkpoint/savepoint_requests.h. Several may ask at the same time; each
// gets a savepoint that was begun after it asked.
// Errors     kFailedPrecondition at once when no job runs there; kUnavailable when it does not answer in time. The
//            request is then taken back, but may have been seen.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "penstock/core/base/file_system.h"
#include "penstock/core/base/ids.h"
#include "penstock/core/base/status.h"

namespace penstock::tools {

struct SavepointRequest {
  std::string directory;
  std::string name;  // Of the request: nobody else's. See is_savepoint_request_name().
  std::chrono::milliseconds timeout{60'000};
  std::function<void(std::chrono::milliseconds)> rest;  // Between two looks.
};

Result<Epoch> request_savepoint(FileSystem& file_system, const SavepointRequest& request);

}  // namespace penstock::tools
