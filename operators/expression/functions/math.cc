// Functions of doubles, and what counts: factorial, buckets.
#include <math.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "penstock/operators/expression/functions/families.h"
#include "penstock/operators/expression/functions/rounding.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

using Real = double (*)(double);

template <Real kFunction>
Cell real(Call&, const Cell& a) {
  return Cell::of_real(kFunction(a.real));
}
// Of a logarithm: null at and below the bound.
template <Real kFunction, int kBound>
Cell above(Call&, const Cell& a) {
  return a.real <= kBound ? Cell::of_null() : Cell::of_real(kFunction(a.real));
}

double cotangent(double a) { return 1 / std::tan(a); }
double secant(double a) { return 1 / std::cos(a); }
double cosecant(double a) { return 1 / std::sin(a); }
double to_degrees(double a) { return a * (180 / std::numbers::pi); }
double to_radians(double a) { return a / (180 / std::numbers::pi); }
double sign_of(double a) { return a > 0 ? 1.0 : a < 0 ? -1.0 : a; }

Cell power(Call&, const Cell& a, const Cell& b) {
  if (std::isnan(b.real) || (std::fabs(a.real) == 1 && std::isinf(b.real)))
    return Cell::of_real(std::nan(""));  // As Java's pow.
  return Cell::of_real(std::pow(a.real, b.real));
}
Cell arc_tangent(Call&, const Cell& a, const Cell& b) {
  return Cell::of_real(std::atan2(a.real + 0.0, b.real + 0.0));
}
Cell hypotenuse(Call&, const Cell& a, const Cell& b) {
  return Cell::of_real(std::hypot(a.real, b.real));
}
Cell logarithm(Call&, const Cell& base, const Cell& a) {
  if (a.real <= 0 || base.real <= 0) return Cell::of_null();
  return Cell::of_real(std::log(a.real) / std::log(base.real));
}

Cell factorial(Call&, const Cell& n) {
  if (n.number < 0 || n.number > 20) return Cell::of_null();
  int64_t product = 1;
  for (int64_t i = 2; i <= n.number; ++i) product *= i;
  return Cell::of_number(product);
}

Cell euler(Call&) { return Cell::of_real(std::numbers::e); }
Cell pi(Call&) { return Cell::of_real(std::numbers::pi); }

Cell width_bucket(Call&, const Cell& value, const Cell& low, const Cell& high, const Cell& count) {
  const double v = value.real;
  const double a = low.real;
  const double b = high.real;
  if (count.number <= 0 || count.number == std::numeric_limits<int64_t>::max() || std::isnan(v) ||
      !std::isfinite(a) || !std::isfinite(b) || a == b)
    return Cell::of_null();
  const bool up = a < b;
  if (up ? v < a : v > a) return Cell::of_number(0);
  if (up ? v >= b : v <= b) return Cell::of_number(count.number + 1);
  const double share = up ? (v - a) / (b - a) : (a - v) / (a - b);
  return Cell::of_number(static_cast<int64_t>(static_cast<double>(count.number) * share) + 1);
}

