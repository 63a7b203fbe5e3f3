#include "penstock/io/kafka/transactional_writer.h"

#include <algorithm>
#include <utility>

namespace penstock::kafka::internal {
namespace {

constexpr std::size_t kHandOverBytes = 64 * 1024;
// Counted with its account together, so that what is on its way is never more than what is counted.
constexpr std::size_t kRecordsAtOnce = 256;

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
  std::size_t left = sendable();
  while (left > 0) {
    const std::size_t wanted = std::min(left, kRecordsAtOnce);
    const std::size_t gone = hand_over(wanted);
    left -= gone;
    before_cut_ -= std::min(before_cut_, gone);
    if (gone < wanted) return;
  }
}

std::size_t TransactionalWriter::hand_over(std::size_t records) noexcept {
  std::size_t gone = 0;
  std::uint64_t sent = 0;
  for (; gone < records; ++gone) {
    const OutgoingBatch::Entry& entry = outgoing_.front();
    const std::size_t bytes = entry.key_bytes + entry.value_bytes;
    writer_.account->sending(1, WriterAccount::counted(bytes));
    const rd_kafka_resp_err_t error =
        session_->client().produce(writer_.topic, outgoing_, *writer_.account);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) [[likely]] {
      ++sent;
    } else {
      writer_.account->not_sent(1, WriterAccount::counted(bytes));
      if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && writer_.account->outstanding() > 0) break;
      counters_->undelivered.add(1);
      if (refused_.ok()) {
        refused_ = session_->client().fatal();
        if (refused_.ok()) refused_ = writer_.account->refusal(error, -1, bytes);
      }
    }
    outgoing_.pop_front();
  }
  session_->count(sent);
  return gone;
}

bool TransactionalWriter::has_room() const noexcept {
  if (cut_ != Epoch{}) return outgoing_.bytes() < held_bytes_max_;
  return outgoing_.empty() && !writer_.account->full();
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
  hand_over();
  count_reports();
  served_ = clock_->now();
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
  if (Status status = flush(); !status.ok()) out.before_ack([status] { return status; });
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
