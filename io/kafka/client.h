// io/kafka/client.h -- one handle of the Kafka client library, made from a Connection, that never fails in silence.
//
// The client reports what goes wrong with a connection (a password, a certificate, a broker that is away) only by a
// callback, and then tries for ever. Trouble keeps the newest of it with its remedy, until a request succeeds.
// Threads    make_client() blocks for no answer. Trouble is safe from any thread. Errors are noted by whoever calls
//            rd_kafka_poll() on the handle: do so about every 100 ms, or they are seen late.
// Errors     An unknown or forbidden property, a secret that cannot be read: kInvalidArgument that names it.
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/core/base/notice.h"
#include "penstock/core/base/status.h"
#include "penstock/core/base/time.h"
#include "penstock/io/kafka/kafka.h"
#include "penstock/io/kafka/properties.h"

namespace penstock::kafka::internal {

// What the client's callbacks have said about its connections. It belongs to one handle, which keeps it. Callbacks of
// its owner are found from the handle's opaque, a Trouble*: derive from it.
class Trouble {
 public:
  Trouble(std::string place, Notices& notices) : place_(std::move(place)), notices_(&notices) {}
  virtual ~Trouble() = default;

  // Posts a notice when the kind of trouble is new; over() says so when brokers that were in trouble answer again. It
  // costs one load when there is none.
  void note(rd_kafka_resp_err_t error, const std::string& reason) noexcept;
  // Whether there was any since the last over().
  bool any() const noexcept { return any_.load(std::memory_order_acquire); }
  // REQUIRES: all that the owner needs of the brokers has been answered since.
  void over() noexcept;
  // The newest trouble, in a sentence with its remedy; empty: none.
  std::string text() const;
  // Why the transaction that is open cannot be committed any more; empty: it can, as far as is known.
  std::string transaction_error() const;
  // Whether it is of a kind that does not pass by itself: a password, a certificate, a right that is missing.
  bool refused() const;
  // Errors after which the handle is of no use: fenced, fatal.
  Status fatal() const;
  bool is_fatal() const noexcept { return is_fatal_.load(std::memory_order_relaxed); }

  // For make_client() and its callbacks.
  void reaches(const Connection& connection, const Properties& properties);
  void note_fatal(rd_kafka_resp_err_t error, const std::string& reason) noexcept;
  void note_certificate(const std::string& problem) noexcept;
  void note_log(const std::string& facility, const std::string& line) noexcept;
  void note_transaction(const std::string& error) noexcept;
  // The last that it says: the handle did not end within `waited`, and goes on without anybody.
  void left_behind(std::chrono::milliseconds waited) noexcept;

  const std::string& place() const noexcept { return place_; }
  const std::string& brokers() const noexcept { return brokers_; }

 private:
  enum class Kind { kNone, kUnreachable, kLogin, kCertificate, kPermission, kOther };

  static bool is_of_brokers(Kind kind) noexcept;
  static Kind kind_of(rd_kafka_resp_err_t error, std::string_view reason) noexcept;
  std::string sentence(Kind kind, rd_kafka_resp_err_t error, const std::string& reason) const;
  std::string login_sentence(const std::string& reason) const;
  std::string certificate_sentence(const std::string& reason) const;
  void post(Severity severity, std::string text) noexcept;

  const std::string place_;
  std::string brokers_;  // These four are written before there is a handle.
  std::string protocol_;
  std::string mechanism_;
  std::string user_;
  std::atomic<bool> any_{false};
  std::atomic<bool> is_fatal_{false};
  mutable std::mutex mutex_;
  Kind kind_ = Kind::kNone;
  bool posted_ = false;
  bool told_of_brokers_ = false;  // Of another kind than kind_, before it.
  std::string text_;
  std::string certificate_problem_;
  std::string transaction_error_;
  std::vector<std::string> logged_;  // Facilities of the client's log that have been posted.
  Status fatal_;
  std::mutex posting_;
  Notices* notices_;  // Under posting_. Null: nobody listens any more.
};

// Ends a handle within `patience`. The client library may wait for ever, for a message that was not given back say:
// then it is left behind with its threads, and with the Trouble that its callbacks use, and a notice says so.
struct CloseClient {
  static constexpr std::chrono::milliseconds kPatience{5000};

  std::shared_ptr<Trouble> trouble{};  // Null: it is waited for without a limit.
  std::chrono::milliseconds patience = kPatience;

  void operator()(rd_kafka_t* handle) const noexcept;
};
using Client = std::unique_ptr<rd_kafka_t, CloseClient>;

// `own` are our settings: a property of the Connection that is among them is refused. `prepare`, if any, gets the
// configuration before the handle is made (callbacks). The handle's opaque is `trouble`, whatever `prepare` sets.
Result<Client> make_client(rd_kafka_type_t type, const Connection& connection,
                           const Properties& own, const std::shared_ptr<Trouble>& trouble,
                           void (*prepare)(rd_kafka_conf_t*, void*) = nullptr,
                           void* argument = nullptr);

// Lets the Trouble of a handle know that this has ended for good, if it has: a record may be refused for that before
// the handle's own word of it has been served. Any thread.
void look_for_fatal_error(rd_kafka_t* client) noexcept;

// As the client calls them.
std::string compression_name(Compression compression);
std::string partitioner_name(Partitioner partitioner);

// Waits until the cluster answers about `topic`; "" for any answer. The Status names the brokers, the trouble and what
// to do: unreachable, refused, no such topic. A refusal or a missing topic is not waited for to the end; brokers that
// say nothing at all are noted as trouble after kSilence, so that the rest of the wait is none in silence.
inline constexpr std::chrono::milliseconds kSilence{3000};
Status await_topic(rd_kafka_t* client, const std::string& place, const std::string& topic,
                   std::chrono::milliseconds timeout, Trouble& trouble);

}  // namespace penstock::kafka::internal
