// bench/workloads/expected.h -- the answers that a run is held against, computed without any stream engine.
//
// expected.tsv is the one source: it is compiled in, so that the binary can judge a run wherever it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/bench/workloads/checksum.h"
#include "penstock/core/base/status.h"

namespace penstock::bench {

struct ExpectedResult {
  std::string workload;
  std::uint64_t events = 0;
  RowSum output;
};

// Lines of `workload, events, rows, sum in hexadecimal` with tabs between; empty lines and lines with # are comments.
Result<std::vector<ExpectedResult>> parse_expected(std::string_view tsv);

// All answers that are known.
const std::vector<ExpectedResult>& expected_results();

// Nothing when the answer for this number of events is not known.
std::optional<RowSum> find_expected(std::string_view workload, std::uint64_t events);

}  // namespace penstock::bench
