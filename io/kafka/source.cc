#include <algorithm>
#include <array>
#include <utility>

#include "penstock/io/kafka/kafka.h"
#include "penstock/io/kafka/message_batch.h"
#include "penstock/io/kafka/watch.h"

namespace penstock::kafka {
namespace {

using namespace internal;  // NOLINT: everything here is of this source.

constexpr std::size_t kMax = MessageBatch::kRecordsMax;

class KafkaReader final : public ByteReader {
 public:
  KafkaReader(const SourceOptions& options, TopicChoice choice,
              std::shared_ptr<SplitNumbers> numbers, const SourceContext& context)
      : task_index_(context.task_index),
        task_count_(context.task_count),
        numbers_(numbers),
        batch_(options.record_bytes_max),
        watch_(options, std::move(choice), std::move(numbers), context) {}

  Status start() {
    started_ = true;
    PENSTOCK_RETURN_IF_ERROR(watch_.start());
    return take_changes();
  }

  Result<PollResult> poll(std::span<RawRecord> batch, Instant now) override {
    PollResult result;
    if (!started_) PENSTOCK_RETURN_IF_ERROR(start());
    if (watch_.changed()) PENSTOCK_RETURN_IF_ERROR(take_changes());
    if (std::exchange(changed_, false)) result.splits_changed = note_splits();
    const std::size_t visited = gather(std::min(batch.size(), kMax));
    result.records = taken_;
    if (taken_ > 0) batch_.lend(std::span(parts_).first(visited), batch, now);
    settle(visited);
    if (visited == 0) result.state = SourceState::kWaiting;
    return result;
  }
  std::span<const SplitId> splits() const override { return splits_; }
  std::string_view source_of(const RawRecord& raw) const override { return raw.message->topic; }

  void capture(std::span<const RawRecord> unread, SnapshotWriter& out) const override {
    Positions positions = restored_;  // Of partitions that are not read yet.
    for (Partition* each : seen_) {
      positions[{each->topic(), each->number()}] = {numbers_->number_of(each->topic()),
                                                    each->position(), each->last()};
    }
    for (std::size_t i = unread.size(); i-- > 0;) {
      const RawRecord& raw = unread[i];
      positions[{std::string(raw.message->topic),
                 static_cast<std::int32_t>(raw.message->partition)}]
          .next = static_cast<std::int64_t>(raw.origin.offset);
    }
    internal::capture(positions, out);
  }
  Status restore(const SnapshotItem& item) override {
    if (item.section != kPositionsSection) return ByteReader::restore(item);
    has_snapshot_ = true;
    return internal::restore(item, restored_);
  }
  Status restored() override {
    if (!has_snapshot_) return Status();  // It begins with the first poll.
    if (started_) return Status::internal("a Kafka source was restored behind its start");
    for (const auto& [name, position] : restored_)
      numbers_->keep(name.topic, position.topic_number);
    std::erase_if(restored_, [this](const auto& each) {
      return task_of(each.first.topic, each.first.partition, task_count_) != task_index_;
    });
    watch_.restore(restored_);
    return start();
  }

 private:
  Status take_changes() {
    PENSTOCK_RETURN_IF_ERROR(watch_.take_changes(partitions_));
    for (Partition* each : partitions_) {
      if (std::find(seen_.begin(), seen_.end(), each) == seen_.end()) seen_.push_back(each);
    }
    changed_ = true;
    return Status();
  }

  bool note_splits() {
    std::vector<SplitId> splits;
    for (const Partition* each : partitions_) splits.push_back(each->split());
    const bool changed = !std::exchange(has_splits_, true) || splits != splits_;
    splits_ = std::move(splits);
    return changed;
  }

  // Takes its share from each partition that has something, in turn. How many it has taken from.
  std::size_t gather(std::size_t room) {
    taken_ = 0;
    std::size_t ready = 0;
    for (const Partition* each : partitions_) ready += each->ready() ? 1 : 0;
    if (ready == 0 || room == 0) return 0;
    const std::size_t share = (room + ready - 1) / ready;
    std::size_t visited = 0;
    for (std::size_t i = 0; i < partitions_.size() && taken_ < room; ++i) {
      next_ = next_ + 1 < partitions_.size() ? next_ + 1 : 0;
      Partition& partition = *partitions_[next_];
      if (!partition.ready()) continue;
      const std::span<rd_kafka_message_t*> to =
          std::span(messages_).subspan(taken_, std::min(share, room - taken_));
      const std::size_t got = partition.take(to);
      if (got > 0) visit(partition, to.first(got), visited++);
    }
    return visited;
  }

