// io/kafka/watch.h -- the thread beside a reader that looks after what it reads: it opens the partitions, finds new
// ones, measures the lag, and sees what would otherwise go on in silence.
//
// Looks      Every discovery_interval: topics and partitions that came, went or came back; the ends of the logs (lag);
//            a partition that has records and gives none. Between looks, every 100 ms: the client's errors.
// Recreated  A topic that is recreated would be read on at the old offset. The last record read is therefore read again
//            and compared when there is a reason to doubt: the topic was missing, its end went back, the brokers were
//            away. While a topic is missing nothing is taken from its partitions. They are not stopped: a client in
//            which one was stopped while it was missing cannot be closed (seen with 2.0.2). What stays unseen is a
//            topic that is deleted, recreated and filled beyond its old end between two looks.
// Threads    start() waits until the thread has opened everything, or has failed. Of the worker: changed(),
//            take_changes(), report(). All handles of the client are made and destroyed on the thread itself.
// Ownership  Partitions stay until the end, also those of topics that are gone.
// Lifetime   The destructor ends the thread; it waits for the few questions that are under way, 1 s each at most, and
//            for the ends of its two handles, CloseClient::kPatience each at most.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "penstock/core/base/helper_thread.h"
#include "penstock/core/base/notice.h"
#include "penstock/core/stream/task_context.h"
#include "penstock/io/kafka/cluster.h"
#include "penstock/io/kafka/partition.h"
#include "penstock/io/kafka/positions.h"
#include "penstock/io/kafka/splits.h"

namespace penstock::kafka::internal {

// What a poll found in a partition's queue instead of a record.
struct PartitionError {
  Partition* partition = nullptr;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::int64_t offset = -1;
  std::string text;
};

class Watch {
 public:
  Watch(const SourceOptions& options, TopicChoice choice, std::shared_ptr<SplitNumbers> numbers,
        const SourceContext& context);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Before start(): what a snapshot has of the partitions of this task. Others are read from their beginning.
  void restore(Positions positions);
  Status start();

  bool changed() const noexcept { return changed_.load(std::memory_order_acquire); }
  // The partitions that are read from now on, or why nothing is any more.
  Status take_changes(std::vector<Partition*>& partitions);
  void report(PartitionError error);

 private:
  using SteadyClock = std::chrono::steady_clock;
  using TimePoint = SteadyClock::time_point;

  static constexpr std::chrono::milliseconds kAnswer{1000};  // As long as a question waits for it.

  struct Watched {
    std::unique_ptr<Partition> partition;
    std::int64_t end = -1;  // Of the log, when it was last asked for.
    std::int64_t nothing_before =
        -1;  // What is there before it is no record: marks of transactions.
    std::optional<Fingerprint> trusted;  // A record that was read, as of the last look.
    bool resting = false;                // Its topic is missing: nothing is taken from it.
    bool doubtful = false;               // `trusted` is to be compared.
    bool full = false;                   // The client holds as much as it may.
    std::int64_t seen_position = -1;
    TimePoint moved_at{};
    TimePoint told_at{};
  };
  struct Topic {
    bool missing = false;
    bool told_denied = false;
    std::int32_t partitions = 0;
  };

  // watch_open.cc
  Status open();
  Status find_topics(TimePoint deadline);
  Status open_reading();
  // The partitions of this task, and where they begin.
  std::vector<OffsetQuestion> start_questions() const;
  Status ask_start(std::vector<OffsetQuestion>& questions, TimePoint deadline);
  Status check_named() const;
  Status check_restored();
  Status begin(const OffsetQuestion& at);
  void close() noexcept;

  // watch.cc
  void run(std::promise<Status>& opened);
  void serve();
  // Whether the handle that reads gets an answer about it, within kTick; about all that it reads.
  bool answers(const Partition& partition);
  bool all_answer();
  void nudge();
  void take_reports();
  bool handle_report(const PartitionError& report);
  void publish();
  void fail(Status status);
  bool stopping();
  void wait(std::chrono::milliseconds time);
  void say(Severity severity, const std::string& place, std::string text);
  Watched* find(const Partition* partition) noexcept;

  // watch_look.cc
  void look();
  void unanswered();
  void answered();
  void see(const TopicState& state);
  void gone(const std::string& name, Topic& topic);
  void came_back(const std::string& name, Topic& topic);
  void add_partitions(const std::string& name, Topic& topic, std::int32_t count);
  Status add(const std::string& name, std::int32_t number);
  void measure();
  void measure_one(Watched& watched, std::int64_t end);
  void check_stall(Watched& watched);
  void tell_stall(Watched& watched, const Found& found);

  // watch_loss.cc
  void doubt(Watched& watched);
  void doubt_all();
  void settle_doubts();
  bool settle_doubt(Watched& watched);
  bool lose(Watched& watched, const std::string& cause);
  Status start_at(Watched& watched, std::int64_t offset);

  const SourceOptions options_;
  const TopicChoice choice_;
  const std::shared_ptr<SplitNumbers> numbers_;
  const SourceContext context_;
  const std::string place_;

  class WhileOpening;
  const std::shared_ptr<WhileOpening> while_opening_;
  const std::shared_ptr<Trouble> cluster_trouble_;
  const std::shared_ptr<Trouble> trouble_;
  std::unique_ptr<Cluster> cluster_;
  Client client_;
  std::size_t share_bytes_ = 0;  // What the client may hold of each partition.
  std::optional<Positions> restored_;
  std::map<std::string, Topic> topics_;
  std::vector<std::unique_ptr<Watched>> watched_;
  TimePoint answered_at_{};
  bool told_unanswered_ = false;
  bool away_ = false;  // The brokers were, when we last served the client.
  TimePoint told_full_at_{};
  std::uint64_t pauses_ = 0;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // Under mutex_, like the rest.
  bool urgent_ = false;
  std::vector<PartitionError> reports_;
  std::vector<Partition*> reading_;
  Status failure_;
  std::atomic<bool> changed_{false};
  std::unique_ptr<ThreadHandle> thread_;
};

}  // namespace penstock::kafka::internal
