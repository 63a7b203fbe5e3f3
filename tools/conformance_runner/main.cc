// Runs conformance cases: penstock_conformance [--known FILE] FILE...   or prints the page of functions: --functions.
#include <iostream>
#include <string_view>

#include "penstock/operators/expression/function_table.h"
#include "penstock/tools/conformance_runner/runner.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: conformance [--known FILE] FILE... | --functions\n";
    return 2;
  }
  if (std::string_view(argv[1]) == "--functions") {
    std::cout << penstock::expression::functions_page();
    return 0;
  }
  penstock::conformance::Counts counts;
  penstock::conformance::KnownDifferences known;
  int first = 1;
  if (std::string_view(argv[1]) == "--known" && argc > 3) {
    auto read = penstock::conformance::read_known(argv[2]);
    if (!read.ok()) {
      std::cerr << read.status().to_string() << "\n";
      return 2;
    }
    known = *read;
    first = 3;
  }
  for (int i = first; i < argc; ++i) {
    const penstock::Status status =
        penstock::conformance::run_file(argv[i], known, std::cout, counts);
    if (status.ok()) continue;
    std::cerr << status.to_string() << "\n";
    return 2;
  }
  std::cout << counts.passed << " passed, " << counts.failed << " failed, " << counts.skipped
            << " skipped\n";
  return counts.failed == 0 ? 0 : 1;
}
