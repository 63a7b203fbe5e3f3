#include "penstock/core/base/helper_thread.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <utility>

namespace penstock {
namespace {

// A thread inherits the mask of its creator, which may be a worker pinned to one CPU; the main
// thread's mask is what the process as a whole may use.
void use_cpus_of_process() noexcept {
  cpu_set_t cpus;
  if (::sched_getaffinity(::getpid(), sizeof cpus, &cpus) != 0) return;
  static_cast<void>(::sched_setaffinity(0, sizeof cpus, &cpus));  // At worst it stays where it is.
}

// Signals belong to the program: a thread that it does not know of must not take them.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

Result<std::unique_ptr<ThreadHandle>> spawn_helper(std::string name, std::function<void()> body) {
  const SignalsBlocked blocked;
  return make_thread_scheduler()->spawn({.name = std::move(name), .cpu = {}},
                                        [body = std::move(body)] {
                                          use_cpus_of_process();
                                          body();
                                        });
}

}  // namespace penstock
