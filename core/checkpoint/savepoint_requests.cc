#include "penstock/core/checkpoint/savepoint_requests.h"

#include <algorithm>
#include <utility>

#include "penstock/core/checkpoint/durable_file.h"

namespace penstock {
namespace {

constexpr std::size_t kNameMax = 64;

std::string path_in(const std::string& folder) {
  return folder + "/" + std::string(kSavepointRequestFile);
}

}  // namespace

bool is_savepoint_request_name(std::string_view name) noexcept {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= kNameMax && std::all_of(name.begin(), name.end(), allowed);
}

Result<std::string> read_savepoint_request(FileSystem& file_system, const std::string& folder) {
  Result<std::string> name = read_small_file(file_system, path_in(folder), kNameMax);
  if (!name.ok() || is_savepoint_request_name(*name)) return name;
  return Status::data_error("'" + path_in(folder) +
                            "' is no request for a savepoint: it has no name in it");
}

Status write_savepoint_request(FileSystem& file_system, const std::string& folder,
                               std::string_view name) {
  // By way of a name of its own: two who ask at once do not write into one file.
  const std::string own = path_in(folder) + "." + std::string(name) + ".tmp";
  PENSTOCK_RETURN_IF_ERROR(write_new_file(file_system, own, name));
  return file_system.rename(own, path_in(folder));
}

SavepointRequests::Ticket SavepointRequests::ask() {
  auto ticket = std::make_shared<Answer>();
  const std::lock_guard lock(mutex_);
  if (closed_.ok()) {
    waiting_.push_back(ticket);
  } else {
    ticket->epoch.emplace(closed_);
  }
  return ticket;
}

Result<Epoch> SavepointRequests::wait(const Ticket& ticket, std::chrono::nanoseconds timeout) {
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, timeout, [&] { return ticket->epoch.has_value(); }))
    return *ticket->epoch;
  return Status(StatusCode::kUnavailable,
                "the savepoint was not complete after " +
                    std::to_string(timeout / std::chrono::milliseconds(1)) +
                    " ms; it may still come, see `penstock checkpoint ls`");
}

void SavepointRequests::look(Instant now) {
  if (now < look_at_) return;
  look_at_ = now + kLookEvery;
  const Result<std::string> name = read_savepoint_request(files_, folder_);
  file_ = name.ok() ? *name : std::string();
  if (name.ok() || name.status().code() != StatusCode::kDataError) return;
  notices_.post({Severity::kWarning, "checkpoints",
                 std::string(name.status().message()) + "; it is removed"});
  static_cast<void>(files_.remove(path_in(folder_)).ok());  // Else at the next look.
}

bool SavepointRequests::wanted() const {
  const std::lock_guard lock(mutex_);
  return !file_.empty() || !waiting_.empty();
}

void SavepointRequests::begin() {
  const std::lock_guard lock(mutex_);
  file_in_epoch_ = file_;
  begun_.insert(begun_.end(), waiting_.begin(), waiting_.end());
  waiting_.clear();
  in_epoch_ = !file_in_epoch_.empty() || !begun_.empty();
}

void SavepointRequests::describe(Manifest& manifest) const {
  manifest.savepoint = in_epoch_;
  if (!file_in_epoch_.empty())
    manifest.properties.push_back({std::string(kSavepointRequestProperty), file_in_epoch_});
}

void SavepointRequests::complete(Epoch epoch) {
  if (!std::exchange(in_epoch_, false)) return;
  remove_file(std::exchange(file_in_epoch_, {}));
  answer(begun_, epoch);
}

void SavepointRequests::give_up(const Status& why) {
  if (!std::exchange(in_epoch_, false)) return;
  file_in_epoch_.clear();
  answer(begun_, why.with_place("the savepoint was given up"));
}

void SavepointRequests::close(const Status& why) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_.ok()) closed_ = why;
  }
  answer(waiting_, why);
  answer(begun_, why);
}

void SavepointRequests::answer(std::vector<Ticket>& tickets, const Result<Epoch>& epoch) {
  const std::lock_guard lock(mutex_);
  for (const Ticket& ticket : tickets) ticket->epoch.emplace(epoch);
  tickets.clear();
  changed_.notify_all();
}

// Another may have asked meanwhile: its file stays.
void SavepointRequests::remove_file(const std::string& expected) {
  file_.clear();
  look_at_ = {};
  if (expected.empty()) return;
  const Result<std::string> now = read_savepoint_request(files_, folder_);
  if (!now.ok() || *now != expected) return;
  const Status removed = files_.remove(path_in(folder_));
  if (removed.ok() || removed.code() == StatusCode::kNotFound) return;
  notices_.post({Severity::kWarning, "checkpoints",
                 "the request for a savepoint cannot be removed, so there will be another: " +
                     removed.to_string()});
}

}  // namespace penstock