const FunctionEntry kFunctions[] = {
    {"round", "round(a[, digits])", "Rounded, a half away from zero.", 1, 2, {}, &build_round},
    {"bround",
     "bround(a[, digits])",
     "Rounded, a half to the even digit.",
     1,
     2,
     {},
     &build_round_even},
    {"floor", "floor(a[, digits])", "Rounded down.", 1, 2, {}, &build_floor},
    {"ceil ceiling", "ceil(a[, digits])", "Rounded up.", 1, 2, {}, &build_ceil},
    {"rint",
     "rint(a)",
     "The nearest whole double, a half to the even one.",
     1,
     1,
     {{"double > double", strict<&real<&::rint>>}}},
    {"sqrt",
     "sqrt(a)",
     "Square root; NaN of negative numbers.",
     1,
     1,
     {{"double > double", strict<&real<&::sqrt>>}}},
    {"cbrt", "cbrt(a)", "Cube root.", 1, 1, {{"double > double", strict<&real<&::cbrt>>}}},
    {"exp", "exp(a)", "e to the power of a.", 1, 1, {{"double > double", strict<&real<&::exp>>}}},
    {"expm1",
     "expm1(a)",
     "exp(a) - 1, exact near 0.",
     1,
     1,
     {{"double > double", strict<&real<&::expm1>>}}},
    {"ln",
     "ln(a)",
     "Natural logarithm; null of 0 and less.",
     1,
     1,
     {{"double > double", strict<&above<&::log, 0>>}}},
    {"log",
     "log([base, ]a)",
     "Logarithm, natural without a base; null of 0 and less.",
     1,
     2,
     {{"double > double", strict<&above<&::log, 0>>},
      {"double, double > double", strict<&logarithm>}}},
    {"log10",
     "log10(a)",
     "Decimal logarithm; null of 0 and less.",
     1,
     1,
     {{"double > double", strict<&above<&::log10, 0>>}}},
    {"log2",
     "log2(a)",
     "Binary logarithm; null of 0 and less.",
     1,
     1,
     {{"double > double", strict<&above<&::log2, 0>>}}},
    {"log1p",
     "log1p(a)",
     "ln(1 + a), exact near 0; null of -1 and less.",
     1,
     1,
     {{"double > double", strict<&above<&::log1p, -1>>}}},
    {"power pow",
     "power(a, b)",
     "a to the power of b.",
     2,
     2,
     {{"double, double > double", strict<&power>}}},
    {"hypot",
     "hypot(a, b)",
     "sqrt(a * a + b * b).",
     2,
     2,
     {{"double, double > double", strict<&hypotenuse>}}},
    {"sign signum", "sign(a)", "-1, 0 or 1.", 1, 1, {{"double > double", strict<&real<&sign_of>>}}},
    {"sin", "sin(a)", "Sine.", 1, 1, {{"double > double", strict<&real<&::sin>>}}},
    {"cos", "cos(a)", "Cosine.", 1, 1, {{"double > double", strict<&real<&::cos>>}}},
    {"tan", "tan(a)", "Tangent.", 1, 1, {{"double > double", strict<&real<&::tan>>}}},
    {"cot", "cot(a)", "Cotangent.", 1, 1, {{"double > double", strict<&real<&cotangent>>}}},
    {"sec", "sec(a)", "Secant.", 1, 1, {{"double > double", strict<&real<&secant>>}}},
    {"csc", "csc(a)", "Cosecant.", 1, 1, {{"double > double", strict<&real<&cosecant>>}}},
    {"asin", "asin(a)", "Inverse sine.", 1, 1, {{"double > double", strict<&real<&::asin>>}}},
    {"acos", "acos(a)", "Inverse cosine.", 1, 1, {{"double > double", strict<&real<&::acos>>}}},
    {"atan", "atan(a)", "Inverse tangent.", 1, 1, {{"double > double", strict<&real<&::atan>>}}},
    {"atan2",
     "atan2(y, x)",
     "The angle of the point (x, y).",
     2,
     2,
     {{"double, double > double", strict<&arc_tangent>}}},
    {"sinh", "sinh(a)", "Hyperbolic sine.", 1, 1, {{"double > double", strict<&real<&::sinh>>}}},
    {"cosh", "cosh(a)", "Hyperbolic cosine.", 1, 1, {{"double > double", strict<&real<&::cosh>>}}},
    {"tanh", "tanh(a)", "Hyperbolic tangent.", 1, 1, {{"double > double", strict<&real<&::tanh>>}}},
    {"asinh",
     "asinh(a)",
     "Inverse hyperbolic sine.",
     1,
     1,
     {{"double > double", strict<&real<&::asinh>>}}},
    {"acosh",
     "acosh(a)",
     "Inverse hyperbolic cosine.",
     1,
     1,
     {{"double > double", strict<&real<&::acosh>>}}},
    {"atanh",
     "atanh(a)",
     "Inverse hyperbolic tangent.",
     1,
     1,
     {{"double > double", strict<&real<&::atanh>>}}},
    {"degrees",
     "degrees(a)",
     "Radians as degrees.",
     1,
     1,
     {{"double > double", strict<&real<&to_degrees>>}}},
    {"radians",
     "radians(a)",
     "Degrees as radians.",
     1,
     1,
     {{"double > double", strict<&real<&to_radians>>}}},
    {"e", "e()", "Euler's number.", 0, 0, {{"> double", lenient<&euler>}}},
    {"pi",
     "pi()",
     "Half the circumference of the unit circle.",
     0,
     0,
     {{"> double", lenient<&pi>}}},
    {"factorial",
     "factorial(n)",
     "n!; null outside of 0 to 20.",
     1,
     1,
     {{"int > bigint", strict<&factorial>}}},
    {"width_bucket",
     "width_bucket(a, low, high, count)",
     "The number of the bucket of a histogram, 0 and count + 1 outside.",
     4,
     4,
     {{"double, double, double, bigint > bigint", strict<&width_bucket>}}},
};

}  // namespace

std::span<const FunctionEntry> math_functions() { return kFunctions; }

}  // namespace penstock::expression
