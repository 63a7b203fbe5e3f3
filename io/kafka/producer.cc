#include "penstock/io/kafka/producer.h"

#include <algorithm>
#include <utility>

namespace penstock::kafka::internal {
namespace {

using std::chrono::milliseconds;

// What comes back with a record's report: how much it counted, and before which cut it was written.
constexpr int kCutBits = 16;
void* as_opaque(void*, const OutgoingBatch::Entry& entry) noexcept {
  const std::size_t mark = entry.counted_bytes << kCutBits | entry.cut;
  return reinterpret_cast<void*>(mark);  // NOLINT: the client never looks.
}

// What is given to the client before the end of its batch, or of those that it was held back for.
constexpr std::size_t kHandOverBytes = std::size_t{256} << 10;

Properties own_settings(const SinkOptions& options) {
  const std::size_t kbytes = std::max<std::size_t>(options.buffer_bytes / 1024, 1);
  const std::int64_t linger = options.linger.count();
  const std::string fraction = std::to_string(1000 + linger % 1000).substr(1);
  return {{"enable.idempotence", "true"},
          {"acks", "all"},
          {"linger.ms", std::to_string(linger / 1000) + "." + fraction},
          {"compression.type", compression_name(options.compression)},
          {"partitioner", partitioner_name(options.partitioner)},
          {"queue.buffering.max.messages", "10000000"},
          {"queue.buffering.max.kbytes", std::to_string(std::min<std::size_t>(kbytes, 2147483647))},
          {"message.timeout.ms", std::to_string(options.delivery_timeout.count())}};
}

}  // namespace

// Half of the buffer is ours to fill: a batch that is let in below that may go beyond it.
Producer::Producer(const SinkOptions& options, const std::string& name, const SinkContext& context)
    : topic_(options.topic),
      delivery_timeout_(options.delivery_timeout),
      patience_(kSilence + options.linger),
      clock_(context.clock),
      waker_(context.waker),
      notices_(context.notices),
      deliveries_(std::make_shared<Deliveries>(name, options.topic, options.buffer_bytes / 2,
                                               options.delivery_timeout, *context.notices,
                                               *context.counters)) {}

Producer::~Producer() {
  if (queue_ != nullptr) rd_kafka_queue_cb_event_enable(queue_.get(), nullptr, nullptr);
}

Result<std::unique_ptr<ByteWriter>> Producer::open(const SinkOptions& options,
                                                   const std::string& name,
                                                   const SinkContext& context) {
  std::unique_ptr<Producer> producer(new Producer(options, name, context));
  PENSTOCK_RETURN_IF_ERROR(producer->start(options, context));
  return std::unique_ptr<ByteWriter>(std::move(producer));
}

Status Producer::start(const SinkOptions& options, const SinkContext&) {
  const auto prepare = [](rd_kafka_conf_t* configuration, void*) {
    rd_kafka_conf_set_dr_msg_cb(configuration, on_report);
  };
  Result<Client> client = make_client(RD_KAFKA_PRODUCER, options.connection, own_settings(options),
                                      deliveries_, prepare, nullptr);
  if (!client.ok()) return client.status();
  client_ = std::move(*client);
  // Kept from before the question on: else the first record waits for the client's next look at its topics.
  handle_.reset(rd_kafka_topic_new(client_.get(), topic_.c_str(), nullptr));
  PENSTOCK_RETURN_IF_ERROR(await_topic(client_.get(), deliveries_->place(), topic_,
                                       options.connection.start_timeout, *deliveries_));
  heard_at_ = clock_->now();
  queue_.reset(rd_kafka_queue_get_main(client_.get()));
  rd_kafka_queue_cb_event_enable(queue_.get(), on_event, this);
  served_ = clock_->now();
  return Status();
}

void Producer::on_event(rd_kafka_t*, void* producer) {
  auto* self = static_cast<Producer*>(producer);
  if (self->wants_room_.exchange(false)) self->waker_->wake();
}

void Producer::on_report(rd_kafka_t*, const rd_kafka_message_t* report, void* opaque) {
  auto* deliveries = static_cast<Deliveries*>(static_cast<Trouble*>(opaque));
  const auto mark = reinterpret_cast<std::size_t>(report->_private);  // NOLINT: as_opaque
  deliveries->done(*report, mark >> kCutBits, static_cast<std::uint16_t>(mark));
}

Status Producer::write(std::string_view record) { return take({record, {}}); }
Status Producer::write_message(const RawMessage& record) { return take(record); }

Status Producer::take(const RawMessage& record) {
  outgoing_.add(record, deliveries_->cut());
  if (outgoing_.bytes() < kHandOverBytes) [[likely]]
    return Status();
  hand_over();
  return refused_;
}

void Producer::hand_over() {
  hold_back_.let_go();
  stuck_ = false;
  while (!outgoing_.empty() && !stuck_) {
    stuck_ = !(outgoing_.front().is_plain() ? hand_over_plain() : hand_over_front());
  }
}

bool Producer::hand_over_front() {
  const OutgoingBatch::Entry& entry = outgoing_.front();
  if (!is_dealt_with(
          entry, outgoing_.produce_front(client_.get(), handle_.get(), as_opaque(nullptr, entry))))
    return false;
  outgoing_.pop_front();
  return true;
}

bool Producer::hand_over_plain() {
  for (const rd_kafka_message_t& each :
       outgoing_.produce_plain(handle_.get(), outgoing_.size(), as_opaque, nullptr)) {
    if (!is_dealt_with(outgoing_.front(), each.err)) return false;
    outgoing_.pop_front();
    // Those behind it were not tried.
    if (each.err == RD_KAFKA_RESP_ERR__QUEUE_FULL) return true;
  }
  return true;
}

bool Producer::is_dealt_with(const OutgoingBatch::Entry& entry, rd_kafka_resp_err_t error) {
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) [[likely]] {
    deliveries_->sent(entry.counted_bytes);
    return true;
  }
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && deliveries_->outstanding() > 0) return false;
  deliveries_->not_taken();
  if (refused_.ok()) refused_ = refusal(error, entry.key_bytes + entry.value_bytes);
  return true;
}

