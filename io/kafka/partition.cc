#include "penstock/io/kafka/partition.h"

#include <algorithm>
#include <thread>

namespace penstock::kafka::internal {
namespace {

// What a poll copies at once of records whose size is known, and how many of unknown size it takes.
constexpr std::uint64_t kBytesPerTake = std::uint64_t{1} << 20;
constexpr std::size_t kRecordsOfUnknownSize = 16;

Status cannot_start(const std::string& place, rd_kafka_resp_err_t error) {
  return {StatusCode::kUnavailable,
          place + ": the client cannot read it: " + rd_kafka_err2str(error)};
}

}  // namespace

class Partition::Hold {
 public:
  explicit Hold(Partition& partition) noexcept : partition_(partition) {
    while (partition_.held_.exchange(true, std::memory_order_acquire)) std::this_thread::yield();
  }
  ~Hold() {
    partition_.held_.store(false);
    // The worker has passed it over, and may have parked.
    if (!partition_.missed_.exchange(false)) return;
    partition_.ready_.store(true);
    partition_.waker_.wake();
  }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

 private:
  Partition& partition_;
};

Partition::Partition(rd_kafka_t* client, const std::string& topic, std::int32_t number,
                     SplitId split, Waker& waker)
    : client_(client),
      topic_(topic),
      number_(number),
      split_(split),
      place_("kafka " + topic + "/" + std::to_string(number)),
      waker_(waker) {}

Result<std::unique_ptr<Partition>> Partition::make(rd_kafka_t* client, const std::string& topic,
                                                   std::int32_t number, SplitId split,
                                                   Waker& waker) {
  std::unique_ptr<Partition> made(new Partition(client, topic, number, split, waker));
  PENSTOCK_RETURN_IF_ERROR(made->connect());
  return made;
}

// The client has another queue for a partition that was deleted and has come back.
Status Partition::connect() {
  disconnect();
  if (handle_ == nullptr) handle_.reset(rd_kafka_topic_new(client_, topic_.c_str(), nullptr));
  if (handle_ == nullptr) return cannot_start(place_, rd_kafka_last_error());
  queue_.reset(rd_kafka_queue_get_partition(client_, topic_.c_str(), number_));
  if (queue_ == nullptr) return cannot_start(place_, RD_KAFKA_RESP_ERR__FAIL);
  rd_kafka_queue_cb_event_enable(queue_.get(), on_event, this);
  return Status();
}

void Partition::disconnect() noexcept {
  if (queue_ != nullptr) rd_kafka_queue_cb_event_enable(queue_.get(), nullptr, nullptr);
  queue_.reset();
}

// Closing the client stops it. To stop it here, when it has vanished, would make the client hang (seen with 2.0.2).
Partition::~Partition() { disconnect(); }

// Called with the lock of the queue held: it must not touch the queue.
void Partition::on_event(rd_kafka_t*, void* partition) noexcept {
  Partition& self = *static_cast<Partition*>(partition);
  self.ready_.store(true);
  self.waker_.wake_if_parked();
}

std::size_t Partition::take(std::span<rd_kafka_message_t*> room) noexcept {
  if (held_.exchange(true)) {
    missed_.store(true);
    // Sequentially consistent with the end of a hold: either it sees that we were here, or we see it gone.
    if (held_.exchange(true)) return 0;
  }
  const std::uint64_t records = records_.load(std::memory_order_relaxed);
  const std::uint64_t bytes = bytes_.load(std::memory_order_relaxed);
  const std::uint64_t fits = records == 0
                                 ? kRecordsOfUnknownSize
                                 : kBytesPerTake * records / std::max<std::uint64_t>(bytes, 1);
  room = room.first(std::min<std::uint64_t>(room.size(), std::max<std::uint64_t>(fits, 1)));
  ready_.exchange(false);
  const auto got = rd_kafka_consume_batch_queue(queue_.get(), 0, room.data(), room.size());
  const std::size_t taken = got > 0 ? static_cast<std::size_t>(got) : 0;
  if (taken == room.size()) ready_.store(true, std::memory_order_relaxed);
  if (taken == 0) held_.store(false, std::memory_order_release);
  return taken;
}

void Partition::settle(const Taken& taken) noexcept {
  if (taken.records > 0) {
    position_.store(taken.last.offset + 1, std::memory_order_relaxed);
    records_.store(records_.load(std::memory_order_relaxed) + taken.records,
                   std::memory_order_relaxed);
    bytes_.store(bytes_.load(std::memory_order_relaxed) + taken.bytes, std::memory_order_relaxed);
    last_ = taken.last;
  }
  held_.store(false, std::memory_order_release);
}

Status Partition::start(std::int64_t offset) {
  const Hold hold(*this);
  halt();
  last_ = Fingerprint{};
  position_.store(offset, std::memory_order_relaxed);
  PENSTOCK_RETURN_IF_ERROR(connect());
  if (rd_kafka_consume_start(handle_.get(), number_, offset) != 0) {
    return cannot_start(place_, rd_kafka_last_error());
  }
  started_ = true;
  return Status();
}

bool Partition::is_known(std::chrono::milliseconds timeout) const noexcept {
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(client_, 0, handle_.get(), &metadata, static_cast<int>(timeout.count())) !=
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    return false;
  }
  const bool known = metadata->topic_cnt == 1 && metadata->topics[0].partition_cnt > number_;
  rd_kafka_metadata_destroy(metadata);
  return known;
}

void Partition::halt() noexcept {
  if (started_) rd_kafka_consume_stop(handle_.get(), number_);
  started_ = false;
}

Fingerprint Partition::last() noexcept {
  const Hold hold(*this);
  return last_;
}

std::size_t Partition::queued_bytes() const noexcept {
  const std::uint64_t records = records_.load(std::memory_order_relaxed);
  if (records == 0) return 0;
  return queued() * bytes_.load(std::memory_order_relaxed) / records;
}

void Partition::wake_if_queued() noexcept {
  if (ready_.load() || queued() == 0) return;
  ready_.store(true);
  waker_.wake();
}

}  // namespace penstock::kafka::internal
