// Digests of bytes, and the hashes that Spark computes of values.
#include <openssl/evp.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "penstock/operators/expression/functions/families.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

// Reads a number of the machine, which is little-endian.
template <class T>
T load(const char* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

struct Murmur3 {
  using Hash = uint32_t;
  static uint32_t mix_key(uint32_t key) noexcept {
    return std::rotl(key * 0xCC9E2D51U, 15) * 0x1B873593U;
  }
  static uint32_t mix(uint32_t hash, uint32_t key) noexcept {
    return std::rotl(hash ^ mix_key(key), 13) * 5U + 0xE6546B64U;
  }
  static uint32_t finish(uint32_t hash, uint32_t length) noexcept {
    hash ^= length;
    hash = (hash ^ hash >> 16U) * 0x85EBCA6BU;
    hash = (hash ^ hash >> 13U) * 0xC2B2AE35U;
    return hash ^ hash >> 16U;
  }
  static uint32_t of_int(uint32_t value, uint32_t seed) noexcept {
    return finish(mix(seed, value), 4);
  }
  static uint32_t of_long(uint64_t value, uint32_t seed) noexcept {
    return finish(mix(mix(seed, static_cast<uint32_t>(value)), static_cast<uint32_t>(value >> 32U)),
                  8);
  }
  // The bytes behind the last word count one by one, with their sign: so Spark has it.
  static uint32_t of_bytes(std::string_view bytes, uint32_t seed) noexcept {
    uint32_t hash = seed;
    size_t i = 0;
    for (; i + 4 <= bytes.size(); i += 4) hash = mix(hash, load<uint32_t>(bytes.data() + i));
    for (; i < bytes.size(); ++i)
      hash = mix(hash, static_cast<uint32_t>(int32_t{static_cast<signed char>(bytes[i])}));
    return finish(hash, static_cast<uint32_t>(bytes.size()));
  }
};

struct XxHash64 {
  using Hash = uint64_t;
  static constexpr uint64_t k1 = 0x9E3779B185EBCA87U;
  static constexpr uint64_t k2 = 0xC2B2AE3D27D4EB4FU;
  static constexpr uint64_t k3 = 0x165667B19E3779F9U;
  static constexpr uint64_t k4 = 0x85EBCA77C2B2AE63U;
  static constexpr uint64_t k5 = 0x27D4EB2F165667C5U;

  static uint64_t finish(uint64_t hash) noexcept {
    hash = (hash ^ hash >> 33U) * k2;
    hash = (hash ^ hash >> 29U) * k3;
    return hash ^ hash >> 32U;
  }
  static uint64_t round(uint64_t hash, uint64_t value) noexcept {
    return std::rotl(hash + value * k2, 31) * k1;
  }
  static uint64_t mix_long(uint64_t hash, uint64_t value) noexcept {
    return std::rotl(hash ^ round(0, value), 27) * k1 + k4;
  }
  static uint64_t mix_int(uint64_t hash, uint32_t value) noexcept {
    return std::rotl(hash ^ value * k1, 23) * k2 + k3;
  }
  static uint64_t of_int(uint32_t value, uint64_t seed) noexcept {
    return finish(mix_int(seed + k5 + 4, value));
  }
  static uint64_t of_long(uint64_t value, uint64_t seed) noexcept {
    return finish(mix_long(seed + k5 + 8, value));
  }
  static uint64_t of_bytes(std::string_view bytes, uint64_t seed) noexcept {
    const char* at = bytes.data();
    const char* end = at + bytes.size();
    uint64_t hash = seed + k5;
    if (bytes.size() >= 32) {
      uint64_t lanes[4] = {seed + k1 + k2, seed + k2, seed, seed - k1};
      for (; end - at >= 32; at += 32) {
        for (size_t i = 0; i < 4; ++i) lanes[i] = round(lanes[i], load<uint64_t>(at + 8 * i));
      }
      hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) +
             std::rotl(lanes[3], 18);
      for (const uint64_t lane : lanes) hash = (hash ^ round(0, lane)) * k1 + k4;
    }
    hash += bytes.size();
    for (; end - at >= 8; at += 8) hash = mix_long(hash, load<uint64_t>(at));
    for (; end - at >= 4; at += 4) hash = mix_int(hash, load<uint32_t>(at));
    for (; at < end; ++at) hash = std::rotl(hash ^ static_cast<unsigned char>(*at) * k5, 11) * k1;
    return finish(hash);
  }
};

