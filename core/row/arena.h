// core/row/arena.h -- bump memory for what one evaluation makes: texts, arrays, rows.
//
// Ownership   What it gives lives until reset(), which keeps the memory.
// Cost        A few instructions per piece. It grows when one evaluation needs more than any before; the next reset()
//             then joins the pieces into one, so a steady state allocates nothing.
// Threads     One at a time.
// Errors      Memory that the system refuses ends the process; bound what texts of strangers can ask for with
//             kValueBytesMax before asking.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

#include "penstock/core/row/cell.h"

namespace penstock {

// No single value may be longer.
inline constexpr std::size_t kValueBytesMax = std::size_t{256} << 20;

class Arena {
 public:
  static constexpr std::size_t kAlignment = 8;
  static constexpr std::size_t kFirstBlockBytes = 4096;

  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  Arena(Arena&&) = default;
  Arena& operator=(Arena&&) = default;

  // Aligned to 8 bytes, not initialised.
  char* allocate(std::size_t bytes) noexcept {
    const std::size_t rounded = (bytes + kAlignment - 1) & ~(kAlignment - 1);
    if (rounded > static_cast<std::size_t>(end_ - at_)) grow(rounded);
    char* piece = at_;
    at_ += rounded;
    return piece;
  }

  // The same where there is room without growing, nullptr elsewhere.
  char* allocate_if_room(std::size_t bytes) noexcept {
    const std::size_t rounded = (bytes + kAlignment - 1) & ~(kAlignment - 1);
    if (rounded > static_cast<std::size_t>(end_ - at_)) return nullptr;
    char* piece = at_;
    at_ += rounded;
    return piece;
  }

  template <class T>
    requires(std::is_trivially_copyable_v<T> && alignof(T) <= kAlignment)
  T* allocate_array(std::size_t count) noexcept {
    return reinterpret_cast<T*>(allocate(count * sizeof(T)));
  }

  std::string_view copy(std::string_view bytes) noexcept {
    char* to = allocate(bytes.size());
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    return {to, bytes.size()};
  }

  Cell copy_cell(std::string_view bytes) noexcept { return Cell::of_bytes(copy(bytes)); }

  template <class T>
    requires std::is_trivially_copyable_v<T>
  Cell copy_value(const T& value) noexcept {
    return copy_cell({reinterpret_cast<const char*>(&value), sizeof value});
  }

  // For text whose length is known only when it is written: reserve the most it can be, write, commit what it became.
  // Nothing else may be taken in between.
  char* reserve(std::size_t bytes_max) noexcept {
    if (bytes_max + kAlignment > static_cast<std::size_t>(end_ - at_)) grow(bytes_max + kAlignment);
    return at_;
  }
  std::string_view commit(std::size_t bytes) noexcept {
    char* piece = allocate(bytes);
    return {piece, bytes};
  }

  void reset() noexcept {
    if (blocks_.size() > 1) join();
    at_ = begin_;
  }

  std::size_t capacity_bytes() const noexcept { return capacity_bytes_; }

 private:
  void grow(std::size_t bytes) noexcept;
  void join() noexcept;
  void add_block(std::size_t bytes) noexcept;

  char* begin_ = nullptr;  // Of the newest block.
  char* at_ = nullptr;
  char* end_ = nullptr;
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t capacity_bytes_ = 0;
};

}  // namespace penstock
