// state/state_fields.h -- how a type that is kept in keyed state names its members, so that it may change later.
//
// Write next to the type, in its namespace, all of its members:
//
//     constexpr auto penstock_state_fields(penstock::Tag<Usual>) {
//       using penstock::state_field;
//       return penstock::state_fields(state_field("count", &Usual::count), state_field("mean", &Usual::mean));
//     }
//
// A job then goes on from a checkpoint that another version of the type is in: docs/state.md. Names are those of the
// checkpoint: a member may be renamed, its field not.
// Described  bool, integers, enums, float, double, InlineString, EventTime, types with a penstock_state_fields of their
//            own, and arrays of these that are not in another array.
// Opaque     Everything else. Such bytes go on where their size and version are the same; count the version up when
//            meaning changes:
//            constexpr std::uint32_t penstock_state_version(penstock::Tag<Moments>) { return 1; }
// Threads    state_type_of() is called while operators open.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "penstock/core/base/inline_string.h"
#include "penstock/core/base/tag.h"
#include "penstock/core/base/time.h"
#include "penstock/state/state_type.h"
#include "penstock/state/ttl.h"

namespace penstock {

template <class Owner, class Member>
struct NamedMember {
  std::string_view name;
  Member Owner::*member;
};

// `name`: letters, digits and '_'.
template <class Owner, class Member>
constexpr NamedMember<Owner, Member> state_field(std::string_view name, Member Owner::*member) {
  return {name, member};
}
template <class... Fields>
constexpr std::tuple<Fields...> state_fields(Fields... fields) {
  return {fields...};
}

// A type with a penstock_state_fields of its own.
template <class T>
concept HasStateFields = requires { penstock_state_fields(Tag<T>{}); };
template <class T>
concept HasStateVersion = requires {
  { penstock_state_version(Tag<T>{}) } -> std::convertible_to<std::uint32_t>;
};

namespace internal {

constexpr bool is_field_name(std::string_view name) {
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '_') return false;
  }
  return !name.empty() && name.size() <= 64;
}
template <class... Fields>
constexpr bool are_field_names(const std::tuple<Fields...>& fields) {
  return std::apply(
      [](const auto&... field) {
        const std::array<std::string_view, sizeof...(Fields)> names{field.name...};
        for (std::size_t i = 0; i < names.size(); ++i) {
          if (!is_field_name(names[i])) return false;
          for (std::size_t j = 0; j < i; ++j)
            if (names[i] == names[j]) return false;
        }
        return true;
      },
      fields);
}

template <class T>
inline constexpr bool kIsText = false;
template <std::size_t N>
inline constexpr bool kIsText<InlineString<N>> = true;
template <class T>
struct ArrayOf {
  static constexpr std::uint32_t kCount = 0;
};
template <class E, std::size_t N>
struct ArrayOf<std::array<E, N>> {
  using Element = E;
  static constexpr std::uint32_t kCount = N;
};
template <class E, std::size_t N>
struct ArrayOf<E[N]> : ArrayOf<std::array<E, N>> {};
template <class T>
inline constexpr bool kIsExpiringCell = false;
template <class T>
inline constexpr bool kIsExpiringCell<ExpiringCell<T>> = true;

// What describe() makes of the members of one struct.
struct MemberPlace {
  std::size_t offset;
  std::size_t bytes;
  std::size_t alignment;
};
// Whether bytes between or behind the members are too many to be padding.
bool leaves_members_out(std::vector<MemberPlace> members, std::size_t bytes, std::size_t alignment);