// The bytes of Java's BigInteger: big-endian, as few as hold the sign.
std::string_view big_integer(Int128 value, char (&bytes)[16]) noexcept {
  size_t first = 16;
  Int128 rest = value;
  do {
    bytes[--first] = static_cast<char>(rest);
    rest >>= 8;
  } while (first > 0 && !((rest == 0 && bytes[first] >= 0) || (rest == -1 && bytes[first] < 0)));
  return {bytes + first, 16 - first};
}

template <class H>
typename H::Hash hash_value(const Cell& cell, const DataType& type, typename H::Hash seed);

template <class H>
typename H::Hash hash_elements(const ArrayView& array, const DataType& type,
                               typename H::Hash seed) {
  for (size_t i = 0; i < array.size(); ++i) seed = hash_value<H>(array.cell(i, type), type, seed);
  return seed;
}

template <class H>
typename H::Hash hash_value(const Cell& cell, const DataType& type, typename H::Hash seed) {
  if (cell.null) return seed;
  switch (type.kind()) {
    case TypeKind::kFloat: {
      const float value = cell.single == 0          ? 0.0F
                          : std::isnan(cell.single) ? std::numeric_limits<float>::quiet_NaN()
                                                    : cell.single;
      return H::of_int(std::bit_cast<uint32_t>(value), seed);
    }
    case TypeKind::kDouble: {
      const double value = cell.real == 0          ? 0.0
                           : std::isnan(cell.real) ? std::numeric_limits<double>::quiet_NaN()
                                                   : cell.real;
      return H::of_long(std::bit_cast<uint64_t>(value), seed);
    }
    case TypeKind::kLong:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampNtz:
    case TypeKind::kDayTimeInterval:
      return H::of_long(static_cast<uint64_t>(cell.number), seed);
    case TypeKind::kDecimal: {
      if (!type.is_wide_decimal()) return H::of_long(static_cast<uint64_t>(cell.number), seed);
      char bytes[16];
      return H::of_bytes(big_integer(cell.wide(), bytes), seed);
    }
    case TypeKind::kString:
    case TypeKind::kBinary:
      return H::of_bytes(cell.bytes(), seed);
    case TypeKind::kCalendarInterval: {
      const CalendarInterval interval = cell.interval();
      seed = H::of_long(static_cast<uint64_t>(interval.micros), seed);
      return H::of_int(static_cast<uint32_t>(interval.months),
                       H::of_int(static_cast<uint32_t>(interval.days), seed));
    }
    case TypeKind::kArray:
      return hash_elements<H>(ArrayView(cell), type.element(), seed);
    case TypeKind::kStruct: {
      const RowView row(cell, type.fields().size());
      for (size_t i = 0; i < type.fields().size(); ++i)
        seed = hash_value<H>(row.cell(i, type.fields()[i].type), type.fields()[i].type, seed);
      return seed;
    }
    default:
      return H::of_int(static_cast<uint32_t>(cell.number), seed);
  }
}

template <class H, class Signed>
Cell hash_all(Call& call) {
  typename H::Hash hash = 42;
  for (size_t i = 0; i < call.size(); ++i) hash = hash_value<H>(call[i], call.type_of(i), hash);
  return Cell::of_number(static_cast<Signed>(hash));
}

