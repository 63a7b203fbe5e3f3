// io/kafka/stable_ends.h -- whether readers of committed records see topics up to where they ended once.
//
// A transaction that is open keeps readers from what stands behind its first record, of whatever producer. Both ends
// are asked of the brokers: with what is open, once, and without it, again and again.
// Threads    Of one thread, which each call makes wait for brokers, up to the time that it is given.
// Errors     A topic that is not there, or may not be looked at, has no ends here: whoever writes to it will say so.
//            What the brokers do not know yet, as after a start of theirs, is an error: ask again.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "penstock/io/kafka/cluster.h"

namespace penstock::kafka::internal {

class StableEnds {
 public:
  struct Behind {
    std::string topic;
    std::int32_t partition = 0;
    std::int64_t stable = 0;  // Readers wait here.
    std::int64_t end = 0;     // For what stands before this.
  };

  // The ends as they are now.
  static Result<StableEnds> note(const Connection& connection,
                                 const std::vector<std::string>& topics,
                                 const std::shared_ptr<Trouble>& trouble,
                                 std::chrono::milliseconds timeout);
  // The partitions that readers do not see up to there yet.
  Result<std::vector<Behind>> behind(std::chrono::milliseconds timeout);

 private:
  StableEnds(std::shared_ptr<Trouble> trouble, std::unique_ptr<Cluster> committed,
             std::vector<OffsetQuestion> ends)
      : trouble_(std::move(trouble)), committed_(std::move(committed)), ends_(std::move(ends)) {}

  std::shared_ptr<Trouble> trouble_;
  std::unique_ptr<Cluster> committed_;
  std::vector<OffsetQuestion> ends_;
};

}  // namespace penstock::kafka::internal
