#include "penstock/state/type_change.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

namespace penstock {
namespace {

using Kind = StateFieldKind;

bool is_integer(Kind kind) noexcept { return kind == Kind::kInt || kind == Kind::kUint; }

// Whether every value of `then` is one of `now`.
bool is_wider(const StateField& then, const StateField& now) noexcept {
  if (then.kind == now.kind) {
    const bool grows =
        is_integer(then.kind) || then.kind == Kind::kFloat || then.kind == Kind::kText;
    return grows && now.bytes > then.bytes;
  }
  if (then.kind == Kind::kUint && now.kind == Kind::kInt) return now.bytes > then.bytes;
  if (is_integer(then.kind) && now.kind == Kind::kFloat) return now.bytes > then.bytes;
  return false;
}

// Whether one is a value and the other a struct or array of values, by their paths.
bool is_within(std::string_view inner, std::string_view outer) noexcept {
  if (inner.starts_with('@') || outer.starts_with('@')) return false;
  if (outer.empty()) return !inner.empty();
  return inner.size() > outer.size() && inner.starts_with(outer) &&
         (inner[outer.size()] == '.' || inner[outer.size()] == '[');
}

constexpr const char* kOrRenameState =
    ": give the state its old type back, or another name, with --allow-dropped-state";

Status refused(const StateField& then, const StateField& now, const std::string& why) {
  if (now.path.empty()) {
    return Status::failed_precondition("is " + then.type_name() + " in the checkpoint and now " +
                                       now.type_name() + ", " + why + kOrRenameState);
  }
  return Status::failed_precondition(
      "has the field '" + now.path + "' as " + then.type_name() + " in the checkpoint and now as " +
      now.type_name() + ", " + why +
      ": give the field its old type back, or another name, which drops its values");
}

std::string why_not(const StateField& then, const StateField& now) {
  if (then.kind == Kind::kOpaque && now.kind == Kind::kOpaque)
    return then.version == now.version ? "and only types with penstock_state_fields may change"
                                       : "which means something else";
  if (then.count != now.count) return "and the length of an array cannot change";
  return "which does not hold all its values";
}

struct Integer {
  std::uint64_t bits;  // Extended by its sign.
  bool negative;
};

Integer read_integer(const char* from, const StateField& field) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, from, field.bytes);
  const unsigned unused = 64 - 8 * field.bytes;
  const bool negative = field.kind == Kind::kInt && ((bits << unused) >> 63) != 0;
  if (negative && unused > 0) bits |= ~std::uint64_t{0} << (64 - unused);
  return {bits, negative};
}

void write_float(double value, char* to, std::uint32_t bytes) noexcept {
  if (bytes == sizeof(double)) {
    std::memcpy(to, &value, sizeof(value));
  } else {
    const auto narrow = static_cast<float>(value);
    std::memcpy(to, &narrow, sizeof(narrow));
  }
}

bool convert_one(const char* from, const StateField& then, char* to,
                 const StateField& now) noexcept {
  static_assert(std::endian::native == std::endian::little, "values lie in snapshots as in memory");
  if (then.kind == now.kind && then.bytes == now.bytes) {
    if (now.bytes > 0) std::memcpy(to, from, now.bytes);
  } else if (then.kind == Kind::kText) {
    const auto length = static_cast<unsigned char>(from[then.bytes - 1]);
    if (length >= then.bytes) return false;
    std::memset(to, 0, now.bytes);
    std::memcpy(to, from, length);
    to[now.bytes - 1] = from[then.bytes - 1];
  } else if (then.kind == Kind::kFloat) {
    float value = 0;
    std::memcpy(&value, from, sizeof(value));
    write_float(static_cast<double>(value), to, now.bytes);
  } else {
    const Integer value = read_integer(from, then);
    if (now.kind == Kind::kFloat) {
      const double exact = value.negative
                               ? static_cast<double>(static_cast<std::int64_t>(value.bits))
                               : static_cast<double>(value.bits);
      write_float(exact, to, now.bytes);
    } else {
      std::memcpy(to, &value.bits, now.bytes);
    }
  }
  return true;
}

std::string list(const char* title, const std::vector<std::string>& entries) {
  std::string text;
  for (const std::string& entry : entries) text += (text.empty() ? title : ", ") + entry;
  return text;
}

}  // namespace

Status TypeChange::keep(const StateField& then, const StateField& now) {
  const bool same = then.same_type(now);
  if (!same && (then.count != now.count || !is_wider(then, now)))
    return refused(then, now, why_not(then, now));
  if (!same)
    widened_.push_back("'" + now.path + "' (" + then.type_name() + " to " + now.type_name() + ")");
  steps_.push_back({then, now});
  return {};
}

Result<TypeChange> TypeChange::between(const StateType& then, const StateType& now) {
  TypeChange change;
  if (then.goes_on_as(now)) return change;
  change.any_ = true;
  for (const StateField& field : now.fields) {
    if (const StateField* old = then.find(field.path)) {
      PENSTOCK_RETURN_IF_ERROR(change.keep(*old, field));
    } else {
      change.added_.push_back("'" + field.path + "' (" + field.type_name() + ")");
    }
  }
  for (const StateField& field : then.fields) {
    for (const StateField& own : now.fields) {
      if (!is_within(field.path, own.path) && !is_within(own.path, field.path)) continue;
      return Status::failed_precondition(
          "is " + then.name() + " in the checkpoint and now " + now.name() + ", where " +
          (field.path.empty() || own.path.empty()
               ? std::string("one has fields and the other none")
               : "'" + field.path + "' does not become '" + own.path + "'") +
          ": give it its old type back, or another name to the state");
    }
    if (now.find(field.path) == nullptr)
      change.removed_.push_back("'" + field.path + "' (" + field.type_name() + ")");
  }
  const bool kept = std::any_of(change.steps_.begin(), change.steps_.end(),
                                [](const Step& step) { return !step.to.path.starts_with('@'); });
  if (!kept && !then.fields.empty()) {
    return Status::failed_precondition("is " + then.name() + " in the checkpoint and now " +
                                       now.name() + ", which have no field in common" +
                                       kOrRenameState);
  }
  return change;
}

std::string TypeChange::to_string() const {
  std::string text;
  for (const std::string& part :
       {list("new ", added_), list("gone ", removed_), list("wider ", widened_)})
    if (!part.empty()) text += (text.empty() ? "" : "; ") + part;
  return text.empty() ? "its fields lie in another order" : text;
}

bool TypeChange::convert(const char* from, char* to) const noexcept {
  for (const Step& step : steps_) {
    for (std::uint32_t i = 0; i < step.to.values(); ++i) {
      const char* source = from + step.from.offset + std::size_t{i} * step.from.stride;
      char* target = to + step.to.offset + std::size_t{i} * step.to.stride;
      if (!convert_one(source, step.from, target, step.to)) return false;
    }
  }
  return true;
}

}  // namespace penstock
