#include <algorithm>

#include "penstock/io/kafka/client.h"

namespace penstock::kafka::internal {
namespace {

constexpr int kVersionWithWorkingScram = 0x020601ff;
constexpr std::size_t kReasonBytesMax = 600;

// One line of bounded length, whatever the other side put in its text.
std::string tidy(std::string_view text) {
  std::string line(text.substr(0, kReasonBytesMax));
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

bool has(std::string_view text, std::string_view part) noexcept {
  return text.find(part) != std::string_view::npos;
}

// What TLS calls a refusal of our certificate by the broker.
bool broker_refused_certificate(std::string_view reason) noexcept { return has(reason, "alert"); }

}  // namespace

Trouble::Kind Trouble::kind_of(rd_kafka_resp_err_t error, std::string_view reason) noexcept {
  switch (error) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
      return Kind::kLogin;
    case RD_KAFKA_RESP_ERR__SSL:
      return Kind::kCertificate;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return Kind::kPermission;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
      return has(reason, "SSL routines") ? Kind::kCertificate : Kind::kUnreachable;
    default:
      return Kind::kOther;
  }
}

// Whether an answer of the brokers proves that it has passed. That there is no such partition, they answer.
bool Trouble::is_of_brokers(Kind kind) noexcept {
  return kind == Kind::kUnreachable || kind == Kind::kLogin || kind == Kind::kCertificate;
}

// A broker that hangs up after it has refused us says no more than that it is gone: the refusal stays. One connection
// that ends is no trouble yet, for there may be others and it may come back at once; all of them, or a second, is.
void Trouble::note(rd_kafka_resp_err_t error, const std::string& reason) noexcept {
  const Kind kind = kind_of(error, reason);
  std::string text;
  {
    const std::lock_guard lock(mutex_);
    if (kind == Kind::kUnreachable && kind_ != kind && is_of_brokers(kind_)) return;
    const bool is_new = kind_ != kind;
    told_of_brokers_ = told_of_brokers_ || (posted_ && is_of_brokers(kind_));
    // "1/1 brokers are down" says less than what came before it.
    const bool says_less = error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && !is_new;
    if (is_new) posted_ = false;
    kind_ = kind;
    if (!says_less) text_ = sentence(kind, error, reason);
    any_.store(true, std::memory_order_release);
    const bool single = error == RD_KAFKA_RESP_ERR__TRANSPORT && kind == Kind::kUnreachable;
    if (posted_ || (single && is_new)) return;
    posted_ = true;
    text = text_;
  }
  post(Severity::kWarning, std::move(text));
}

void Trouble::over() noexcept {
  if (!any_.load(std::memory_order_relaxed)) return;
  {
    const std::lock_guard lock(mutex_);
    any_.store(false, std::memory_order_relaxed);
    text_.clear();
    certificate_problem_.clear();
    const bool told = std::exchange(posted_, false) && is_of_brokers(kind_);
    kind_ = Kind::kNone;
    if (!std::exchange(told_of_brokers_, false) && !told) return;
  }
  post(Severity::kInfo, "the brokers at " + brokers_ + " answer again");
}

std::string Trouble::text() const {
  const std::lock_guard lock(mutex_);
  return text_;
}

bool Trouble::refused() const {
  const std::lock_guard lock(mutex_);
  return kind_ == Kind::kLogin || kind_ == Kind::kCertificate || kind_ == Kind::kPermission;
}

Status Trouble::fatal() const {
  const std::lock_guard lock(mutex_);
  return fatal_;
}

void Trouble::reaches(const Connection& connection, const Properties& properties) {
  brokers_ = connection.brokers;
  mechanism_ = "GSSAPI";  // What the client takes when nothing is said.
  for (const auto& [name, value] : properties) {
    if (name == "security.protocol") protocol_ = value;
    if (name == "sasl.mechanism" || name == "sasl.mechanisms") mechanism_ = value;
    if (name == "sasl.username") user_ = value;
  }
}

void Trouble::note_fatal(rd_kafka_resp_err_t error, const std::string& reason) noexcept {
  std::string text = "the client has ended for good (" + std::string(rd_kafka_err2name(error)) +
                     "): " + tidy(reason);
  if (error == RD_KAFKA_RESP_ERR__FENCED || error == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH) {
    text += "; another instance writes in its place, or its transaction took too long";
  }
  const std::lock_guard lock(mutex_);
  if (fatal_.ok()) fatal_ = Status(StatusCode::kUnavailable, place_ + ": " + text);
  is_fatal_.store(true, std::memory_order_relaxed);
}

// Comes before the handshake fails, which then does not know why.
void Trouble::note_certificate(const std::string& problem) noexcept {
  const std::lock_guard lock(mutex_);
  certificate_problem_ = problem;
}

void Trouble::note_log(const std::string& facility, const std::string& line) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (std::find(logged_.begin(), logged_.end(), facility) != logged_.end()) return;
    logged_.push_back(facility);
  }
  post(Severity::kWarning, "the client says: " + tidy(line));
}

