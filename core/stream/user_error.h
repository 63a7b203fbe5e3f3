// core/stream/user_error.h -- what user code threw, as a Status: it ends the job, never the process.
//
// Cost       Cold: nothing here runs unless something was thrown.
#pragma once

#include <exception>
#include <string>
#include <utility>

#include "penstock/core/base/status.h"

namespace penstock {

// "PLACE: the user's function threw: WHAT"
[[gnu::noinline, gnu::cold]] inline Status user_error(const char* place,
                                                      std::exception_ptr error) noexcept {
  std::string what = "unknown exception";
  try {
    std::rethrow_exception(std::move(error));
  } catch (const std::exception& known) {
    what = known.what();
  } catch (...) {  // NOLINT(bugprone-empty-catch): whatever it is, `what` says that it is unknown.
  }
  return {StatusCode::kUserError, std::string(place) + ": the user's function threw: " + what};
}

// Runs a hook of user code that returns a Status.
template <class Hook>
Status guarded_status(const char* place, Hook&& hook) noexcept {
  try {
    return hook();
  } catch (...) {
    return user_error(place, std::current_exception());
  }
}

}  // namespace penstock
