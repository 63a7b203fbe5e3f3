// io/kafka/marker_topic.h -- the topic with what the last transaction of each job was: made, and read.
//
// Records    In partition 0. The key is the transactional id of the job, the value is "epoch=17 incarnation=3". The
//            topic is compacted, so that the newest of each job stays.
// Threads    Whoever starts the job; all calls wait for brokers, up to the start_timeout of the connection.
// Errors     Name the topic, what is wrong and what to do.
#pragma once

#include <map>
#include <set>
#include <string>

#include "penstock/io/kafka/client.h"
#include "penstock/io/kafka/transaction_client.h"

namespace penstock::kafka::internal {

// Makes the topic if there is none.
Status prepare_marker_topic(rd_kafka_t* client, const TransactionClientOptions& options,
                            Trouble& trouble);
// The newest that is committed, of each job by its id. What is open when it is called, of any job, is waited for.
Result<std::map<std::string, Marker>> read_markers(const TransactionClientOptions& options);

// What is there now, without waiting for anything that is open.
struct MarkerView {
  std::map<std::string, Marker>
      committed;               // Of each job, as far as readers of committed records see.
  std::set<std::string> jobs;  // With one that is committed, open or taken back.
  std::string open;            // The job whose transaction readers wait for; empty: none.
};
Result<MarkerView> look_at_markers(const TransactionClientOptions& options);

}  // namespace penstock::kafka::internal
