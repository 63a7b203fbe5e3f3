// The fraud job as a program of its own: payments as JSON lines on standard input, alerts as JSON lines on standard
// output.
//
//   example_fraud < payments.ndjson
//
// It shows the two ways in: here from bytes; a program that has the payments in memory already uses
// job.input<Payment>() and push() instead (see examples/embedded).
#include <cstdio>

#include "penstock/examples/fraud/fraud_job.h"
#include "penstock/io/console/console_sink.h"
#include "penstock/io/file/standard_input_source.h"

int main() {
  penstock::Result<penstock::Options> options = penstock::Options::from_environment();
  if (!options.ok()) {
    std::fprintf(stderr, "%s\n", options.status().to_string().c_str());
    return options.status().exit_code();
  }
  penstock::Job job("fraud");
  fraud::alerts_of(job, penstock::standard_input_source())
      .sink(penstock::console_sink(), penstock::json::encoder<fraud::Alert>());
  const penstock::Status status = job.run(*options);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.to_string().c_str());
  return status.exit_code();
}
