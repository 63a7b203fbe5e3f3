#include "penstock/io/kafka/client.h"

#include <sched.h>
#include <syslog.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <optional>
#include <span>

#include "penstock/core/base/helper_thread.h"

namespace penstock::kafka::internal {
namespace {

struct DestroyConfiguration {
  void operator()(rd_kafka_conf_t* configuration) const noexcept {
    rd_kafka_conf_destroy(configuration);
  }
};
using Configuration = std::unique_ptr<rd_kafka_conf_t, DestroyConfiguration>;

constexpr std::size_t kErrorBytes = 512;

// A connection is tried again soon, and records do not wait for company.
const Properties& defaults() {
  static const Properties kDefaults = {
      {"reconnect.backoff.ms", "50"},       {"reconnect.backoff.max.ms", "500"},
      {"socket.nagle.disable", "true"},     {"log.connection.close", "false"},
      {"statistics.interval.ms", "0"},      {"topic.metadata.propagation.max.ms", "1000"},
      {"allow.auto.create.topics", "false"}};
  return kDefaults;
}

// Threads that are made meanwhile, and theirs, do not take a processor from whoever runs there when they are woken. A
// client that sends is woken by the first record of a batch: it would stop the worker that is giving it the others, and
// send that one alone. Where a processor is free they lose nothing.
class PatientThreads {
 public:
  PatientThreads() noexcept : usual_(::sched_getscheduler(0) == SCHED_OTHER) {
    if (usual_) set(SCHED_BATCH);
  }
  ~PatientThreads() {
    if (usual_) set(SCHED_OTHER);
  }
  PatientThreads(const PatientThreads&) = delete;
  PatientThreads& operator=(const PatientThreads&) = delete;

 private:
  static void set(int policy) noexcept {
    const sched_param none{};
    static_cast<void>(::sched_setscheduler(0, policy, &none));  // At worst nothing changes.
  }

