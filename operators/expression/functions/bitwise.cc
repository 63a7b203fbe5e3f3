// & | ^ ~, shifts, counting bits.
#include <bit>
#include <string>

#include "penstock/operators/expression/functions/families.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

Cell bits_and(Call&, const Cell& a, const Cell& b) { return Cell::of_number(a.number & b.number); }
Cell bits_or(Call&, const Cell& a, const Cell& b) { return Cell::of_number(a.number | b.number); }
Cell bits_xor(Call&, const Cell& a, const Cell& b) { return Cell::of_number(a.number ^ b.number); }
Cell bits_not(Call&, const Cell& a) { return Cell::of_number(~a.number); }

// Java takes the distance modulo the width.
template <class T>
Cell left(Call&, const Cell& a, const Cell& b) {
  using U = std::make_unsigned_t<T>;
  return Cell::of_number(
      static_cast<T>(static_cast<U>(a.number) << (static_cast<U>(b.number) & (sizeof(T) * 8 - 1))));
}
template <class T>
Cell right(Call&, const Cell& a, const Cell& b) {
  return Cell::of_number(static_cast<T>(a.number) >>
                         (static_cast<uint64_t>(b.number) & (sizeof(T) * 8 - 1)));
}
template <class T>
Cell right_unsigned(Call&, const Cell& a, const Cell& b) {
  using U = std::make_unsigned_t<T>;
  return Cell::of_number(static_cast<T>(static_cast<U>(a.number) >>
                                        (static_cast<uint64_t>(b.number) & (sizeof(T) * 8 - 1))));
}

Cell count_bits(Call&, const Cell& a) {
  return Cell::of_number(std::popcount(static_cast<uint64_t>(a.number)));
}

Cell get_bit(Call& call, const Cell& a, const Cell& position) {
  if (position.number < 0 || position.number > 63)
    return call.fail("getbit: the position " + std::to_string(position.number) +
                     " is not one of 0 to 63; count from the lowest bit");
  return Cell::of_number(a.number >> position.number & 1);
}

template <Run kRun>
Result<BoundPtr> build_bits(const BuildContext& context, const Arguments& arguments) {
  const DataType& a = arguments[0].value->type;
  const DataType& b = arguments[1].value->type;
  const auto type = common_type(a, b);
  if (!type || !(type->is_integral() || type->is(TypeKind::kNull))) {
    return Status::invalid_argument(std::string(context.function) + " takes whole numbers, not " +
                                    a.to_string() + " and " + b.to_string() +
                                    "; cast them to int or bigint");
  }
  const DataType result = type->is(TypeKind::kNull) ? DataType(TypeKind::kInt) : *type;
  return make_call(context.function, kRun, result,
                   {coerce(arguments[0].value, result, context.settings),
                    coerce(arguments[1].value, result, context.settings)});
}

Result<BoundPtr> build_not(const BuildContext& context, const Arguments& arguments) {
  const BoundPtr& value = arguments[0].value;
  if (!value->type.is_integral())
    return function_error(context, "takes a whole number, not " + value->type.to_string() +
                                       "; cast it to int or bigint");
  return make_call("~", strict<&bits_not>, value->type, {value});
}

const FunctionEntry kFunctions[] = {
    {"&", "a & b", "Bits that both have.", 2, 2, {}, &build_bits<strict<&bits_and>>},
    {"|", "a | b", "Bits that one has.", 2, 2, {}, &build_bits<strict<&bits_or>>},
    {"^", "a ^ b", "Bits that only one has.", 2, 2, {}, &build_bits<strict<&bits_xor>>},
    {"~", "~a", "The other bits.", 1, 1, {}, &build_not},
    {"shiftleft",
     "a << b",
     "Bits moved up.",
     2,
     2,
     {{"int, int > int", strict<&left<int32_t>>},
      {"bigint, int > bigint", strict<&left<int64_t>>}}},
    {"shiftright",
     "a >> b",
     "Bits moved down, the sign stays.",
     2,
     2,
     {{"int, int > int", strict<&right<int32_t>>},
      {"bigint, int > bigint", strict<&right<int64_t>>}}},
    {"shiftrightunsigned",
     "a >>> b",
     "Bits moved down, zeros follow.",
     2,
     2,
     {{"int, int > int", strict<&right_unsigned<int32_t>>},
      {"bigint, int > bigint", strict<&right_unsigned<int64_t>>}}},
    {"bit_count",
     "bit_count(a)",
     "How many bits are 1.",
     1,
     1,
     {{"boolean > int", strict<&count_bits>}, {"bigint > int", strict<&count_bits>}}},
    {"getbit bit_get",
     "getbit(a, position)",
     "The bit at a position, 0 being the lowest.",
     2,
     2,
     {{"bigint, int > tinyint", strict<&get_bit>}}},
};

}  // namespace

std::span<const FunctionEntry> bitwise_functions() { return kFunctions; }

}  // namespace penstock::expression
