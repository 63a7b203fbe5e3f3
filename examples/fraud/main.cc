// The fraud job as a program of its own: payments as JSON lines on standard input, alerts as JSON lines on standard
// output.
//
//   example_fraud [RULES.json] < payments.ndjson
//
// With a file of rules (examples/fraud/rule_set.h) it follows each change of it and says so on standard error.
// It shows the two ways in: here from bytes; a program that has the payments in memory already uses
// job.input<Payment>() and push() instead (see examples/embedded).
#include <cstdio>
#include <string>
#include <utility>

#include "penstock/examples/fraud/fraud_job.h"
#include "penstock/io/console/console_sink.h"
#include "penstock/io/file/standard_input_source.h"

int main(int argc, char** argv) {
  penstock::Result<penstock::Options> options = penstock::Options::from_environment();
  if (!options.ok()) {
    std::fprintf(stderr, "%s\n", options.status().to_string().c_str());
    return options.status().exit_code();
  }
  const std::string rules_path = argc > 1 ? argv[1] : "";
  penstock::Result<fraud::RuleSet> first =
      rules_path.empty() ? fraud::RuleSet{} : fraud::read_rule_set(rules_path);
  if (!first.ok()) {
    std::fprintf(stderr, "%s\n", first.status().to_string().c_str());
    return first.status().exit_code();
  }
  penstock::Job job("fraud");
  auto [alerts, changes] =
      fraud::alerts_of(job, penstock::standard_input_source(), fraud::rules_of(job, rules_path, {}),
                       {}, fraud::FraudRules(*first));
  std::move(alerts).sink(penstock::console_sink(), penstock::json::encoder<fraud::Alert>());
  std::move(changes).for_each([](const fraud::RuleSet& in_force) {
    std::fprintf(stderr, "%s\n", fraud::describe(in_force).c_str());
  });
  const penstock::Status status = job.run(*options);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.to_string().c_str());
  return status.exit_code();
}
