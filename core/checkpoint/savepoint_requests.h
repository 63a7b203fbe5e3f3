// core/checkpoint/savepoint_requests.h -- who wants a savepoint: callers in the program, and other processes through a
// small file in the folder.
//
// File       DIR/SAVEPOINT holds the name that its writer has given the request: 1 to 64 small letters and digits. The
//            job makes a savepoint whose manifest has that name as property kSavepointRequestProperty, and removes the
//            file then: not before, so that a crash forgets nobody. What the file holds otherwise is removed with a
//            notice. The folder belongs to one user, who may ask for savepoints.
// Answers    A caller gets the epoch whose barrier left after it asked, or why that was given up. A file waits for the
//            next epoch that succeeds.
// Threads    ask() and wait() from any thread, the others from the coordinator's.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/file_system.h"
#include "penstock/core/base/ids.h"
#include "penstock/core/base/notice.h"
#include "penstock/core/base/status.h"
#include "penstock/core/base/time.h"
#include "penstock/core/checkpoint/manifest.h"

namespace penstock {

inline constexpr std::string_view kSavepointRequestFile = "SAVEPOINT";
inline constexpr std::string_view kSavepointRequestProperty = "savepoint_request";

bool is_savepoint_request_name(std::string_view name) noexcept;
// kNotFound: nobody has asked, or the job has answered. kDataError: it holds no name.
Result<std::string> read_savepoint_request(FileSystem& file_system, const std::string& folder);
// REQUIRES: is_savepoint_request_name(name). Whoever finds another name there than its own asks again later.
Status write_savepoint_request(FileSystem& file_system, const std::string& folder,
                               std::string_view name);

class SavepointRequests {
 public:
  static constexpr std::chrono::milliseconds kLookEvery{500};

  struct Answer {
    std::optional<Result<Epoch>> epoch;
  };
  using Ticket = std::shared_ptr<Answer>;

  // All outlive it.
  SavepointRequests(FileSystem& files, std::string folder, Notices& notices)
      : files_(files), folder_(std::move(folder)), notices_(notices) {}

  Ticket ask();
  // kUnavailable when there is no answer in time: the savepoint may be made all the same.
  Result<Epoch> wait(const Ticket& ticket, std::chrono::nanoseconds timeout);

  // Looks for a file, not more often than kLookEvery.
  void look(Instant now);
  Instant look_at() const noexcept { return look_at_; }
  bool wanted() const;
  // The epoch that begins now answers all who wait.
  void begin();
  // Into the manifest of that epoch.
  void describe(Manifest& manifest) const;
  // It is complete, or was given up.
  void complete(Epoch epoch);
  void give_up(const Status& why);
  // No epoch will ever begin again: every caller is told why, now and later.
  void close(const Status& why);

 private:
  void answer(std::vector<Ticket>& tickets, const Result<Epoch>& epoch);
  void remove_file(const std::string& expected);

  FileSystem& files_;
  std::string folder_;
  Notices& notices_;
  Instant look_at_{};
  std::string file_;           // The name that was found, not answered yet.
  std::string file_in_epoch_;  // The one that the epoch under way answers.
  bool in_epoch_ = false;

  mutable std::mutex mutex_;  // Of what follows.
  std::condition_variable changed_;
  std::vector<Ticket> waiting_;
  std::vector<Ticket> begun_;
  Status closed_;
};

}  // namespace penstock