Status Producer::refusal(rd_kafka_resp_err_t error, std::size_t bytes) const {
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
    return {StatusCode::kResourceExhausted,
            deliveries_->place() + ": record of " + std::to_string(bytes) +
                " bytes is larger than SinkOptions::buffer_bytes; raise that"};
  }
  if (error == RD_KAFKA_RESP_ERR__FATAL) look_for_fatal_error(client_.get());
  Status fatal = deliveries_->fatal();
  return fatal.ok() ? deliveries_->refusal(error, -1, bytes) : fatal;
}

void Producer::serve() {
  rd_kafka_poll(client_.get(), 0);
  look_at_silence();
}

// On a connection that stands and brings no answers the client finds no fault for half a minute.
void Producer::look_at_silence() {
  const std::uint64_t heard = deliveries_->delivered() + deliveries_->failed();
  const Instant now = clock_->now();
  if (deliveries_->outstanding() == 0 || heard != heard_) {
    heard_ = heard;
    heard_at_ = now;
    return;
  }
  if (now - heard_at_ < patience_ || !deliveries_->text().empty()) return;
  deliveries_->note(RD_KAFKA_RESP_ERR__TIMED_OUT, std::to_string(deliveries_->outstanding()) +
                                                      " records wait and nothing is heard of them");
}

// Asked again and again while there is none: so what makes room is served here, and before the worker sleeps on it the
// client is told to wake it. What came in between is seen by the second look.
bool Producer::ready() noexcept {
  if (has_room() || closed_) [[likely]]
    return true;
  for (int look = 0; look < 2; ++look) {
    serve();
    hand_over();
    if (!deliveries_->ok() || !refused_.ok() || has_room()) return true;  // flush() says.
    wants_room_.store(true);
  }
  return false;
}

void Producer::capture(Epoch, SnapshotWriter&) {
  hand_over();
  deliveries_->begin_cut(outgoing_.size());
}

Instant Producer::wake_at() const noexcept {
  if (closed_) return kNever;
  if (hold_back_.has_kept()) return Instant{};
  const bool busy = deliveries_->outstanding() > 0 || !outgoing_.empty();
  return served_ + (busy ? kServeInterval : kIdleInterval);
}

Status Producer::flush() {
  if (closed_) return Status();
  served_ = clock_->now();
  if (stuck_ || !hold_back_.keeps(outgoing_.size(), served_)) hand_over();
  serve();
  if (!refused_.ok()) return refused_;
  return deliveries_->ok() ? Status() : deliveries_->status();
}

Status Producer::close() {
  if (std::exchange(closed_, true)) return Status();
  Status drained = drain();
  Status status = refused_.ok() ? std::move(drained) : refused_;
  deliveries_->give_up(outgoing_.size());
  if (deliveries_->outstanding() > 0) {
    rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  }
  return status;
}

// Each record is given up by the client after delivery_timeout at the latest; a little longer, and we do.
Status Producer::drain() {
  using SteadyClock = std::chrono::steady_clock;
  const SteadyClock::time_point start = SteadyClock::now();
  const milliseconds patience = delivery_timeout_ + milliseconds(1000);
  bool told = false;
  for (;;) {
    serve();
    hand_over();
    const std::uint64_t left = deliveries_->outstanding() + outgoing_.size();
    const auto waited = SteadyClock::now() - start;
    if (left == 0 || !deliveries_->ok() || waited >= patience) return deliveries_->undelivered();
    if (waited >= std::chrono::seconds(2) && !std::exchange(told, true)) {
      notices_->post({Severity::kWarning, deliveries_->place(),
                      "at the end, " + std::to_string(left) +
                          " records are not delivered yet; they are waited for until " +
                          std::to_string(delivery_timeout_.count()) +
                          " ms (delivery_timeout) are over"});
    }
    rd_kafka_flush(client_.get(), 100);
  }
}

}  // namespace penstock::kafka::internal