template <class T>
StateField leaf_of() {
  StateField field{.path = {}, .bytes = static_cast<std::uint32_t>(sizeof(T))};
  using Kind = StateFieldKind;
  if constexpr (std::is_enum_v<T>) {
    field = leaf_of<std::underlying_type_t<T>>();
  } else if constexpr (std::same_as<T, bool>) {
    field.kind = Kind::kBool;
  } else if constexpr (std::integral<T> && sizeof(T) <= 8) {
    field.kind = std::is_signed_v<T> ? Kind::kInt : Kind::kUint;
  } else if constexpr (std::same_as<T, float> || std::same_as<T, double>) {
    field.kind = Kind::kFloat;
  } else if constexpr (std::same_as<T, EventTime>) {
    field.kind = Kind::kTime;
  } else if constexpr (kIsText<T>) {
    field.kind = Kind::kText;
  } else if constexpr (HasStateVersion<T>) {
    field.version = penstock_state_version(Tag<T>{});
  }
  return field;
}

template <class T>
void describe(StateType& type, const std::string& path, std::size_t offset, const T& sample);

template <class T>
void describe_members(StateType& type, const std::string& path, std::size_t offset,
                      const T& sample) {
  constexpr auto kFields = penstock_state_fields(Tag<T>{});
  static_assert(are_field_names(kFields),
                "state fields: names consist of at most 64 letters, digits and '_', and no two are "
                "the same");
  std::vector<MemberPlace> places;
  const auto* begin = reinterpret_cast<const char*>(std::addressof(sample));
  const auto visit = [&](const auto& field) {
    const auto& member = sample.*(field.member);
    using Member = std::remove_cvref_t<decltype(member)>;
    const auto at =
        static_cast<std::size_t>(reinterpret_cast<const char*>(std::addressof(member)) - begin);
    places.push_back({at, sizeof(Member), alignof(Member)});
    describe(type, path + (path.empty() ? "" : ".") + std::string(field.name), offset + at, member);
  };
  std::apply([&](const auto&... field) { (visit(field), ...); }, kFields);
  if (!std::is_empty_v<T> && leaves_members_out(std::move(places), sizeof(T), alignof(T))) {
    type.problem = "penstock_state_fields names not all members of " +
                   (path.empty() ? std::string("the type") : "'" + path + "'") +
                   ", and what it leaves out would be lost";
  }
}

// The fields of one element, for all of them. False: there is an array in it.
template <class Array, class T>
bool describe_array(StateType& type, const std::string& path, std::size_t offset, const T& sample) {
  using Element = typename ArrayOf<Array>::Element;
  const std::size_t first = type.fields.size();
  describe<Element>(type, path + "[]", offset, sample[0]);
  for (std::size_t i = first; i < type.fields.size(); ++i) {
    StateField& field = type.fields[i];
    if (field.count != 0) {
      type.fields.resize(first);
      return false;
    }
    field.count = ArrayOf<Array>::kCount;
    field.stride = sizeof(Element);
  }
  return true;
}

template <class T>
void describe(StateType& type, const std::string& path, std::size_t offset, const T& sample) {
  if constexpr (kIsExpiringCell<T>) {
    type.fields.push_back({.path = path + "@used", .kind = StateFieldKind::kTime, .bytes = 8});
    const auto at =
        static_cast<std::size_t>(reinterpret_cast<const char*>(std::addressof(sample.value)) -
                                 reinterpret_cast<const char*>(std::addressof(sample)));
    describe(type, path, offset + at, sample.value);
  } else if constexpr (HasStateFields<T>) {
    describe_members(type, path, offset, sample);
  } else {
    if constexpr (ArrayOf<T>::kCount > 0) {
      if (describe_array<T>(type, path, offset, sample)) return;
    }
    StateField field = leaf_of<T>();
    field.path = path;
    field.offset = static_cast<std::uint32_t>(offset);
    type.fields.push_back(std::move(field));
  }
}

// A fresh value of the type: what fields have that a checkpoint does not know.
template <class T>
const T& default_state() noexcept {
  static const T kDefault{};
  return kDefault;
}

}  // namespace internal

template <class T>
StateType state_type_of() {
  if constexpr (std::is_default_constructible_v<T>) {
    StateType type{static_cast<std::uint32_t>(sizeof(T)), {}};
    internal::describe(type, "", 0, internal::default_state<T>());
    return type;
  } else {
    return StateType::opaque(sizeof(T), internal::leaf_of<T>().version);
  }
}

}  // namespace penstock
