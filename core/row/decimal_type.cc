#include <algorithm>

#include "penstock/core/row/decimal128.h"

namespace penstock {

namespace {

constexpr int kMax = DataType::kPrecisionMax;
constexpr int kScaleKeptMin =
    6;  // Digits of the fraction that are kept when the whole ones leave no room.

}  // namespace

DataType bounded_decimal(int precision, int scale) noexcept {
  return DataType::decimal(std::clamp(precision, 1, kMax), std::min(scale, kMax));
}

DataType adjusted_decimal(int precision, int scale) noexcept {
  if (precision <= kMax) return DataType::decimal(std::max(precision, 1), scale);
  const int whole = precision - scale;
  return DataType::decimal(kMax, std::max(kMax - whole, std::min(scale, kScaleKeptMin)));
}

DataType decimal_sum_type(const DataType& a, const DataType& b) noexcept {
  const int scale = std::max(a.scale(), b.scale());
  const int whole = std::max(a.precision() - a.scale(), b.precision() - b.scale());
  return adjusted_decimal(whole + scale + 1, scale);
}

DataType decimal_product_type(const DataType& a, const DataType& b) noexcept {
  return adjusted_decimal(a.precision() + b.precision() + 1, a.scale() + b.scale());
}

DataType decimal_quotient_type(const DataType& a, const DataType& b) noexcept {
  const int scale = std::max(kScaleKeptMin, a.scale() + b.precision() + 1);
  return adjusted_decimal(a.precision() - a.scale() + b.scale() + scale, scale);
}

DataType decimal_remainder_type(const DataType& a, const DataType& b) noexcept {
  const int scale = std::max(a.scale(), b.scale());
  const int whole = std::min(a.precision() - a.scale(), b.precision() - b.scale());
  return adjusted_decimal(whole + scale, scale);
}

DataType decimal_integral_quotient_type(const DataType& a, const DataType& b) noexcept {
  return bounded_decimal(a.precision() - a.scale() + b.scale(), 0);
}

DataType decimal_common_type(const DataType& a, const DataType& b) noexcept {
  const int scale = std::max(a.scale(), b.scale());
  const int precision = std::max(a.precision() - a.scale(), b.precision() - b.scale()) + scale;
  if (precision <= kMax) return DataType::decimal(precision, scale);
  return DataType::decimal(kMax, std::max(0, scale - (precision - kMax)));
}

DataType decimal_of_number(const DataType& number) noexcept {
  switch (number.kind()) {
    case TypeKind::kByte:
      return DataType::decimal(3, 0);
    case TypeKind::kShort:
      return DataType::decimal(5, 0);
    case TypeKind::kInt:
      return DataType::decimal(10, 0);
    case TypeKind::kLong:
      return DataType::decimal(20, 0);
    case TypeKind::kFloat:
      return DataType::decimal(14, 7);
    case TypeKind::kDouble:
      return DataType::decimal(30, 15);
    default:
      return number;
  }
}

}  // namespace penstock
