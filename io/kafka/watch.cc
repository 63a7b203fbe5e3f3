#include "penstock/io/kafka/watch.h"

#include <algorithm>
#include <utility>

namespace penstock::kafka::internal {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{100};
constexpr milliseconds kTickWhileFull{20};
constexpr milliseconds kTellFullAgain{60'000};
constexpr std::size_t kReportsMax = 1024;

// Data that the client cannot make sense of: it would go on behind it.
bool is_damage(rd_kafka_resp_err_t error) noexcept {
  return error == RD_KAFKA_RESP_ERR__BAD_MSG || error == RD_KAFKA_RESP_ERR__BAD_COMPRESSION ||
         error == RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED || error == RD_KAFKA_RESP_ERR__UNDERFLOW ||
         error == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE ||
         error == RD_KAFKA_RESP_ERR_INVALID_MSG || error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
         error == RD_KAFKA_RESP_ERR__FATAL;
}

bool is_loss(rd_kafka_resp_err_t error) noexcept {
  return error == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
         error == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
}

}  // namespace

// The cluster's own handle is heard while the reader opens. Later what goes wrong with it is told by who asked, or by
// the handle that reads.
class Watch::WhileOpening final : public Notices {
 public:
  explicit WhileOpening(Notices& notices) noexcept : notices_(notices) {}
  void post(const Notice& notice) noexcept override {
    if (opening_.load(std::memory_order_relaxed)) notices_.post(notice);
  }
  void opened() noexcept { opening_.store(false, std::memory_order_relaxed); }

 private:
  Notices& notices_;
  std::atomic<bool> opening_{true};
};

Watch::Watch(const SourceOptions& options, TopicChoice choice,
             std::shared_ptr<SplitNumbers> numbers, const SourceContext& context)
    : options_(options),
      choice_(std::move(choice)),
      numbers_(std::move(numbers)),
      context_(context),
      place_(source_name(options)),
      while_opening_(std::make_shared<WhileOpening>(*context.notices)),
      cluster_trouble_(std::make_shared<Trouble>(place_, *while_opening_)),
      trouble_(std::make_shared<Trouble>(place_, *context.notices)) {}

Watch::~Watch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.reset();
}

Status Watch::start() {
  std::promise<Status> opened;
  std::future<Status> result = opened.get_future();
  Result<std::unique_ptr<ThreadHandle>> thread =
      spawn_helper("penstock-kafka", [this, &opened] { run(opened); });
  if (!thread.ok()) return thread.status().with_place(place_);
  thread_ = std::move(*thread);
  return result.get();
}

void Watch::run(std::promise<Status>& opened) {
  Status status = open();
  while_opening_->opened();
  const bool goes_on = status.ok();
  opened.set_value(std::move(status));  // Which is gone after this.
  TimePoint next_look = SteadyClock::now();
  while (goes_on && !stopping()) {
    serve();
    nudge();
    take_reports();
    if (SteadyClock::now() >= next_look) {
      look();
      next_look = SteadyClock::now() + options_.discovery_interval;
    }
    const bool full =
        std::any_of(watched_.begin(), watched_.end(), [](const auto& each) { return each->full; });
    wait(std::min(full ? kTickWhileFull : kTick, options_.discovery_interval));
  }
  close();
}

// Lets the client tell its errors.
void Watch::serve() {
  rd_kafka_poll(client_.get(), 0);
  rd_kafka_poll(cluster_->client(), 0);
  if (Status fatal = trouble_->fatal(); !fatal.ok()) return fail(std::move(fatal));
  if (trouble_->text().empty()) {
    away_ = false;
    return;
  }
  if (!std::exchange(away_, true)) doubt_all();
  if (all_answer()) trouble_->over();
}

bool Watch::answers(const Partition& partition) {
  std::vector<OffsetQuestion> end = {{.topic = partition.topic(), .partition = partition.number()}};
  return ask_offsets(client_.get(), end, kTick) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

// The handle that reads finds out itself whether it is well again. A topic that is gone has no leaders to ask.
bool Watch::all_answer() {
  std::vector<OffsetQuestion> ends;
  for (const auto& each : watched_) {
    const Partition& partition = *each->partition;
    if (each->resting) continue;
    ends.push_back({.topic = partition.topic(), .partition = partition.number()});
  }
  if (!ends.empty()) {
    (void)ask_offsets(client_.get(), ends, kTick);
    return std::all_of(ends.begin(), ends.end(), [](const OffsetQuestion& each) {
      return each.error == RD_KAFKA_RESP_ERR_NO_ERROR;
    });
  }
  // Who reads nothing asks for anything.
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(client_.get(), 0, nullptr, &metadata, static_cast<int>(kTick.count())) !=
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    return false;
  }
  rd_kafka_metadata_destroy(metadata);
  return true;
}

