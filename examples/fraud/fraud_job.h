// examples/fraud/fraud_job.h -- the fraud pipeline: payments in, alerts out. The demo and the example run this one.
#pragma once

#include <chrono>
#include <memory>
#include <utility>

#include "penstock/api/job.h"
#include "penstock/examples/fraud/rules.h"

namespace fraud {

struct JobOptions {
  penstock::DecodeOptions decode;
  std::chrono::seconds max_disorder{5};
};

// The stream of alerts of a job that reads payments as JSON lines; end it with a sink or for_each. `rules` is
// FraudRules or an operator that wraps them.
template <class Rules = FraudRules>
auto alerts_of(penstock::Job& job, std::shared_ptr<const penstock::ByteSource> payments,
               JobOptions options = {}, Rules rules = {}) {
  return job
      .source(std::move(payments), penstock::json::decoder<Payment>(), std::move(options.decode))
      .event_time(&Payment::at, {.max_disorder = options.max_disorder})
      .filter([](const Payment& payment) noexcept { return payment.amount > 0; })
      .key_by(&Payment::card)
      .process(std::move(rules))
      .named("rules");
}

}  // namespace fraud
