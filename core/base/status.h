// core/base/status.h -- the outcome of what can fail: Status, or Result<T> when there is a value.
//
// Errors      A message says where (operator, file, split), which field, the offending value, and what to do.
// Cost        OK is a null pointer: creating, copying and testing it costs nothing. An error allocates once.
// Threads     Immutable once made; copies share the message and may be read from any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "penstock/core/base/check.h"

namespace penstock {

enum class StatusCode {
  kOk,
  kInvalidArgument,  // The caller asked for something that can never work: fix the call or the option.
  kNotFound,         // A file, field or name does not exist.
  kPermissionDenied,    // The operating system refused access.
  kDataError,           // A record could not be read or converted.
  kResourceExhausted,   // Disk full, quota or byte bound exceeded.
  kUnavailable,         // The other side is gone or closed; trying again may help.
  kFailedPrecondition,  // Right call, wrong time: e.g. push after stop.
  kCancelled,           // Stopped on request before it was done.
  kUserError,           // User code threw.
  kInternal,            // A defect of Penstock.
};

// "invalid argument", "not found", ...
std::string_view status_code_name(StatusCode code) noexcept;

class [[nodiscard]] Status {
 public:
  Status() noexcept = default;  // OK
  // REQUIRES: code != kOk.
  Status(StatusCode code, std::string message);

  static Status invalid_argument(std::string message) {
    return {StatusCode::kInvalidArgument, std::move(message)};
  }
  static Status data_error(std::string message) {
    return {StatusCode::kDataError, std::move(message)};
  }
  static Status failed_precondition(std::string message) {
    return {StatusCode::kFailedPrecondition, std::move(message)};
  }
  static Status internal(std::string message) {
    return {StatusCode::kInternal, std::move(message)};
  }
  // "PLACE: TEXT OF ERRNO", with the code that fits `error_number` (ENOSPC is kResourceExhausted, ...).
  static Status from_errno(int error_number, std::string_view place);

  bool ok() const noexcept { return rep_ == nullptr; }
  StatusCode code() const noexcept { return ok() ? StatusCode::kOk : rep_->code; }
  std::string_view message() const noexcept {
    return ok() ? std::string_view() : std::string_view(rep_->message);
  }
  // "ok", or "CODE NAME: MESSAGE".
  std::string to_string() const;
  // The same error with "PLACE: " in front of its message; OK stays OK.
  Status with_place(std::string_view place) const;
  // What main() returns: 0 good, 78 (EX_CONFIG) for invalid arguments found after start, 1 otherwise.
  int exit_code() const noexcept;

 private:
  struct Rep {
    StatusCode code;
    std::string message;
  };
  std::shared_ptr<const Rep> rep_;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}                                        // NOLINT
  Result(Status error) : status_(std::move(error)) { PENSTOCK_CHECK(!status_.ok()); }  // NOLINT

  bool ok() const noexcept { return value_.has_value(); }
  const Status& status() const noexcept { return status_; }

  // REQUIRES: ok().
  T& value() & {
    PENSTOCK_CHECK(ok());
    return *value_;
  }
  const T& value() const& {
    PENSTOCK_CHECK(ok());
    return *value_;
  }
  T&& value() && {
    PENSTOCK_CHECK(ok());
    return *std::move(value_);
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  Status status_;
  std::optional<T> value_;
};

}  // namespace penstock

// Returns the error of a Status expression from the enclosing function.
#define PENSTOCK_RETURN_IF_ERROR(expression)                                      \
  do {                                                                            \
    if (::penstock::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)
