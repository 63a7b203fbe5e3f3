// Any bytes as two types of state and a value of the first: no crash, no read or write outside of either value, and
// what is read is written as it was.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/bytes.h"
#include "penstock/core/base/check.h"
#include "penstock/state/state_type.h"
#include "penstock/state/type_change.h"

namespace penstock {
namespace {

constexpr std::size_t kTypeMax = std::size_t{1} << 20;

void check(std::string_view bytes) {
  ByteCursor from(bytes);
  std::string_view first;
  std::string_view second;
  if (!from.framed(first, kTypeMax) || !from.framed(second, kTypeMax)) return;
  StateType then;
  StateType now;
  if (!StateType::decode(first, then) || !StateType::decode(second, now)) return;
  PENSTOCK_CHECK(then.encode() == first);
  PENSTOCK_CHECK(then.goes_on_as(then));
  const Result<TypeChange> change = TypeChange::between(then, now);
  if (!change.ok()) {
    PENSTOCK_CHECK(!change.status().message().empty());
    return;
  }
  if (!change->any()) return;
  // Of the very sizes, so that a sanitizer sees a byte beyond.
  std::vector<char> value(then.bytes);
  const std::string_view rest = bytes.substr(bytes.size() - from.remaining());
  if (!rest.empty() && !value.empty())
    std::memcpy(value.data(), rest.data(), std::min(rest.size(), value.size()));
  std::vector<char> converted(now.bytes);
  static_cast<void>(change->convert(value.data(), converted.data()));
  PENSTOCK_CHECK(!change->to_string().empty());
}

}  // namespace
}  // namespace penstock

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  penstock::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