template <class H, class Signed>
Result<BoundPtr> build_hash(const BuildContext& context, const Arguments& arguments) {
  for (const Argument& argument : arguments) {
    if (contains_map(argument.value->type))
      return function_error(
          context,
          "does not hash maps, which have no order; hash map_entries() sorted by sort_array()");
  }
  return make_call(context.function, lenient<&hash_all<H, Signed>>,
                   sizeof(Signed) == 4 ? TypeKind::kInt : TypeKind::kLong, values_of(arguments),
                   {.nullable = false});
}

// One context per thread: making one allocates.
class Digest {
 public:
  Digest() : context_(EVP_MD_CTX_new()) {}
  ~Digest() { EVP_MD_CTX_free(context_); }
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  Cell hex(Call& call, const EVP_MD* algorithm, std::string_view bytes) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    const bool good = context_ != nullptr && EVP_DigestInit_ex(context_, algorithm, nullptr) == 1 &&
                      EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1 &&
                      EVP_DigestFinal_ex(context_, digest, &size) == 1;
    if (!good)
      return call.fail("this system's OpenSSL does not offer the digest; use sha2(bytes, 256)");
    constexpr std::string_view kDigits = "0123456789abcdef";
    char* to = call.arena().allocate(size_t{size} * 2);
    for (size_t i = 0; i < size; ++i) {
      to[2 * i] = kDigits[digest[i] >> 4U];
      to[2 * i + 1] = kDigits[digest[i] & 15U];
    }
    return Cell::of_bytes({to, size_t{size} * 2});
  }

 private:
  EVP_MD_CTX* context_;
};

Cell digest(Call& call, const EVP_MD* algorithm, const Cell& bytes) {
  thread_local Digest digest;
  return digest.hex(call, algorithm, bytes.bytes());
}
Cell md5(Call& call, const Cell& a) { return digest(call, EVP_md5(), a); }
Cell sha1(Call& call, const Cell& a) { return digest(call, EVP_sha1(), a); }
Cell sha2(Call& call, const Cell& a, const Cell& bits) {
  switch (bits.number) {
    case 224:
      return digest(call, EVP_sha224(), a);
    case 0:
    case 256:
      return digest(call, EVP_sha256(), a);
    case 384:
      return digest(call, EVP_sha384(), a);
    case 512:
      return digest(call, EVP_sha512(), a);
    default:
      return Cell::of_null();
  }
}

constexpr std::array<uint32_t, 256> kCrcTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? crc >> 1U ^ 0xEDB88320U : crc >> 1U;
    table[i] = crc;
  }
  return table;
}();
Cell crc32(Call&, const Cell& a) {
  uint32_t crc = ~0U;
  for (const char c : a.bytes())
    crc = kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 0xFFU] ^ crc >> 8U;
  return Cell::of_number(~crc);
}

const FunctionEntry kFunctions[] = {
    {"hash",
     "hash(a, ...)",
     "Murmur3 of the values, 32 bits, as Spark partitions.",
     1,
     kAnyCount,
     {},
     &build_hash<Murmur3, int32_t>},
    {"xxhash64",
     "xxhash64(a, ...)",
     "xxHash of the values, 64 bits.",
     1,
     kAnyCount,
     {},
     &build_hash<XxHash64, int64_t>},
    {"md5", "md5(bytes)", "MD5 in hexadecimal digits.", 1, 1, {{"binary > string", strict<&md5>}}},
    {"sha1 sha",
     "sha1(bytes)",
     "SHA-1 in hexadecimal digits.",
     1,
     1,
     {{"binary > string", strict<&sha1>}}},
    {"sha2",
     "sha2(bytes, bits)",
     "SHA-224, 256, 384 or 512 in hexadecimal digits; 0 is 256.",
     2,
     2,
     {{"binary, int > string", strict<&sha2>}}},
    {"crc32",
     "crc32(bytes)",
     "The check sum of zip files.",
     1,
     1,
     {{"binary > bigint", strict<&crc32>}}},
};

}  // namespace

std::span<const FunctionEntry> hash_functions() { return kFunctions; }

}  // namespace penstock::expression
