#include "penstock/core/base/hash.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/core/base/random.h"

namespace elsewhere {

struct Account {
  int bank = 0;
  std::string number;
};
std::uint64_t penstock_hash(const Account& account) noexcept {
  return penstock::hash_fields(account.bank, account.number);
}
struct Unknown {};

}  // namespace elsewhere

namespace penstock {
namespace {

enum class Color : int { kRed = 7 };

static_assert(Hashable<int> && Hashable<bool> && Hashable<Color> && Hashable<std::string> &&
              Hashable<Origin>);
static_assert(Hashable<elsewhere::Account>);
static_assert(!Hashable<elsewhere::Unknown> && !Hashable<double> && !Hashable<float>);

std::string alphabet(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i % 26);
  return text;
}

// Snapshots and exchanges rely on these values: a change of one is a change of format.
TEST(KeyHash, HasTheGoldenValuesForNumbersAndIds) {
  EXPECT_EQ(key_hash(0), 0xe220a8397b1dcdafu);
  EXPECT_EQ(key_hash(1), 0x910a2dec89025cc1u);
  EXPECT_EQ(key_hash(-1), 0xe4d971771b652c20u);
  EXPECT_EQ(key_hash(Color::kRed), 0x63cbe1e459320dd7u);
  EXPECT_EQ(key_hash(EventTime{-5}), 0x16b1cba95fc60262u);
  EXPECT_EQ(key_hash(StageId{3}), 0x1d0b14e4db018fedu);
  EXPECT_EQ(key_hash(Origin{SplitId{1}, 2}), 0x9d2cf510047f29e6u);
  EXPECT_EQ(hash_fields(1, "a"), 0x70c246fd90c2bb98u);
}

TEST(KeyHash, HasTheGoldenValuesForTextOfEachLengthClass) {
  const std::vector<std::pair<std::size_t, std::uint64_t>> golden = {
      {0, 0x7987f2b8a399ed27},  {1, 0x0d6f9d50ce0888a8},  {3, 0xa08f9429b7d2969b},
      {4, 0x2b6891b9182a00eb},  {8, 0xf10f7d6e9309f1ab},  {9, 0x2627dec24a52297c},
      {16, 0x718a3aaa6f4f7365}, {17, 0xc6a54b76c91be932}, {32, 0xbb4daf59caf77c2d},
      {48, 0x3c936f09daf59c03}, {49, 0x5f0ba002697541dd}, {96, 0x217ac61f47359061},
      {97, 0xa9561e1e84de51a9}, {200, 0x59c470114d4ace09}};
  for (const auto& [size, hash] : golden) EXPECT_EQ(key_hash(alphabet(size)), hash) << size;
}

TEST(SeededHash, HasTheGoldenValues) {
  EXPECT_EQ(seeded_hash(std::string_view("card"), 42), 0x84e66bd4871464fbu);
  EXPECT_EQ(seeded_hash(key_hash(1), 42), 0x7eb3b394ac9efc29u);
}

TEST(KeyHash, IsEqualForEqualNumbersOfAnyWidthAndEqualTextsOfAnyType) {
  EXPECT_EQ(key_hash(std::int8_t{-3}), key_hash(std::int64_t{-3}));
  EXPECT_EQ(key_hash(std::uint16_t{300}), key_hash(300));
  EXPECT_EQ(key_hash(true), key_hash(1));
  EXPECT_EQ(key_hash(InlineString<31>("card-1")), key_hash(std::string("card-1")));
  EXPECT_EQ(key_hash(InlineString<7>("card-1")), key_hash("card-1"));
}

TEST(KeyHash, FindsTheHashOfAUsersTypeInItsNamespace) {
  const elsewhere::Account account{1, "DE89"};
  EXPECT_EQ(key_hash(account), hash_fields(1, "DE89"));
  EXPECT_EQ(HashOf<elsewhere::Account>()(account), key_hash(account));
}

TEST(HashCombine, DependsOnOrderAndOnFieldBorders) {
  EXPECT_NE(hash_fields(1, 2), hash_fields(2, 1));
  EXPECT_NE(hash_fields("ab", "c"), hash_fields("a", "bc"));
  EXPECT_NE(hash_fields("", "a"), hash_fields("a", ""));
}

// Goal: a key group is the top 10 bits, and the low byte is lost in a ring, so both ends of the
// hash must spread. Method: chi-square over 1024 groups for keys as people number them.
template <class MakeKey>
double chi_square_of_top_bits(MakeKey make_key) {
  constexpr int kKeys = 102'400;
  std::array<int, 1024> counts{};
  for (int i = 0; i < kKeys; ++i) ++counts[key_hash(make_key(i)) >> 54];
  double sum = 0;
  for (const int count : counts) sum += std::pow(count - 100, 2) / 100;
  return sum;
}

TEST(KeyHash, SpreadsUsualKeysEvenlyOverKeyGroups) {
  constexpr double kBound = 1023 + 5 * 45.2;  // Mean and five deviations.
  EXPECT_LT(chi_square_of_top_bits([](int i) { return i; }), kBound);
  EXPECT_LT(chi_square_of_top_bits([](int i) { return std::int64_t{i} << 32; }), kBound);
  EXPECT_LT(chi_square_of_top_bits([](int i) { return i * 1000; }), kBound);
  EXPECT_LT(chi_square_of_top_bits([](int i) { return "card-" + std::to_string(i); }), kBound);
  EXPECT_LT(chi_square_of_top_bits([](int i) { return std::to_string(4'000'000'000'000'000 + i); }),
            kBound);
  EXPECT_LT(chi_square_of_top_bits([](int i) { return std::string(40, 'x') + std::to_string(i); }),
            kBound);
}

// Method: flip each input bit of many inputs; each output bit must flip in about half of the cases.
template <class Hash>
void expect_avalanche(std::size_t size, Hash hash) {
  constexpr int kRounds = 1000;
  Random random(1);
  for (std::size_t bit = 0; bit < size * 8; ++bit) {
    std::array<int, 64> flips{};
    for (int round = 0; round < kRounds; ++round) {
      std::string text(size, '\0');
      for (char& byte : text) byte = static_cast<char>(random.next_u64());
      const std::uint64_t before = hash(text);
      text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
      const std::uint64_t changed = before ^ hash(text);
      for (std::size_t i = 0; i < 64; ++i) flips[i] += static_cast<int>(changed >> i & 1);
    }
    for (const int flip : flips)
      ASSERT_NEAR(flip, kRounds / 2.0, 110) << "input bit " << bit << " of size " << size;
  }
}

TEST(KeyHash, MovesHalfOfTheOutputForEachBitOfText) {
  for (const std::size_t size : {3u, 7u, 12u, 16u, 23u, 60u}) {
    expect_avalanche(size, [](const std::string& text) { return key_hash(text); });
  }
}

TEST(KeyHash, MovesHalfOfTheOutputForEachBitOfANumber) {
  expect_avalanche(8, [](const std::string& text) {
    std::uint64_t number;
    std::memcpy(&number, text.data(), sizeof number);
    return key_hash(number);
  });
}

TEST(KeyHash, HasNoCollisionAmongPrefixesOfZeros) {
  std::set<std::uint64_t> hashes;
  for (std::size_t size = 0; size < 300; ++size) hashes.insert(key_hash(std::string(size, '\0')));
  EXPECT_EQ(hashes.size(), 300u);
}

TEST(KeyHash, ReadsNothingBeyondTheText) {
  for (std::size_t size = 0; size < 100; ++size) {
    const std::vector<char> exact(size, 'a');  // Address sanitizer guards its end.
    EXPECT_EQ(key_hash(std::string_view(exact.data(), size)), key_hash(std::string(size, 'a')));
  }
}

// Goal: keys that collide in public do not collide under a seed. Method: texts whose first word is
// the secret of the unseeded hash make its product 0, so the rest of the text is lost there.
TEST(SeededHash, SeparatesTextsThatCollideWithoutASeed) {
  const std::uint64_t secret = hash_bits(internal::kTextSeed);
  std::set<std::uint64_t> unseeded;
  std::set<std::uint64_t> seeded;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    // A 16-byte text is read as the words (0, 8) and (12, 4): the first of them is to be the
    // secret.
    const std::array<std::uint32_t, 4> words = {static_cast<std::uint32_t>(secret >> 32), i,
                                                static_cast<std::uint32_t>(secret), i};
    std::string text(16, '\0');
    std::memcpy(text.data(), words.data(), text.size());
    unseeded.insert(key_hash(text));
    seeded.insert(seeded_hash(text, 12345));
  }
  EXPECT_EQ(unseeded.size(), 1u);  // Else this test tests nothing.
  EXPECT_EQ(seeded.size(), 1000u);
}

TEST(SeededHash, ChangesWithTheSeed) {
  EXPECT_NE(seeded_hash(std::string_view("card"), 1), seeded_hash(std::string_view("card"), 2));
  EXPECT_NE(seeded_hash(key_hash(5), 1), seeded_hash(key_hash(5), 2));
}

}  // namespace
}  // namespace penstock
