// Runs conformance cases:           penstock_conformance [--known FILE] FILE...
// Prints the page of functions:     penstock_conformance --functions
// Evaluates lines of expressions:   penstock_conformance --evaluate SCHEMA ROWS.ndjson < EXPRESSIONS
#include <iostream>
#include <string_view>

#include "penstock/operators/expression/function_table.h"
#include "penstock/tools/conformance_runner/evaluate.h"
#include "penstock/tools/conformance_runner/runner.h"

namespace {

using penstock::conformance::Counts;
using penstock::conformance::KnownDifferences;

constexpr int kUsageError = 2;

int complain(const penstock::Status& status) {
  std::cerr << status.to_string() << "\n";
  return kUsageError;
}

int run_cases(int argc, char** argv) {
  Counts counts;
  KnownDifferences known;
  int first = 1;
  if (std::string_view(argv[1]) == "--known" && argc > 3) {
    auto read = penstock::conformance::read_known(argv[2]);
    if (!read.ok()) return complain(read.status());
    known = *read;
    first = 3;
  }
  for (int i = first; i < argc; ++i) {
    const penstock::Status status =
        penstock::conformance::run_file(argv[i], known, std::cout, counts);
    if (!status.ok()) return complain(status);
  }
  std::cout << counts.passed << " passed, " << counts.failed << " failed, " << counts.skipped
            << " skipped\n";
  return counts.failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc < 2 ? "" : argv[1];
  if (argc < 2 || (command == "--evaluate" && argc != 4)) {
    std::cerr
        << "usage: conformance [--known FILE] FILE... | --functions | --evaluate SCHEMA ROWS\n";
    return kUsageError;
  }
  if (command == "--functions") {
    std::cout << penstock::expression::functions_page();
    return 0;
  }
  if (command != "--evaluate") return run_cases(argc, argv);
  std::ios::sync_with_stdio(false);
  const penstock::Status status =
      penstock::conformance::evaluate_lines(argv[2], argv[3], {}, std::cin, std::cout);
  return status.ok() ? 0 : complain(status);
}
