// io/kafka/client.h -- one handle of the Kafka client library, made from a Connection, that never fails in silence.
//
// The client reports what goes wrong with a connection (a password, a certificate, a broker that is away) only by a
// callback, and then tries for ever. Trouble keeps the newest of it with its remedy, until a request succeeds.
// Threads    make_client() blocks for no answer. Trouble is safe from any thread.
// Errors     An unknown or forbidden property, a secret that cannot be read: kInvalidArgument that names it.
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "penstock/core/base/notice.h"
#include "penstock/core/base/status.h"
#include "penstock/core/base/time.h"
#include "penstock/io/kafka/kafka.h"

namespace penstock::kafka::internal {

// What the client's error callback has said. It belongs to one handle and outlives it.
class Trouble {
 public:
  Trouble(std::string place, Notices& notices) : place_(std::move(place)), notices_(notices) {}

  // Posts a notice when the kind of trouble is new; says when it is over.
  void note(rd_kafka_resp_err_t error, const std::string& reason) noexcept;
  void over() noexcept;
  // The newest trouble, in a sentence with its remedy; empty: none.
  std::string text() const;
  // Errors after which the handle is of no use: fenced, fatal.
  Status fatal() const;

 private:
  std::string place_;
  Notices& notices_;
  std::atomic<bool> any_{false};
  mutable std::mutex mutex_;
  rd_kafka_resp_err_t kind_ = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::string text_;
  Status fatal_;
};

struct CloseClient {
  void operator()(rd_kafka_t* handle) const noexcept { rd_kafka_destroy(handle); }
};
using Client = std::unique_ptr<rd_kafka_t, CloseClient>;

// `own` are our settings, which the Connection's properties cannot override. `prepare`, if any, gets the configuration
// before the handle is made (callbacks). The handle's opaque is `trouble`, unless `prepare` sets another: then the
// callbacks of `prepare` have to pass errors on to Trouble::note().
Result<Client> make_client(rd_kafka_type_t type, const Connection& connection,
                           const std::vector<std::pair<std::string, std::string>>& own,
                           Trouble& trouble, void (*prepare)(rd_kafka_conf_t*, void*) = nullptr,
                           void* argument = nullptr);

// Waits until the cluster answers about `topic`; "" for any answer. The Status names the brokers, the trouble and what
// to do: unreachable, refused, no such topic.
Status await_topic(rd_kafka_t* client, const std::string& place, const std::string& topic,
                   std::chrono::milliseconds timeout, const Trouble& trouble);

}  // namespace penstock::kafka::internal
