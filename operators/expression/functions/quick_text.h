// operators/expression/functions/quick_text.h -- short ways of text functions, for what is common (instruction.h).
//
// Cost        No call, so that an instruction saves nothing around one; false leaves the rest to the function itself.
// Ownership   What is made is in the arena, if there is room without growing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

#include "penstock/operators/expression/functions/small_bytes.h"
#include "penstock/operators/expression/functions/utf8.h"
#include "penstock/operators/expression/instruction.h"

namespace penstock::expression {

// Texts of a word and more.
template <unsigned char kFirst>
[[gnu::always_inline]] inline bool quick_case(Call& call, const Cell& a, Cell& out) {
  if (a.size < 8 || !is_quickly_ascii(a.bytes(), a.size)) return false;
  char* to = call.arena().allocate_if_room(a.size);
  if (to == nullptr) return false;
  const size_t last = a.size - 8;
  for (size_t i = 0;; i = std::min(i + 8, last)) {
    const uint64_t word = other_case<kFirst>(internal::load_word<uint64_t>(a.data + i));
    std::memcpy(to + i, &word, sizeof word);
    if (i == last) break;
  }
  out = Cell::of_bytes({to, a.size});
  return true;
}

template <auto kAppend>
Cell in_case_of_unicode(Arena& arena, const Cell& a) {
  ArenaText out(arena, a.size + 8);
  kAppend(a.bytes(), out);
  return out.cell();
}

// Characters whose places are constants.
struct Places {
  int64_t from = 0;
  int64_t until = 0;
};
[[gnu::always_inline]] inline bool quick_substring(Call& call, const Cell& a, Cell& out) {
  const auto& places = *call.prepared<Places>();
  const auto size = static_cast<int64_t>(a.size);
  const int64_t from = std::min(places.from, size);
  const int64_t until = std::min(places.until, size);
  // Up to the end only what stands before it matters.
  const int64_t seen = places.until >= size ? from : until;
  if (until < from || !is_quickly_ascii(a.bytes(), static_cast<size_t>(seen))) return false;
  out = Cell::of_bytes({a.data + from, static_cast<size_t>(until - from)});
  return true;
}

// Short texts for which there is room.
[[gnu::always_inline]] inline bool quick_concat(Call& call, Cell& out) {
  using From = TextPart::Place;
  const std::span<const TextPart> parts = call.parts();
  size_t size = 0;
  size_t bits = 0;  // Of all sizes; that of a null is too large.
  for (const TextPart& part : parts) {
    size_t one = part.size;
    if (part.place == From::kRegister) {
      const Cell& cell = call.register_cell(part);
      one = cell.null ? kShortBytes : cell.size;
    } else if (part.place == From::kColumn) {
      one = call.column_text(part).size();
    }
    size += one;
    bits |= one;
  }
  if (bits >= kShortBytes) return false;
  char* to = call.arena().allocate_if_room(size + TextPart::kConstantBytesMax);
  if (to == nullptr) return false;
  char* at = to;
  for (const TextPart& part : parts) {
    if (part.place == From::kConstant) {
      std::memcpy(at, &part.constant, sizeof part.constant);
      at += part.size;
    } else if (part.place == From::kColumn) {
      at = copy_short_bytes(at, call.column_text(part));
    } else {
      at = copy_short_bytes(at, call.register_cell(part).bytes());
    }
  }
  out = Cell::of_bytes({to, size});
  return true;
}

}  // namespace penstock::expression
