// tools/conformance_runner/runner.h -- runs files of conformance cases and says what differs.
//
// A case of expressions has `expr`, typed `columns` and `result_type` with `result`, `rows` or `error`.
// Cases of streams
// are counted as skipped.
#pragma once

#include <iosfwd>
#include <map>
#include <string>

#include "penstock/core/base/status.h"

namespace penstock::conformance {

struct Counts {
  size_t passed = 0;
  size_t failed = 0;
  size_t skipped = 0;
};

// Differences that are known, by the id of the case, with their reasons. Each line of the file: ID REASON.
using KnownDifferences = std::map<std::string, std::string>;
Result<KnownDifferences> read_known(const std::string& path);

// Prints each difference and each skipped case with its reason. A known difference counts as skipped; one that is none
// any more fails, so that the list stays true.
Status run_file(const std::string& path, const KnownDifferences& known, std::ostream& out,
                Counts& counts);

}  // namespace penstock::conformance
