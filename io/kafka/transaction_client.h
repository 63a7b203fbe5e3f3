// io/kafka/transaction_client.h -- what exactly-once output needs of a cluster. The client library is behind it, or
// whatever else behaves as brokers do.
//
// Order      start(), read_marker(), then begin(), produce() and mark(), commit() over and over; abort() at the end.
// Threads    produce() from any, at the same time; poll() from one; the rest from one, which may be another.
// Reports    Of each record once, in poll() or commit(), on the thread that calls them; those of records that were
//            delivered one after the other may come as one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "penstock/core/base/ids.h"
#include "penstock/core/base/status.h"
#include "penstock/io/kafka/outgoing_batch.h"

namespace penstock::kafka::internal {

// What a job's transactions have in them beside its output.
struct Marker {
  Epoch epoch;
  std::uint64_t incarnation = 0;

  bool operator==(const Marker&) const = default;
};
std::string to_text(const Marker& marker);
std::optional<Marker> parse_marker(std::string_view text) noexcept;

// Where the records of a writer go, and what became of them.
class DeliveryReports {
 public:
  struct Report {
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    std::int32_t partition = -1;
    std::size_t bytes = 0;    // Of key and value, of all of them.
    std::size_t records = 1;  // Of one writer, and with one fate.
  };
  virtual ~DeliveryReports() = default;
  virtual void reported(const Report& report) noexcept = 0;
};

class TransactionClient {
 public:
  using Topic = std::size_t;

  virtual ~TransactionClient() = default;

  // Fences off whoever else has this name, and ends what they left open, also where a broker has lost that end.
  virtual Status start() = 0;
  // The newest that is committed; waits for those of others that are not settled yet.
  virtual Result<std::optional<Marker>> read_marker() = 0;
  // Known to the client from now on, so that the first record does not wait.
  virtual Result<Topic> open_topic(const SinkOptions& options, const std::string& place) = 0;

  // kFailedPrecondition: another start has taken over.
  virtual Status begin() = 0;
  // The first of `batch`, which stays there.
  virtual rd_kafka_resp_err_t produce(Topic topic, OutgoingBatch& batch,
                                      DeliveryReports& reports) noexcept = 0;
  // The same for as many of the first as OutgoingBatch::plain(most) counts, with what became of each. None: this client
  // takes them one by one.
  virtual std::span<const rd_kafka_message_t> produce_plain(Topic, OutgoingBatch&, std::size_t,
                                                            DeliveryReports&) noexcept {
    return {};
  }
  virtual Status mark(const Marker& marker) = 0;
  // Retries what may pass until it is cancelled, or the transaction is too old.
  virtual Status commit() = 0;
  virtual void abort() noexcept = 0;

  virtual void poll(std::chrono::milliseconds timeout) noexcept = 0;
  // Whether its reports come without poll(), which then nobody needs to call: no thread is made for it.
  virtual bool reports_by_itself() const noexcept { return false; }
  virtual void cancel() noexcept = 0;
  // Not OK: of no use any more.
  virtual Status fatal() const = 0;
  // The newest trouble of its connections; empty: none.
  virtual std::string trouble() const = 0;
};

struct TransactionClientOptions {
  Connection connection;
  std::string id;
  std::string place;  // For messages.
  std::string marker_topic;
  std::vector<std::string> topics{};  // That the job writes to, as far as they are known.
  std::chrono::milliseconds transaction_timeout{0};
  std::chrono::microseconds linger{0};
  std::size_t buffer_bytes = 0;
  Notices* notices = nullptr;
};
using MakeTransactionClient =
    std::function<Result<std::unique_ptr<TransactionClient>>(const TransactionClientOptions&)>;

// Of the client library.
Result<std::unique_ptr<TransactionClient>> make_transaction_client(
    const TransactionClientOptions& options);

}  // namespace penstock::kafka::internal
