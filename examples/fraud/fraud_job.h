// examples/fraud/fraud_job.h -- the fraud pipeline: payments in, alerts out. The demo and the example run this one.
#pragma once

#include <chrono>
#include <memory>
#include <utility>

#include "penstock/api/job.h"
#include "penstock/examples/fraud/fraud_rules.h"
#include "penstock/io/file/watched_file_source.h"
#include "penstock/io/memory/memory_source.h"

namespace fraud {

struct JobOptions {
  penstock::DecodeOptions decode;
  std::chrono::seconds max_disorder{5};
};

// Rule sets from a file that is watched; the empty path: none ever come. Of content that cannot be read the decoder
// tells, and the rules stay as they are.
template <class Decoder = RuleSetDecoder>
auto rules_of(penstock::Job& job, const std::string& path, penstock::DecodeOptions decode,
              Decoder decoder = {}) {
  auto file =
      path.empty() ? penstock::memory_source({}) : penstock::watched_file_source({.path = path});
  return job.source(std::move(file), std::move(decoder), std::move(decode))
      .named(path.empty() ? "no rules" : path)
      .broadcast();
}

// {alerts, rule sets as they come into force} of a job that reads payments as JSON lines; end both with a sink or
// for_each. `judge` is FraudRules, with the rule set that is in force at first, or an operator that wraps them.
template <class Judge = FraudRules>
auto alerts_of(penstock::Job& job, std::shared_ptr<const penstock::ByteSource> payments,
               const penstock::BroadcastStream<RuleSet>& rules, JobOptions options = {},
               Judge judge = Judge()) {
  return job
      .source(std::move(payments), penstock::json::decoder<Payment>(), std::move(options.decode))
      .event_time(&Payment::at, {.max_disorder = options.max_disorder})
      .filter([](const Payment& payment) noexcept { return payment.amount > 0; })
      .key_by(&Payment::card)
      .connect(rules)
      .named("rules")
      .process(std::move(judge))
      .side_output(penstock::SideOutput<RuleSet>(kRulesInForce));
}

}  // namespace fraud
