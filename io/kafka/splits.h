// io/kafka/splits.h -- which number a partition has as a split of the job, and which task reads it.
//
// Numbers    Topic number * 65536 + partition. Listed topics are numbered in alphabetical order: the same in each run,
//            and of a single topic the split is the partition. Those of a pattern are numbered as they are found, in
//            alphabetical order where several are found at once; a number once given stays for the life of the job,
//            and over restarts from a snapshot.
// Threads    SplitNumbers is shared by the tasks of a job and safe from any thread. task_of() is pure.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/ids.h"

namespace penstock::kafka::internal {

inline constexpr std::int32_t kPartitionsMax = 1 << 16;
inline constexpr std::size_t kTopicsMax = 1 << 16;

// The partitions of a topic go round the tasks; the first one's task differs from topic to topic.
std::uint32_t task_of(std::string_view topic, std::int32_t partition,
                      std::uint32_t task_count) noexcept;

class SplitNumbers {
 public:
  // Those that have no number yet get one. False: there are more than kTopicsMax.
  bool learn(std::vector<std::string> topics);
  // What a snapshot has: before anything is read. Whoever had the number gets another one.
  void keep(const std::string& topic, std::uint32_t number);
  std::uint32_t number_of(std::string_view topic) const;
  // REQUIRES: the topic was learned, 0 <= partition < kPartitionsMax.
  SplitId of(std::string_view topic, std::int32_t partition) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint32_t, std::less<>> topics_;
  std::uint32_t next_ = 0;
};

}  // namespace penstock::kafka::internal
