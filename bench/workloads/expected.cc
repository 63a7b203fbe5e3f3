#include "penstock/bench/workloads/expected.h"

#include <algorithm>
#include <charconv>

namespace penstock::bench {

namespace internal {
extern const char* const kExpectedTsv;  // Generated from expected.tsv by the build.
}  // namespace internal

namespace {

// Cuts off and returns what comes before `separator`; all of it when that is not there.
std::string_view take_until(std::string_view& text, char separator) {
  const std::string_view taken = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(text.size(), taken.size() + 1));
  return taken;
}

bool parse_number(std::string_view text, int base, std::uint64_t& number) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  return error == std::errc() && stop == end;
}

bool parse_line(std::string_view line, ExpectedResult& result) {
  result.workload = take_until(line, '\t');
  return !result.workload.empty() && parse_number(take_until(line, '\t'), 10, result.events) &&
         parse_number(take_until(line, '\t'), 10, result.output.rows) &&
         parse_number(line, 16, result.output.sum);
}

}  // namespace

Result<std::vector<ExpectedResult>> parse_expected(std::string_view tsv) {
  std::vector<ExpectedResult> results;
  while (!tsv.empty()) {
    const std::string_view line = take_until(tsv, '\n');
    if (line.empty() || line.front() == '#') continue;
    if (!parse_line(line, results.emplace_back())) {
      return Status::invalid_argument("expected results: line '" + std::string(line) +
                                      "' is not: workload, events, rows, sum in hexadecimal");
    }
  }
  return results;
}

const std::vector<ExpectedResult>& expected_results() {
  static const std::vector<ExpectedResult> kResults =
      parse_expected(internal::kExpectedTsv).value();
  return kResults;
}

std::optional<RowSum> find_expected(std::string_view workload, std::uint64_t events) {
  for (const ExpectedResult& result : expected_results()) {
    if (result.workload == workload && result.events == events) return result.output;
  }
  return std::nullopt;
}

}  // namespace penstock::bench
