#include "penstock/core/base/status.h"

#include <cerrno>
#include <system_error>

namespace penstock {
namespace {

StatusCode code_of_errno(int error_number) noexcept {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return StatusCode::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return StatusCode::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
      return StatusCode::kResourceExhausted;
    case EINVAL:
    case EISDIR:
    case ENAMETOOLONG:
      return StatusCode::kInvalidArgument;
    default:
      return StatusCode::kUnavailable;
  }
}

}  // namespace

std::string_view status_code_name(StatusCode code) noexcept {
  switch (code) {
    case StatusCode::kOk:
      return "ok";
    case StatusCode::kInvalidArgument:
      return "invalid argument";
    case StatusCode::kNotFound:
      return "not found";
    case StatusCode::kPermissionDenied:
      return "permission denied";
    case StatusCode::kDataError:
      return "data error";
    case StatusCode::kResourceExhausted:
      return "resource exhausted";
    case StatusCode::kUnavailable:
      return "unavailable";
    case StatusCode::kFailedPrecondition:
      return "failed precondition";
    case StatusCode::kCancelled:
      return "cancelled";
    case StatusCode::kUserError:
      return "user code failed";
    case StatusCode::kInternal:
      return "internal error";
  }
  return "unknown";
}

Status::Status(StatusCode code, std::string message)
    : rep_(std::make_shared<const Rep>(Rep{code, std::move(message)})) {
  PENSTOCK_CHECK(code != StatusCode::kOk);
}

Status Status::from_errno(int error_number, std::string_view place) {
  std::string message(place);
  message += ": ";
  message += std::generic_category().message(error_number);
  return {code_of_errno(error_number), std::move(message)};
}

std::string Status::to_string() const {
  if (ok()) return "ok";
  std::string text(status_code_name(code()));
  text += ": ";
  text += message();
  return text;
}

Status Status::with_place(std::string_view place) const {
  if (ok()) return *this;
  std::string text(place);
  text += ": ";
  text += message();
  return {code(), std::move(text)};
}

int Status::exit_code() const noexcept {
  if (ok()) return 0;
  return code() == StatusCode::kInvalidArgument ? 78 : 1;
}

}  // namespace penstock