  const bool usual_;
};

Client new_client(rd_kafka_type_t type, rd_kafka_conf_t* configuration, std::span<char> why,
                  const std::shared_ptr<Trouble>& trouble) {
  std::optional<PatientThreads> patient;
  if (type == RD_KAFKA_PRODUCER) patient.emplace();
  return Client(rd_kafka_new(type, configuration, why.data(), why.size()), CloseClient{trouble});
}

Trouble& trouble_of(void* opaque) noexcept { return *static_cast<Trouble*>(opaque); }

void on_error(rd_kafka_t* client, int error, const char* reason, void* opaque) {
  const auto code = static_cast<rd_kafka_resp_err_t>(error);
  if (code != RD_KAFKA_RESP_ERR__FATAL) return trouble_of(opaque).note(code, reason);
  look_for_fatal_error(client);
}

// What has an error callback of its own does not come here. Of the rest, only warnings are worth a word.
void on_log(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  static constexpr std::string_view kKnown[] = {"SSLCERTVRFY", "CONFWARN", "FAIL", "ERROR"};
  if (level > LOG_WARNING) return;
  if (std::find(std::begin(kKnown), std::end(kKnown), facility) != std::end(kKnown)) return;
  if (std::string_view(text).ends_with("retrying")) return;  // Nothing has failed yet.
  if (void* opaque = rd_kafka_opaque(client)) {
    // Nothing else says why, unless it is fatal: later calls and reports only say that it is so.
    if (facility == std::string_view("TXNERR")) trouble_of(opaque).note_transaction(text);
    trouble_of(opaque).note_log(facility, std::string(facility) + ": " + text);
  }
}

// The numbers of OpenSSL (X509_V_ERR_...), in words with a remedy.
std::string certificate_problem(int x509_error) {
  switch (x509_error) {
    case 9:
      return "it is not valid yet; check the clocks of both machines";
    case 10:
      return "it has expired; the brokers need a new one";
    case 18:
    case 19:
    case 20:
    case 21:
      return "it is of an authority that ssl.ca.location does not name";
    case 23:
      return "it has been revoked";
    case 62:
    case 64:
      return "it is for another host name; use the name that it has in Connection::brokers and in "
             "the brokers' advertised.listeners, or set "
             "ssl.endpoint.identification.algorithm=none";
    default:
      return "OpenSSL's verification error " + std::to_string(x509_error);
  }
}

// Takes OpenSSL's word for it; it is here to learn the reason, which the error callback does not have.
int on_certificate(rd_kafka_t*, const char*, std::int32_t, int* x509_error, int, const char*,
                   std::size_t, char*, std::size_t, void* opaque) {
  if (*x509_error == 0) return 1;
  trouble_of(opaque).note_certificate(certificate_problem(*x509_error));
  return 0;
}

Status set(rd_kafka_conf_t* configuration, const std::string& name, const std::string& value) {
  char text[kErrorBytes] = "";
  if (rd_kafka_conf_set(configuration, name.c_str(), value.c_str(), text, sizeof text) ==
      RD_KAFKA_CONF_OK) {
    return Status();
  }
  return Status::invalid_argument("kafka property '" + name +
                                  "': " + (is_secret(name) ? "the client does not take it" : text));
}

Status set_all(rd_kafka_conf_t* configuration, const Properties& properties) {
  for (const auto& [name, value] : properties) {
    PENSTOCK_RETURN_IF_ERROR(set(configuration, name, value));
  }
  return Status();
}

Status refuse_own(const Properties& properties, const Properties& own) {
  for (const auto& [name, value] : properties) {
    const bool taken = std::any_of(own.begin(), own.end(),
                                   [&name = name](const auto& each) { return each.first == name; });
    if (taken) {
      return Status::invalid_argument("kafka property '" + name +
                                      "': not allowed: the engine sets it here itself");
    }
  }
  return Status();
}

void set_callbacks(rd_kafka_conf_t* configuration, Trouble& trouble) {
  rd_kafka_conf_set_error_cb(configuration, on_error);
  rd_kafka_conf_set_log_cb(configuration, on_log);
  // Fails only where the client was built without TLS.
  (void)rd_kafka_conf_set_ssl_cert_verify_cb(configuration, on_certificate);
  rd_kafka_conf_set_opaque(configuration, &trouble);
}

// Whether somebody else has come to an end of what is waited for.
class End {
 public:
  void reached() noexcept {
    const std::lock_guard lock(mutex_);
    reached_ = true;
    changed_.notify_all();
  }
  bool wait(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, time, [this] { return reached_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool reached_ = false;
};

std::string without_secrets(std::string text, const Properties& properties) {
  for (const auto& [name, value] : properties) {
    if (!is_secret(name) || value.empty()) continue;
    for (std::size_t at = 0; (at = text.find(value, at)) != std::string::npos;) {
      text.replace(at, value.size(), "***");
      at += 3;
    }
  }
  return text;
}

}  // namespace

void look_for_fatal_error(rd_kafka_t* client) noexcept {
  char text[kErrorBytes] = "";
  const rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(client, text, sizeof text);
  if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR)
    trouble_of(rd_kafka_opaque(client)).note_fatal(fatal, text);
}

void CloseClient::operator()(rd_kafka_t* handle) const noexcept {
  if (trouble == nullptr) return rd_kafka_destroy(handle);
  const auto end = std::make_shared<End>();
  Result<std::unique_ptr<ThreadHandle>> thread =
      spawn_helper("penstock-kafka-end", [handle, end, kept = trouble] {
        rd_kafka_destroy(handle);
        end->reached();
      });
  if (!thread.ok()) return rd_kafka_destroy(handle);
  if (end->wait(patience)) return;
  trouble->left_behind(patience);
  (*thread)->detach();
}

std::string compression_name(Compression compression) {
  static constexpr const char* kNames[] = {"none", "gzip", "snappy", "lz4", "zstd"};
  return kNames[static_cast<std::uint8_t>(compression)];
}

std::string partitioner_name(Partitioner partitioner) {
  return partitioner == Partitioner::kMurmur2 ? "murmur2_random" : "consistent_random";
}

Result<Client> make_client(rd_kafka_type_t type, const Connection& connection,
                           const Properties& own, const std::shared_ptr<Trouble>& trouble,
                           void (*prepare)(rd_kafka_conf_t*, void*), void* argument) {
  const Direction direction = type == RD_KAFKA_PRODUCER ? Direction::kSink : Direction::kSource;
  if (connection.brokers.empty()) {
    return Status::invalid_argument(trouble->place() + ": Connection::brokers is empty; give " +
                                    "HOST:PORT, or several with commas between");
  }
  const Result<Properties> properties = resolve_properties(connection.properties, direction);
  if (!properties.ok()) return properties.status().with_place(trouble->place());
  trouble->reaches(connection, *properties);
  const Configuration kept(rd_kafka_conf_new());
  Status status = refuse_own(*properties, own);
  if (status.ok()) status = set_all(kept.get(), defaults());
  if (status.ok()) status = set(kept.get(), "bootstrap.servers", connection.brokers);
  if (status.ok()) status = set_all(kept.get(), *properties);
  if (status.ok()) status = set_all(kept.get(), own);
  if (!status.ok()) return status.with_place(trouble->place());
  // The handle takes a configuration over, unless it fails: then nobody has, so it gets a copy.
  Configuration configuration(rd_kafka_conf_dup(kept.get()));
  if (prepare != nullptr) prepare(configuration.get(), argument);
  set_callbacks(configuration.get(), *trouble);
  char text[kErrorBytes] = "";
  Client client = new_client(type, configuration.get(), text, trouble);
  if (client == nullptr) {
    return Status::invalid_argument(
        trouble->place() +
        ": no Kafka client can be made of these options: " + without_secrets(text, *properties));
  }
  (void)configuration.release();
  return client;
}

}  // namespace penstock::kafka::internal
