#include "penstock/io/kafka/outbox_target.h"

#include <algorithm>
#include <string>
#include <utility>

#include "penstock/core/checkpoint/durable_file.h"
#include "penstock/core/checkpoint/transaction_id.h"
#include "penstock/io/file/checked_file.h"
#include "penstock/io/kafka/deliveries.h"
#include "penstock/io/kafka/outbox_record.h"

namespace penstock::kafka::internal {
namespace {

constexpr std::chrono::milliseconds kPoll{100};

std::string name_of(Epoch epoch) { return "epoch " + std::to_string(epoch.value); }

}  // namespace

OutboxTarget::OutboxTarget(FileSystem& file_system, const SinkOptions& options, Notices& notices,
                           MakeTransactionClient make)
    : OutputTarget(file_system, OutputPlace(options.outbox)),
      options_(options),
      name_("kafka " + options.topic),
      folder_(place_.folder().substr(0, place_.folder().size() - 1)),
      notices_(notices),
      make_(std::move(make)) {}

// Another name than that of a run before: what its marker says is about other epochs.
Status OutboxTarget::start(bool) {
  PENSTOCK_RETURN_IF_ERROR(create_directories_durably(file_system_, folder_));
  PENSTOCK_RETURN_IF_ERROR(remove_pending());
  PENSTOCK_RETURN_IF_ERROR(forget_transaction_id(file_system_, folder_));
  return connect();
}

Status OutboxTarget::recover(const OutputState& state, Notices& notices) {
  PENSTOCK_RETURN_IF_ERROR(create_directories_durably(file_system_, folder_));
  PENSTOCK_RETURN_IF_ERROR(connect());
  const Epoch last{last_epoch_of(state)};
  if (marker_ && marker_->epoch > last) {
    notices.post({Severity::kWarning, name_,
                  "readers have seen results up to " + name_of(marker_->epoch) +
                      ", and the job goes on from " + name_of(last) +
                      ": those between come again"});
  }
  const bool all_seen = std::all_of(state.parts.begin(), state.parts.end(),
                                    [this](const OutputPart& part) { return was_seen(part); });
  if (!all_seen || (marker_ && marker_->epoch > last))
    PENSTOCK_RETURN_IF_ERROR(send(last, state.parts));
  position_.epoch = last.value;
  return remove_pending();
}

Status OutboxTarget::publish(std::uint64_t epoch, std::span<const OutputPart> parts) {
  if (client_ != nullptr) client_->poll(std::chrono::milliseconds(0));
  if (!parts.empty()) {
    if (client_ == nullptr) PENSTOCK_RETURN_IF_ERROR(connect());
    PENSTOCK_RETURN_IF_ERROR(send(Epoch{epoch}, parts));
    for (const OutputPart& part : parts) {
      // What cannot be removed now is removed at the next start.
      static_cast<void>(file_system_.remove(place_.pending(part.task, part.sequence)).ok());
    }
  }
  position_.epoch = epoch;
  return Status();
}

Status OutboxTarget::connect() {
  const Result<std::string> id = transaction_id_of(file_system_, folder_, "outbox");
  if (!id.ok()) return id.status();
  Result<std::unique_ptr<TransactionClient>> client =
      make_({.connection = options_.connection,
             .id = *id,
             .place = name_,
             .marker_topic = options_.marker_topic,
             .topics = {options_.topic},
             .transaction_timeout = options_.transaction_timeout,
             .linger = options_.linger,
             .buffer_bytes = options_.buffer_bytes,
             .notices = &notices_});
  if (!client.ok()) return client.status();
  PENSTOCK_RETURN_IF_ERROR((*client)->start());
  const Result<std::optional<Marker>> marker = (*client)->read_marker();
  if (!marker.ok()) return marker.status();
  const Result<TransactionClient::Topic> topic = (*client)->open_topic(options_, name_);
  if (!topic.ok()) return topic.status();
  marker_ = *marker;
  topic_ = *topic;
  client_ = std::move(*client);
  return Status();
}

Status OutboxTarget::send(Epoch epoch, std::span<const OutputPart> parts) {
  reports_.clear();
  PENSTOCK_RETURN_IF_ERROR(client_->begin());
  Status sent = fill(parts);
  if (sent.ok()) sent = client_->mark({epoch, incarnation_});
  if (sent.ok()) {
    sent = client_->commit();
    if (!reports_.ok()) sent = refused(reports_.first_bad());
  } else {
    client_->abort();
  }
  if (sent.ok()) {
    marker_ = Marker{epoch, incarnation_};
  } else {
    client_.reset();
  }
  return sent;
}

Status OutboxTarget::fill(std::span<const OutputPart> parts) {
  for (const OutputPart& part : parts) {
    if (was_seen(part)) continue;
    const std::string path = place_.pending(part.task, part.sequence);
    OutboxReader reader;
    const auto take = [&](std::string_view piece) {
      return reader.feed(piece, [this](const RawMessage& record) { return produce(record); })
          .with_place(path);
    };
    PENSTOCK_RETURN_IF_ERROR(
        check_whole(visit_checked(file_system_, path, 0, part.bytes, part.crc, take), path));
    if (!reader.at_end()) return lost_output(path);
  }
  return Status();
}

Status OutboxTarget::produce(const RawMessage& record) {
  outgoing_.add(record, 0);
  const std::size_t bytes = outgoing_.front().key_bytes + outgoing_.front().value_bytes;
  rd_kafka_resp_err_t error = client_->produce(topic_, outgoing_, reports_);
  while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && reports_.ok()) {
    client_->poll(kPoll);
    error = client_->produce(topic_, outgoing_, reports_);
  }
  outgoing_.pop_front();
  if (!reports_.ok()) return refused(reports_.first_bad());
  return error == RD_KAFKA_RESP_ERR_NO_ERROR ? Status() : refused({error, -1, bytes});
}

Status OutboxTarget::refused(const DeliveryReports::Report& report) const {
  if (Status fatal = client_->fatal(); !fatal.ok()) return fatal;
  return refusal_of({name_, options_.topic, options_.delivery_timeout, client_->trouble(),
                     report.error, report.partition, report.bytes});
}

}  // namespace penstock::kafka::internal
