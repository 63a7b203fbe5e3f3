#include "penstock/tools/penstock/url_parameters.h"

#include <charconv>

namespace penstock::tools {

std::optional<std::string> UrlParameters::text(const std::string& name) {
  known_ += (known_.empty() ? "" : ", ") + name;
  const auto found = left_.find(name);
  if (found == left_.end()) return std::nullopt;
  std::string value = std::move(found->second);
  left_.erase(found);
  return value;
}

void UrlParameters::fail(const std::string& name, const std::string& value,
                         const std::string& wanted) {
  if (!status_.ok()) return;
  status_ = Status::invalid_argument(option_ + ": parameter " + name + " is \"" + value +
                                     "\", not " + wanted);
}

Status UrlParameters::end() const {
  if (!status_.ok() || left_.empty()) return status_;
  return Status::invalid_argument(option_ + ": " + owner_ + " has no parameter \"" +
                                  left_.begin()->first + "\": it has " + known_);
}

std::optional<std::uint32_t> UrlParameters::whole_number(std::string_view text) noexcept {
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return count;
}

}  // namespace penstock::tools
