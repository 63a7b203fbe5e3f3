#include "penstock/core/base/scheduler.h"

#include <future>
#include <system_error>
#include <thread>
#include <utility>

#include "penstock/core/base/cpu.h"

namespace penstock {
namespace {

class OsThread final : public ThreadHandle {
 public:
  OsThread(std::thread thread, Status pin_status) noexcept
      : thread_(std::move(thread)), pin_status_(std::move(pin_status)) {}
  OsThread(const OsThread&) = delete;
  OsThread& operator=(const OsThread&) = delete;
  ~OsThread() override { OsThread::join(); }

  void join() override {
    if (thread_.joinable()) thread_.join();
  }
  void detach() override {
    if (thread_.joinable()) thread_.detach();
  }
  const Status& pin_status() const noexcept override { return pin_status_; }

 private:
  std::thread thread_;
  Status pin_status_;
};

Status place_current_thread(const ThreadOptions& options) {
  set_thread_name(options.name);
  return options.cpu ? pin_current_thread(*options.cpu).with_place("thread '" + options.name + "'")
                     : Status();
}

class OsScheduler final : public Scheduler {
 public:
  Result<std::unique_ptr<ThreadHandle>> spawn(ThreadOptions options,
                                              std::function<void()> body) override {
    std::promise<Status> placed;
    std::future<Status> pin_status = placed.get_future();
    const std::string name = options.name;
    try {
      std::thread thread([options = std::move(options), body = std::move(body),
                          placed = std::move(placed)]() mutable noexcept {
        placed.set_value(place_current_thread(options));
        body();
      });
      return std::unique_ptr<ThreadHandle>(new OsThread(std::move(thread), pin_status.get()));
    } catch (const std::system_error&
                 error) {  // A limit of threads: the system's, the user's or the cgroup's.
      return Status::from_errno(error.code().value(), "cannot start thread '" + name + "'");
    }
  }
};

}  // namespace

std::unique_ptr<Scheduler> make_thread_scheduler() { return std::make_unique<OsScheduler>(); }

}  // namespace penstock