void Trouble::note_transaction(const std::string& error) noexcept {
  const std::lock_guard lock(mutex_);
  if (transaction_error_.empty()) transaction_error_ = tidy(error);
}

std::string Trouble::transaction_error() const {
  const std::lock_guard lock(mutex_);
  return transaction_error_;
}

std::string Trouble::sentence(Kind kind, rd_kafka_resp_err_t error,
                              const std::string& reason) const {
  switch (kind) {
    case Kind::kLogin:
      return login_sentence(tidy(reason));
    case Kind::kCertificate:
      return certificate_sentence(tidy(reason));
    case Kind::kPermission:
      return "the cluster at " + brokers_ + " denies access (" + tidy(reason) + "); grant user '" +
             user_ + "' the right to it";
    case Kind::kUnreachable:
      return "no answer from the brokers at " + brokers_ + " (" + tidy(reason) +
             "); it is tried again and again: check that they run, and their address" +
             (protocol_.empty() ? ", and whether they want security.protocol to be set" : "");
    default:
      return "the client reports " + std::string(rd_kafka_err2name(error)) + ": " + tidy(reason);
  }
}

std::string Trouble::login_sentence(const std::string& reason) const {
  std::string text = "the brokers at " + brokers_ + " refuse user '" + user_ + "' (" + mechanism_ +
                     "): " + reason + "; check sasl.username, sasl.password and sasl.mechanism";
  if (mechanism_.starts_with("SCRAM") && rd_kafka_version() < kVersionWithWorkingScram) {
    text += std::string("; if the password is right: librdkafka ") + rd_kafka_version_str() +
            " cannot log in by SCRAM to brokers of version 4.0 and later, so use TLS client "
            "certificates or PLAIN over TLS, or librdkafka 2.6.1 or later";
  }
  return text;
}

std::string Trouble::certificate_sentence(const std::string& reason) const {
  const std::string brokers = "the brokers at " + brokers_;
  if (!certificate_problem_.empty()) {
    return "the certificate of " + brokers + " is not trusted: " + certificate_problem_ + " (" +
           reason + ")";
  }
  if (broker_refused_certificate(reason)) {
    return brokers + " refuse our certificate: " + reason +
           "; check that ssl.certificate.location and ssl.key.location name one that is in force "
           "and of an authority that they know";
  }
  return "TLS with " + brokers + " fails: " + reason +
         "; check ssl.ca.location, ssl.certificate.location, ssl.key.location, and that they "
         "expect TLS on this port";
}

void Trouble::left_behind(std::chrono::milliseconds waited) noexcept {
  post(Severity::kWarning,
       "the Kafka client has not ended within " + std::to_string(waited.count()) +
           " ms and is left behind, with its threads and memory; if that happens often, restart "
           "the process");
  const std::lock_guard lock(posting_);
  notices_ = nullptr;
}

void Trouble::post(Severity severity, std::string text) noexcept {
  const std::lock_guard lock(posting_);
  if (notices_ != nullptr) notices_->post({severity, place_, std::move(text)});
}

}  // namespace penstock::kafka::internal
