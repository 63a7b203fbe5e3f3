#include "penstock/io/kafka/transaction_admin.h"

#include <algorithm>

#include "penstock/io/kafka/marker_topic.h"

namespace penstock::kafka {
namespace {

// Of no transaction that is begun here, and within what every broker allows.
constexpr std::chrono::milliseconds kTransactionTimeout{60'000};

internal::TransactionClientOptions options_of(const Connection& connection,
                                              const std::string& marker_topic, Notices& notices) {
  internal::TransactionClientOptions options;
  options.connection = connection;
  options.place = "kafka " + connection.brokers;
  options.marker_topic = marker_topic;
  options.transaction_timeout = kTransactionTimeout;
  options.buffer_bytes = std::size_t{1} << 20;
  options.notices = &notices;
  return options;
}

}  // namespace

Result<std::vector<JobTransactions>> list_transactions(const Connection& connection,
                                                       const std::string& marker_topic,
                                                       Notices& notices) {
  const auto view = internal::look_at_markers(options_of(connection, marker_topic, notices));
  if (!view.ok()) return view.status();
  std::vector<JobTransactions> jobs;
  for (const std::string& id : view->jobs) {
    const auto marker = view->committed.find(id);
    const bool known = marker != view->committed.end();
    jobs.push_back({id, known ? marker->second.epoch : Epoch{},
                    known ? marker->second.incarnation : 0, id == view->open});
  }
  return jobs;
}

Status abort_transactions(const Connection& connection, const std::string& marker_topic,
                          const std::string& id, Notices& notices) {
  const auto jobs = list_transactions(connection, marker_topic, notices);
  if (!jobs.ok()) return jobs.status();
  const bool known = std::any_of(jobs->begin(), jobs->end(),
                                 [&](const JobTransactions& job) { return job.id == id; });
  if (!known) {
    return {StatusCode::kNotFound, "kafka " + connection.brokers + ": no job '" + id +
                                       "' has a marker in topic '" + marker_topic +
                                       "'; `penstock txn list` says which have"};
  }
  internal::TransactionClientOptions options = options_of(connection, marker_topic, notices);
  options.id = id;
  const auto client = internal::make_transaction_client(options);
  return client.ok() ? (*client)->start() : client.status();
}

}  // namespace penstock::kafka
