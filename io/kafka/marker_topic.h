// io/kafka/marker_topic.h -- the topic with what the last transaction of each job was: made, and read.
//
// Records    In partition 0. The key is the transactional id of the job, the value is "epoch=17 incarnation=3". The
//            topic is compacted, so that the newest of each job stays.
// Threads    Whoever starts the job; all calls wait for brokers, up to the start_timeout of the connection.
// Errors     Name the topic, what is wrong and what to do.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "penstock/io/kafka/client.h"
#include "penstock/io/kafka/transaction_client.h"

namespace penstock::kafka::internal {

// Makes the topic if there is none.
Status prepare_marker_topic(rd_kafka_t* client, const TransactionClientOptions& options,
                            Trouble& trouble);
using IsCancelled = std::function<bool()>;
// The newest of the job with options.id that is committed; nothing: there is none. Where one of the job stands behind
// what others have open, that is waited for, unless it is `known` and the last: a committed one that the caller has.
Result<std::optional<Marker>> find_marker(const TransactionClientOptions& options,
                                          const std::optional<Marker>& known,
                                          const IsCancelled& is_cancelled);

// Whether one of the job, whatever became of it, stands at the offset `stable` or behind it.
Result<bool> has_marker_from(const TransactionClientOptions& options, std::int64_t stable,
                             const IsCancelled& is_cancelled);

// What is there now, without waiting for anything that is open.
struct MarkerView {
  std::map<std::string, Marker>
      committed;               // Of each job, as far as readers of committed records see.
  std::set<std::string> jobs;  // With one that is committed, open or taken back.
  std::string open;            // The job whose transaction readers wait for; empty: none.
};
Result<MarkerView> look_at_markers(const TransactionClientOptions& options);

}  // namespace penstock::kafka::internal
