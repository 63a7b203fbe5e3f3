// tests/sim/kafka_job.h -- a job that counts events by key into two topics, each readable in transactions, and a file;
// and what is wrong with what their readers see.
//
//   sources -> key_by -> count -> topic "counts": every count | topic "evens": every second | file: every count
//
// Threads    One.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "penstock/api/job.h"
#include "penstock/io/kafka/transaction_client.h"
#include "penstock/tests/sim/keyed_input.h"
#include "penstock/tests/sim/sim_broker.h"

namespace penstock::sim {

inline constexpr const char* kCountsFolder = "/out";
inline constexpr const char* kCountsFile = "/out/counts";
inline constexpr std::chrono::milliseconds kTransactionTimeout{5'000};

// The same events in each run of a job, dealt out to the tasks of one source.
SourcePart kafka_job_events(std::uint64_t seed);
void create_topics(SimBroker& broker, std::uint64_t seed);
std::unique_ptr<Job> make_kafka_job(const SourcePart& events, std::uint32_t keyed_tasks,
                                    const kafka::internal::MakeTransactionClient& make);

// The reader of committed records of one place: of each key it has to see 1, 2, 3, ..., or 2, 4, 6, ...
class CountReader {
 public:
  explicit CountReader(std::uint64_t step) : step_(step) {}

  // Takes "KEY COUNT". What is wrong; empty: nothing.
  std::string take(const std::string& row);
  // At the end: every count has come.
  std::string missing(const SourcePart& events) const;
  std::uint64_t rows() const { return rows_; }

 private:
  std::uint64_t step_;
  std::uint64_t rows_ = 0;
  std::map<std::uint32_t, std::uint64_t> newest_;
};

// Both topics, as far as they have been read.
class TopicReader {
 public:
  // Goes on reading.
  std::string read(const SimBroker& broker);
  std::string missing(const SourcePart& events) const;
  std::uint64_t rows() const { return counts_.rows() + evens_.rows(); }

 private:
  std::string read(const SimBroker& broker, const std::string& topic, CountReader& reader);

  std::map<KafkaPartition, std::size_t> offsets_;
  CountReader counts_{1};
  CountReader evens_{2};
};

// Of the file, all at once.
std::string defect_of_file(FileSystem& disk, const SourcePart& events);

}  // namespace penstock::sim
