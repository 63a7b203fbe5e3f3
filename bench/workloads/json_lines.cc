#include "penstock/bench/workloads/json_lines.h"

#include "penstock/core/stream/source.h"

namespace penstock::bench {
namespace {

constexpr std::size_t kLineBytes = 200;

}  // namespace

JsonLines::JsonLines(std::uint64_t lines) {
  buffer_.reserve(lines * (kLineBytes + 8) + kRawPaddingBytes);
  line_starts_.reserve(lines + 1);
  line_starts_.push_back(0);
}

void JsonLines::end_line() {
  buffer_ += '\n';
  line_starts_.push_back(buffer_.size());
}

void JsonLines::add_padding() { buffer_.append(kRawPaddingBytes, '\0'); }

void fill_json_line(std::string& to, std::size_t start) {
  to += R"(,"extra":")";
  constexpr std::string_view kTail = R"("})";
  const std::size_t bytes = to.size() - start + kTail.size();
  if (bytes < kLineBytes) to.append(kLineBytes - bytes, 'x');
  to += kTail;
}

}  // namespace penstock::bench