// A client that holds as much as it may stops to fetch, and notices that there is room only when something else
// happens, after a second at worst: a question is something.
void Watch::nudge() {
  for (const auto& each : watched_) {
    Watched& watched = *each;
    if (watched.resting) continue;
    watched.partition->wake_if_queued();
    const std::size_t queued = watched.partition->queued_bytes();
    if (!watched.full && queued >= share_bytes_ - share_bytes_ / 8) {
      watched.full = true;
      ++pauses_;
      const TimePoint now = SteadyClock::now();
      if (told_full_at_ != TimePoint{} && now - told_full_at_ < kTellFullAgain) continue;
      told_full_at_ = now;
      say(Severity::kInfo, watched.partition->place(),
          "read more slowly than it fills: " + std::to_string(queued) +
              " bytes wait here, so fetching rests until half of them are read (" +
              std::to_string(pauses_) +
              " times so far); if the lag grows, add tasks or partitions");
    } else if (watched.full && queued < share_bytes_ / 2) {
      watched.full = false;
      static_cast<void>(answers(*watched.partition));
    }
  }
}

void Watch::report(PartitionError error) {
  const std::lock_guard lock(mutex_);
  if (reports_.size() < kReportsMax) reports_.push_back(std::move(error));
  urgent_ = true;
  wake_.notify_all();
}

void Watch::take_reports() {
  std::vector<PartitionError> reports;
  {
    const std::lock_guard lock(mutex_);
    reports.swap(reports_);
    urgent_ = false;
  }
  for (PartitionError& each : reports) {
    if (handle_report(each)) continue;
    const std::lock_guard lock(mutex_);
    reports_.push_back(std::move(each));  // Nobody answers: again at the next tick.
  }
}

bool Watch::handle_report(const PartitionError& report) {
  Watched* watched = find(report.partition);
  if (watched == nullptr || watched->resting) return true;
  if (is_damage(report.error)) {
    fail(Status::data_error(
        report.partition->place() + ": offset " + std::to_string(report.partition->position()) +
        " or a little behind it cannot be read (" + rd_kafka_err2name(report.error) +
        "): " + report.text + "; to go on behind it, start there with FromOffsets"));
    return true;
  }
  if (is_loss(report.error)) return lose(*watched, "");
  const TimePoint now = SteadyClock::now();
  if (watched->told_at != TimePoint{} && now - watched->told_at < kTellFullAgain) return true;
  watched->told_at = now;
  say(Severity::kWarning, report.partition->place(),
      std::string("the client reports ") + rd_kafka_err2name(report.error) + ": " + report.text +
          "; it goes on trying at offset " + std::to_string(report.partition->position()));
  return true;
}

Status Watch::take_changes(std::vector<Partition*>& partitions) {
  const std::lock_guard lock(mutex_);
  changed_.store(false, std::memory_order_relaxed);
  partitions = reading_;
  return failure_;
}

void Watch::publish() {
  {
    const std::lock_guard lock(mutex_);
    reading_.clear();
    for (const auto& each : watched_) {
      if (!each->resting) reading_.push_back(each->partition.get());
    }
    changed_.store(true, std::memory_order_release);
  }
  context_.waker->wake();
}

void Watch::fail(Status status) {
  {
    const std::lock_guard lock(mutex_);
    if (failure_.ok()) failure_ = std::move(status);
    changed_.store(true, std::memory_order_release);
  }
  context_.waker->wake();
}

bool Watch::stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Watch::wait(milliseconds time) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, time, [this] { return stopping_ || urgent_; });
}

void Watch::say(Severity severity, const std::string& place, std::string text) {
  context_.notices->post({severity, place, std::move(text)});
}

Watch::Watched* Watch::find(const Partition* partition) noexcept {
  for (const auto& each : watched_) {
    if (each->partition.get() == partition) return each.get();
  }
  return nullptr;
}

}  // namespace penstock::kafka::internal
