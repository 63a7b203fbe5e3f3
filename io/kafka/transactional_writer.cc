#include "penstock/io/kafka/transactional_writer.h"

#include <algorithm>
#include <utility>

namespace penstock::kafka::internal {
namespace {

constexpr std::size_t kHandOverBytes = std::size_t{256} << 10;

}  // namespace

TransactionalWriter::TransactionalWriter(std::shared_ptr<TransactionSession> session,
                                         TransactionSession::Writer writer,
                                         const SinkOptions& options, const SinkContext& context)
    : session_(std::move(session)),
      writer_(writer),
      held_bytes_max_(options.buffer_bytes / 2),
      clock_(context.clock),
      counters_(context.counters),
      served_(context.clock->now()) {}

Result<std::unique_ptr<ByteWriter>> TransactionalWriter::open(
    std::shared_ptr<TransactionSession> session, const SinkOptions& options,
    const std::string& name, const SinkContext& context) {
  Result<TransactionSession::Writer> writer = session->add_writer(options, name, *context.waker);
  if (!writer.ok()) return writer.status();
  return std::unique_ptr<ByteWriter>(
      new TransactionalWriter(std::move(session), *writer, options, context));
}

Status TransactionalWriter::take(const RawMessage& record) {
  outgoing_.add(record, 0);
  if (outgoing_.bytes() < kHandOverBytes || cut_ != Epoch{}) [[likely]]
    return Status();
  hand_over();
  return refused_;
}

std::size_t TransactionalWriter::sendable() noexcept {
  if (cut_ != Epoch{} && session_->settled() >= cut_) {
    cut_ = {};
    before_cut_ = 0;
  }
  return cut_ == Epoch{} ? outgoing_.size() : before_cut_;
}

void TransactionalWriter::hand_over() noexcept {
  hold_back_.let_go();
  is_full_ = false;
  std::size_t left = sendable();
  while (left > 0) {
    const std::size_t gone = hand_over(left);
    left -= gone;
    before_cut_ -= std::min(before_cut_, gone);
    is_full_ = gone == 0;
    if (is_full_) return;
  }
}

std::size_t TransactionalWriter::hand_over(std::size_t records) noexcept {
  const std::size_t gone = hand_over_plain(records);
  return gone > 0 || !hand_over_front() ? gone : 1;
}

// Counted before the client has them, as reports may come at once.
std::size_t TransactionalWriter::hand_over_plain(std::size_t records) noexcept {
  const OutgoingBatch::Plain plain = outgoing_.plain(records);
  if (plain.records == 0) return 0;
  const std::size_t bytes = plain.bytes + plain.records * WriterAccount::counted(0);
  writer_.account->sending(plain.records, bytes);
  const auto together =
      session_->client().produce_plain(writer_.topic, outgoing_, plain.records, *writer_.account);
  if (together.empty()) writer_.account->not_sent(plain.records, bytes);
  std::uint64_t sent = 0;
  for (const rd_kafka_message_t& each : together) {
    if (each.err == RD_KAFKA_RESP_ERR_NO_ERROR)
      ++sent;
    else
      writer_.account->not_sent(1, WriterAccount::counted(each.len + each.key_len));
  }
  session_->count(sent);
  std::size_t gone = 0;
  while (gone < together.size() && is_dealt_with(together[gone].err)) ++gone;
  return gone;
}

bool TransactionalWriter::hand_over_front() noexcept {
  const OutgoingBatch::Entry& entry = outgoing_.front();
  const std::size_t bytes = WriterAccount::counted(entry.key_bytes + entry.value_bytes);
  writer_.account->sending(1, bytes);
  const rd_kafka_resp_err_t error =
      session_->client().produce(writer_.topic, outgoing_, *writer_.account);
  const bool taken = error == RD_KAFKA_RESP_ERR_NO_ERROR;
  if (taken)
    session_->count(1);
  else
    writer_.account->not_sent(1, bytes);
  return is_dealt_with(error);
}

bool TransactionalWriter::is_dealt_with(rd_kafka_resp_err_t error) noexcept {
  // Of all writers' records, or reports that are not served: the client has room for any one of them.
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) return false;
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const OutgoingBatch::Entry& entry = outgoing_.front();
    counters_->undelivered.add(1);
    if (refused_.ok()) refused_ = session_->client().fatal();
    if (refused_.ok())
      refused_ = writer_.account->refusal(error, -1, entry.key_bytes + entry.value_bytes);
  }
  outgoing_.pop_front();
  return true;
}

bool TransactionalWriter::has_room() const noexcept {
  if (cut_ != Epoch{}) return outgoing_.bytes() < held_bytes_max_;
  return !is_full_ && !writer_.account->full();
}

bool TransactionalWriter::ready() noexcept {
  if (closed_ || (cut_ == Epoch{} && has_room())) [[likely]]
    return true;
  for (int look = 0; look < 2; ++look) {
    hand_over();
    if (has_room() || !failure().ok()) return true;  // flush() says.
    writer_.account->wait();
  }
  return false;
}

Instant TransactionalWriter::wake_at() const noexcept {
  if (hold_back_.has_kept()) return Instant{};
  if (cut_ != Epoch{} && !outgoing_.empty() && session_->settled() >= cut_) return Instant{};
  const bool busy = writer_.account->outstanding() > 0 || !outgoing_.empty();
  if (closed_ && !busy) return kNever;
  return served_ + (busy ? kServeInterval : kIdleInterval);
}

Status TransactionalWriter::failure() const {
  return refused_.ok() ? writer_.account->failure() : refused_;
}

void TransactionalWriter::count_reports() noexcept {
  const std::uint64_t delivered = writer_.account->delivered();
  counters_->delivered.add(delivered - std::exchange(delivered_, delivered));
  const std::uint64_t failed = writer_.account->failed();
  counters_->undelivered.add(failed - std::exchange(failed_, failed));
}

Status TransactionalWriter::flush() {
  served_ = clock_->now();
  const bool may_wait = !closed_ && cut_ == Epoch{} && !is_full_;
  if (!may_wait || !hold_back_.keeps(outgoing_.size(), served_)) hand_over();
  count_reports();
  return failure();
}

// What waits goes into the transaction when the epoch before is settled, with the capture that follows.
Status TransactionalWriter::close() {
  if (std::exchange(closed_, true)) return Status();
  return flush();
}

// Whatever epoch was cut before is settled, or there would be no other.
void TransactionalWriter::capture(Epoch epoch, SnapshotWriter& out) {
  cut_ = {};
  hand_over();
  count_reports();
  if (Status status = failure(); !status.ok()) out.before_ack([status] { return status; });
  before_cut_ = outgoing_.size();
  cut_ = epoch;
}

bool TransactionalWriter::captured() const noexcept {
  auto* self =
      const_cast<TransactionalWriter*>(this);  // NOLINT: nobody else makes room at the end.
  for (int look = 0; look < 2; ++look) {
    self->hand_over();
    if (before_cut_ == 0 && writer_.account->outstanding() == 0) break;
    if (look > 0) return false;
    writer_.account->wait();
  }
  self->count_reports();
  return failure().ok();
}

}  // namespace penstock::kafka::internal
