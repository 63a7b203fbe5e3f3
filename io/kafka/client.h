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

// What the client's callbacks have said about its connections. It belongs to one handle and outlives it. Callbacks of
// its owner are found from the handle's opaque, a Trouble*: derive from it.
class Trouble {
 public:
  Trouble(std::string place, Notices& notices) : place_(std::move(place)), notices_(notices) {}

  // Posts a notice when the kind of trouble is new; says when it is over. over() costs one load when there is none.
  void note(rd_kafka_resp_err_t error, const std::string& reason) noexcept;
  void over() noexcept;
  // The newest trouble, in a sentence with its remedy; empty: none.
  std::string text() const;
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

  const std::string& place() const noexcept { return place_; }
  const std::string& brokers() const noexcept { return brokers_; }

 private:
  enum class Kind { kNone, kUnreachable, kLogin, kCertificate, kPermission, kOther };

  static Kind kind_of(rd_kafka_resp_err_t error, std::string_view reason) noexcept;
  std::string sentence(Kind kind, rd_kafka_resp_err_t error, const std::string& reason) const;
  std::string login_sentence(const std::string& reason) const;
  std::string certificate_sentence(const std::string& reason) const;
  void post(Severity severity, std::string text) noexcept;

  const std::string place_;
  Notices& notices_;
  std::string brokers_;  // These four are written before there is a handle.
  std::string protocol_;
  std::string mechanism_;
  std::string user_;
  std::atomic<bool> any_{false};
  std::atomic<bool> is_fatal_{false};
  mutable std::mutex mutex_;
  Kind kind_ = Kind::kNone;
  bool posted_ = false;
  std::string text_;
  std::string certificate_problem_;
  std::vector<std::string> logged_;  // Facilities of the client's log that have been posted.
  Status fatal_;
};

struct CloseClient {
  void operator()(rd_kafka_t* handle) const noexcept { rd_kafka_destroy(handle); }
};
using Client = std::unique_ptr<rd_kafka_t, CloseClient>;

// `own` are our settings: a property of the Connection that is among them is refused. `prepare`, if any, gets the
// configuration before the handle is made (callbacks). The handle's opaque is `&trouble`, whatever `prepare` sets.
Result<Client> make_client(rd_kafka_type_t type, const Connection& connection,
                           const Properties& own, Trouble& trouble,
                           void (*prepare)(rd_kafka_conf_t*, void*) = nullptr,
                           void* argument = nullptr);

// Waits until the cluster answers about `topic`; "" for any answer. The Status names the brokers, the trouble and what
// to do: unreachable, refused, no such topic. A refusal or a missing topic is not waited for to the end.
Status await_topic(rd_kafka_t* client, const std::string& place, const std::string& topic,
                   std::chrono::milliseconds timeout, Trouble& trouble);

}  // namespace penstock::kafka::internal