  void visit(Partition& partition, std::span<rd_kafka_message_t*> messages, std::size_t part) {
    const std::size_t good = without_errors(partition, messages);
    taken_ += good;
    parts_[part] = {&partition, messages.first(good)};
    Partition::Taken& sum = sums_[part];
    sum = {};
    sum.records = good;
    for (const rd_kafka_message_t* each : parts_[part].messages) {
      sum.bytes += each->len + each->key_len;
    }
    if (good > 0) sum.last = fingerprint_of(*messages[good - 1]);
  }

  std::size_t without_errors(Partition& partition, std::span<rd_kafka_message_t*> messages) {
    std::size_t good = 0;
    for (rd_kafka_message_t* each : messages) {
      if (each->err == RD_KAFKA_RESP_ERR_NO_ERROR) [[likely]] {
        messages[good++] = each;
        continue;
      }
      watch_.report({&partition, each->err, each->offset, rd_kafka_message_errstr(each)});
      rd_kafka_message_destroy(each);
    }
    return good;
  }

  void settle(std::size_t visited) noexcept {
    for (std::size_t i = 0; i < visited; ++i) parts_[i].partition->settle(sums_[i]);
  }

  const std::uint32_t task_index_;
  const std::uint32_t task_count_;
  const std::shared_ptr<SplitNumbers> numbers_;
  Positions restored_;
  bool has_snapshot_ = false;
  bool started_ = false;
  bool changed_ = false;  // partitions_, since the last poll.
  MessageBatch batch_;
  std::vector<Partition*> partitions_;
  std::vector<Partition*> seen_;  // All that ever were among them.
  std::vector<SplitId> splits_;
  bool has_splits_ = false;
  std::size_t next_ = 0;  // The partition visited last.
  std::size_t taken_ = 0;
  std::array<rd_kafka_message_t*, kMax> messages_{};
  std::array<MessageBatch::Part, kMax> parts_{};
  std::array<Partition::Taken, kMax> sums_{};
  Watch watch_;  // Ends first: the partitions are its own.
};

Status check(const SourceOptions& options) {
  const auto refuse = [](const std::string& what) {
    return Status::invalid_argument("kafka source: SourceOptions::" + what);
  };
  if (options.discovery_interval.count() <= 0) return refuse("discovery_interval is not positive");
  if (options.stall_after.count() <= 0) return refuse("stall_after is not positive");
  if (options.connection.start_timeout.count() <= 0) {
    return refuse("connection.start_timeout is not positive");
  }
  if (options.buffer_bytes == 0) return refuse("buffer_bytes is 0");
  if (options.record_bytes_max == 0) return refuse("record_bytes_max is 0");
  return Status();
}

class KafkaSource final : public ByteSource {
 public:
  explicit KafkaSource(SourceOptions options)
      : options_(std::move(options)), numbers_(std::make_shared<SplitNumbers>()) {
    numbers_->learn(options_.topics);
  }

  std::string name() const override { return source_name(options_); }
  // Partitions may be added while the job runs.
  std::uint32_t parallelism_max() const override { return ~0u; }
  std::string what_may_be_lost() const override { return ""; }
  Result<std::unique_ptr<ByteReader>> open(const SourceContext& context) const override {
    Result<TopicChoice> choice = TopicChoice::make(options_);
    if (!choice.ok()) return choice.status();
    PENSTOCK_RETURN_IF_ERROR(check(options_));
    auto reader = std::make_unique<KafkaReader>(options_, std::move(*choice), numbers_, context);
    if (!context.restores) PENSTOCK_RETURN_IF_ERROR(reader->start());
    return std::unique_ptr<ByteReader>(std::move(reader));
  }

 private:
  const SourceOptions options_;
  const std::shared_ptr<SplitNumbers> numbers_;
};

}  // namespace

std::shared_ptr<const ByteSource> source(SourceOptions options) {
  return std::make_shared<KafkaSource>(std::move(options));
}

}  // namespace penstock::kafka
