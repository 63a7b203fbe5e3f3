// operators/guarded.h -- calls user code so that what it throws ends the job, not the process.
//
// A throw drops the record at hand, sets the task's failure with the operator's name, and the task stops before the
// next record. Cost: nothing until something is thrown; nothing at all for a noexcept function.
#pragma once

#include <exception>

#include "penstock/core/stream/task_context.h"
#include "penstock/core/stream/user_error.h"

namespace penstock {

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
      failure->set(user_error(operator_name, std::current_exception()));
      return false;
    }
  }
}

}  // namespace penstock
