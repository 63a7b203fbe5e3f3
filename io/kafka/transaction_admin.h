// io/kafka/transaction_admin.h -- the transactions of jobs at a cluster, for whoever looks after it.
//
// Threads    Any; all calls wait for brokers, up to the start_timeout of the connection.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "penstock/core/base/ids.h"
#include "penstock/core/base/notice.h"
#include "penstock/core/base/status.h"
#include "penstock/io/kafka/kafka.h"

namespace penstock::kafka {

struct JobTransactions {
  std::string id;  // The transactional id.
  Epoch epoch;     // The last that was committed; 0: none yet.
  std::uint64_t incarnation = 0;
  // Readers wait for its transaction: it was begun, and neither committed nor taken back yet. Of several, the oldest.
  bool is_waited_for = false;
};

// Each job that has written a marker, by its id. What stands behind a transaction that readers wait for is not known.
Result<std::vector<JobTransactions>> list_transactions(const Connection& connection,
                                                       const std::string& marker_topic,
                                                       Notices& notices);
// Takes back what the job of this id has open, so that readers wait no longer. If it still runs it is fenced off and
// ends; when it is started again it goes on from its newest checkpoint that was committed.
Status abort_transactions(const Connection& connection, const std::string& marker_topic,
                          const std::string& id, Notices& notices);

}  // namespace penstock::kafka
