// operators/guarded.h -- calls user code so that what it throws ends the job, not the process.
//
// A throw drops the record at hand, sets the task's failure with the operator's name, and the task stops before the
// next record. Cost: nothing until something is thrown; nothing at all for a noexcept function.
#pragma once

#include <exception>
#include <string>
#include <type_traits>
#include <utility>

#include "penstock/core/stream/task_context.h"

namespace penstock {

namespace internal {

[[gnu::noinline, gnu::cold]] inline void note_exception(TaskFailure& failure, const char* operator_name,
                                                        std::exception_ptr error) noexcept {
  std::string what = "unknown exception";
  try {
    std::rethrow_exception(std::move(error));
  } catch (const std::exception& known) {
    what = known.what();
  } catch (...) {  // NOLINT(bugprone-empty-catch): whatever it is, `what` says that it is unknown.
  }
  failure.set(Status(StatusCode::kUserError, std::string(operator_name) + ": the user's function threw: " + what));
}

}  // namespace internal

// Runs `call()`. Returns false when it threw; `failure` then says so.
template <class Call>
bool guarded(TaskFailure* failure, const char* operator_name, Call&& call) noexcept {
  if constexpr (noexcept(call())) {
    call();
    return true;
  } else {
    try {
      call();
      return true;
    } catch (...) {
      internal::note_exception(*failure, operator_name, std::current_exception());
      return false;
    }
  }
}

}  // namespace penstock
