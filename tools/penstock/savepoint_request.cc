#include "penstock/tools/penstock/savepoint_request.h"

#include <memory>
#include <optional>

#include "penstock/core/checkpoint/checkpoint_folder.h"
#include "penstock/core/checkpoint/savepoint_requests.h"

namespace penstock::tools {
namespace {

constexpr std::chrono::milliseconds kLookEvery{100};

Status check_that_a_job_runs(FileSystem& files, const CheckpointFolder& folder) {
  PENSTOCK_RETURN_IF_ERROR(files.list(folder.path()).status());
  const Status lock = files.lock(folder.lock_path()).status();
  if (lock.code() == StatusCode::kFailedPrecondition) return Status();
  if (!lock.ok()) return lock;
  return Status::failed_precondition(
      "no job runs on '" + folder.path() +
      "': its checkpoints hold all there is; to keep one for good, copy its folder");
}

// The savepoint that was made for this request.
Result<std::optional<Epoch>> find(const CheckpointFolder& folder, const std::string& name) {
  const Result<std::vector<FoundCheckpoint>> found = folder.list();
  if (!found.ok()) return found.status();
  for (const FoundCheckpoint& one : *found) {
    const std::string* made_for = one.manifest.property(kSavepointRequestProperty);
    if (one.status.ok() && one.manifest.savepoint && made_for != nullptr && *made_for == name)
      return std::optional(one.epoch);
  }
  return std::optional<Epoch>();
}

}  // namespace

Result<Epoch> request_savepoint(FileSystem& file_system, const SavepointRequest& request) {
  const CheckpointFolder folder(file_system, request.directory);
  PENSTOCK_RETURN_IF_ERROR(check_that_a_job_runs(file_system, folder));
  for (std::chrono::milliseconds waited{0};; waited += kLookEvery) {
    // The file goes when the savepoint is there: so it is looked at first.
    const Result<std::string> waiting = read_savepoint_request(file_system, request.directory);
    const Result<std::optional<Epoch>> made = find(folder, request.name);
    if (!made.ok()) return made.status();
    if (made->has_value()) return **made;
    if (waited >= request.timeout) {
      const std::string path = request.directory + "/" + std::string(kSavepointRequestFile);
      if (waiting.ok() && *waiting == request.name)
        static_cast<void>(file_system.remove(path).ok());  // The job has removed it just now.
      return Status(StatusCode::kUnavailable,
                    "the job on '" + request.directory + "' has made no savepoint in " +
                        std::to_string(request.timeout.count() / 1000) +
                        " s; its messages say why, and `penstock checkpoint ls` lists one that "
                        "comes later");
    }
    if (!waiting.ok() && waiting.status().code() == StatusCode::kNotFound) {
      PENSTOCK_RETURN_IF_ERROR(
          write_savepoint_request(file_system, request.directory, request.name));
    }
    request.rest(kLookEvery);
  }
}

}  // namespace penstock::tools
