// io/kafka/topic_choice.h -- the topics that a source reads: a list, or all that a pattern matches.
//
// A pattern is a POSIX extended regular expression that whole names match. The brokers' own topics are never taken by
// a pattern.
// Errors     kInvalidArgument: neither or both given, an empty name, one that is there twice, a pattern that is none.
// Threads    Immutable; copies share what was compiled.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "penstock/core/base/status.h"
#include "penstock/io/kafka/kafka.h"

namespace penstock::kafka::internal {

class TopicChoice {
 public:
  static Result<TopicChoice> make(const SourceOptions& options);

  bool is_pattern() const noexcept { return pattern_ != nullptr; }
  // Empty for a pattern.
  const std::vector<std::string>& topics() const noexcept { return topics_; }
  bool takes(const std::string& topic) const;

 private:
  struct Pattern;

  TopicChoice() = default;

  std::vector<std::string> topics_;
  std::shared_ptr<const Pattern> pattern_;
};

// "kafka payments", "kafka payments,refunds", "kafka topics like pay.*".
std::string source_name(const SourceOptions& options);

}  // namespace penstock::kafka::internal
