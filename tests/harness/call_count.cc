#include "penstock/tests/harness/call_count.h"

#include <dlfcn.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>

namespace penstock {
namespace {

constinit thread_local CallCounts counts;

}  // namespace

CallCounts thread_calls_so_far() noexcept { return counts; }

}  // namespace penstock

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

// The one place whose system calls the filter lets pass: penstock_system_call(number, six arguments).
asm(R"(
  .text
  .type penstock_system_call, @function
penstock_system_call:
  movq %rdi, %rax
  movq %rsi, %rdi
  movq %rdx, %rsi
  movq %rcx, %rdx
  movq %r8, %r10
  movq %r9, %r8
  movq 8(%rsp), %r9
  syscall
penstock_system_call_made:
  ret
  .size penstock_system_call, . - penstock_system_call
)");
extern "C" long penstock_system_call(long, long, long, long, long, long, long) noexcept;
extern "C" const char penstock_system_call_made[];

namespace penstock {
namespace {

// Returning from a signal handler restores the mask, so a change of it is made in what will be restored; but for
// SIGSYS, without which the kernel ends the process at the next call. Threads block all signals before they end.
long change_mask(ucontext_t& context, long how, const std::uint64_t* set, std::uint64_t* old) {
  std::uint64_t mask = 0;
  std::memcpy(&mask, &context.uc_sigmask, sizeof mask);
  if (old != nullptr) *old = mask;
  if (set == nullptr) return 0;
  mask = how == SIG_BLOCK ? mask | *set : how == SIG_UNBLOCK ? mask & ~*set : *set;
  mask &= ~(std::uint64_t{1} << (SIGSYS - 1));
  std::memcpy(&context.uc_sigmask, &mask, sizeof mask);
  return 0;
}

void count_and_make_system_call(int, siginfo_t* signal, void* raw_context) {
  ++counts.system_calls;
  auto& context = *static_cast<ucontext_t*>(raw_context);
  auto& registers = context.uc_mcontext.gregs;
  if (signal->si_syscall == SYS_rt_sigprocmask) {
    registers[REG_RAX] = change_mask(context, registers[REG_RDI],
                                     reinterpret_cast<const std::uint64_t*>(registers[REG_RSI]),
                                     reinterpret_cast<std::uint64_t*>(registers[REG_RDX]));
    return;
  }
  registers[REG_RAX] = penstock_system_call(
      signal->si_syscall, registers[REG_RDI], registers[REG_RSI], registers[REG_RDX],
      registers[REG_R10], registers[REG_R8], registers[REG_R9]);
}

constexpr auto field(std::size_t offset) {
  return sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
// Goes on if what was loaded is `value`, else skips `skip` instructions.
constexpr auto unless_equal_skip(std::uint32_t value, std::uint8_t skip) {
  return sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip);
}
constexpr auto answer(std::uint32_t action) {
  return sock_filter BPF_STMT(BPF_RET | BPF_K, action);
}

}  // namespace

Status count_system_calls_of_this_thread() {
  struct sigaction action = {};
  action.sa_sigaction = count_and_make_system_call;
  action.sa_flags = SA_SIGINFO;
  if (::sigaction(SIGSYS, &action, nullptr) != 0) return Status::from_errno(errno, "sigaction");
  const auto made = reinterpret_cast<std::uintptr_t>(penstock_system_call_made);
  constexpr std::size_t kIp = offsetof(seccomp_data, instruction_pointer);
  sock_filter filter[] = {
      field(kIp),
      unless_equal_skip(static_cast<std::uint32_t>(made), 3),
      field(kIp + 4),
      unless_equal_skip(static_cast<std::uint32_t>(made >> 32), 1),
      answer(SECCOMP_RET_ALLOW),
      field(offsetof(seccomp_data, nr)),
      // How the handler returns.
      unless_equal_skip(SYS_rt_sigreturn, 1),
      answer(SECCOMP_RET_ALLOW),
      // A new thread returns on a stack of its own.
      unless_equal_skip(SYS_clone, 1),
      answer(SECCOMP_RET_ALLOW),
      unless_equal_skip(SYS_clone3, 1),
      answer(SECCOMP_RET_ALLOW),
      // Where the kernel cannot lend the clock to the process, each reading is a call.
      unless_equal_skip(SYS_clock_gettime, 1),
      answer(SECCOMP_RET_ALLOW),
      // A thread that ends gives back its stack, on which the handler would run.
      unless_equal_skip(SYS_madvise, 3),
      field(offsetof(seccomp_data, args[2])),
      unless_equal_skip(MADV_DONTNEED, 1),
      answer(SECCOMP_RET_ALLOW),
      answer(SECCOMP_RET_TRAP),
  };
  const sock_fprog program = {static_cast<unsigned short>(std::size(filter)), filter};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    return Status::from_errno(errno, "a filter of system calls");
  }
  return Status();
}

namespace {

// The function of that name that ours hides.
template <class Function>
Function* hidden(const char* name) noexcept {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace
}  // namespace penstock

#define PENSTOCK_COUNT(counter, result, name, parameters, arguments)                    \
  extern "C" result name parameters noexcept {                                          \
    static result(*const real) parameters = penstock::hidden<result parameters>(#name); \
    ++penstock::counts.counter;                                                         \
    return real arguments;                                                              \
  }

PENSTOCK_COUNT(locks, int, pthread_mutex_lock, (pthread_mutex_t * lock), (lock))
PENSTOCK_COUNT(locks, int, pthread_mutex_trylock, (pthread_mutex_t * lock), (lock))
PENSTOCK_COUNT(locks, int, pthread_rwlock_rdlock, (pthread_rwlock_t * lock), (lock))
PENSTOCK_COUNT(locks, int, pthread_rwlock_wrlock, (pthread_rwlock_t * lock), (lock))
PENSTOCK_COUNT(locks, int, pthread_spin_lock, (pthread_spinlock_t * lock), (lock))
PENSTOCK_COUNT(clock_reads, int, clock_gettime, (clockid_t id, timespec* time), (id, time))
PENSTOCK_COUNT(clock_reads, int, gettimeofday, (timeval * time, void* zone), (time, zone))

#undef PENSTOCK_COUNT

#else

namespace penstock {

Status count_system_calls_of_this_thread() {
  return Status::failed_precondition("no system calls are counted in this build");
}

}  // namespace penstock

#endif
