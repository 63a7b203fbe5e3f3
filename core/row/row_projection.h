// core/row/row_projection.h -- which columns a reader of rows decodes. The others are null in its rows, and what stands
// there in a record is only passed over: it need not be a value of the column's type.
//
// Threads     Immutable while records are read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace penstock {

class RowProjection {
 public:
  RowProjection() = default;  // All columns.
  explicit RowProjection(const std::vector<bool>& wanted) {
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (wanted[i]) end_ = i + 1;
      is_all_ = is_all_ && wanted[i];
    }
    if (!is_all_) wanted_.assign(wanted.begin(), wanted.end());
  }

  bool is_all() const noexcept { return is_all_; }
  bool wants(std::size_t column) const noexcept { return is_all_ || wanted_[column] != 0; }
  // From this column on none is wanted. REQUIRES: !is_all().
  std::size_t end() const noexcept { return end_; }

 private:
  bool is_all_ = true;
  std::vector<std::uint8_t> wanted_;
  std::size_t end_ = 0;
};

}  // namespace penstock
