// Counts the payments of each card, from a file into a file; with a checkpoint folder, exactly once whatever is killed.
//
//   PENSTOCK__CHECKPOINT=DIR example_keyed_count payments.ndjson counts.ndjson    # And again, after a crash.
//
// With PENSTOCK__STATE=rocksdb there may be more cards than fit into memory.
//
// Writes a line per payment: its card, and how many there were up to it.
#include <penstock/api/stream.h>
#include <penstock/io/file/line_file_sink.h>
#include <penstock/io/file/line_file_source.h>
#include <penstock/state/rocksdb/rocks_backend.h>

#include <cstdio>
#include <utility>

#include "penstock/examples/keyed_count/keyed_count.h"

penstock::Status count(const char* from, const char* to) {
  penstock::Result<penstock::Options> options = penstock::Options::from_environment();
  if (!options.ok()) return options.status();
  auto backend = penstock::state_backend_from_environment();
  if (!backend.ok()) return backend.status();
  options->state_backend = std::move(*backend);
  penstock::Job job("keyed count");
  job.source(penstock::line_file_source({.path = from}), penstock::json::decoder<Payment>())
      .key_by(&Payment::card)
      .process(CountPayments{})
      .sink(penstock::line_file_sink({.path = to}), penstock::json::encoder<Count>());
  return job.run(*options);
}

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: example_keyed_count FROM TO\n");
    return 2;
  }
  const penstock::Status status = count(argv[1], argv[2]);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.to_string().c_str());
  return status.exit_code();
}
