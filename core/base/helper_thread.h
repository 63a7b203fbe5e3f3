// core/base/helper_thread.h -- a thread beside the workers, for what may wait: pipes, sockets, names.
//
// Signals belong to the program, so it blocks all of them. It runs on the CPUs of the process, not on the one that its
// creator may be pinned to.
// Threads    As Scheduler::spawn.
// Errors     As Scheduler::spawn.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "penstock/core/base/scheduler.h"
#include "penstock/core/base/status.h"

namespace penstock {

Result<std::unique_ptr<ThreadHandle>> spawn_helper(std::string name, std::function<void()> body);

}  // namespace penstock
