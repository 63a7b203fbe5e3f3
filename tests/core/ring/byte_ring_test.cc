#include "penstock/core/ring/byte_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <thread>

#include "penstock/core/base/random.h"
#include "penstock/core/ring/spsc_ring.h"
#include "penstock/tests/core/ring/stress.h"
#include "penstock/tests/harness/rounds.h"

namespace penstock {
namespace {

constexpr std::size_t kBytes = 1024;
constexpr std::size_t kPieceMax = kBytes / 4;

struct Piece {
  std::uint64_t number = 0;  // Every byte follows from it.
  std::size_t size = 0;
  char* bytes = nullptr;
  std::uint64_t end = 0;
};

char byte_of(std::uint64_t number, std::size_t i) noexcept {
  return static_cast<char>(number * 31 + i);
}
bool is_whole(const char* bytes, const Piece& piece) noexcept {
  for (std::size_t i = 0; i < piece.size; ++i) {
    if (bytes[i] != byte_of(piece.number, i)) return false;
  }
  return true;
}
Piece put(ByteRing& ring, std::size_t size, std::uint64_t number = 0) {
  EXPECT_TRUE(ring.has_room(size)) << size;
  const Piece piece{number, size, ring.take(size), ring.taken()};
  for (std::size_t i = 0; i < size; ++i) piece.bytes[i] = byte_of(number, i);
  return piece;
}
// As the consumer, which finds it by its size.
void give_back(ByteRing& ring, const Piece& piece) {
  const char* const found = ring.next(piece.size);
  EXPECT_EQ(found, piece.bytes);
  EXPECT_TRUE(is_whole(found, piece));
  ring.release();
}

TEST(ByteRing, GivesPiecesThatAreAlignedAndDoNotTouch) {
  ByteRing ring(kBytes);
  const Piece first = put(ring, 13, 1);
  const Piece second = put(ring, 1, 2);
  const Piece none = put(ring, 0);
  const Piece third = put(ring, 8, 3);
  EXPECT_EQ(second.bytes - first.bytes, 16);
  EXPECT_EQ(third.bytes - second.bytes, 8);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(second.bytes) % ByteRing::kAlignment, 0U);
  for (const Piece& piece : {first, second, none, third}) give_back(ring, piece);
}

TEST(ByteRing, IsFullWhenAllOfItIsTakenAndHasRoomForWhatIsGivenBack) {
  ByteRing ring(kBytes);
  std::deque<Piece> pieces;
  for (int i = 0; i < 4; ++i) pieces.push_back(put(ring, kPieceMax));
  EXPECT_FALSE(ring.has_room(1));
  ring.next(kPieceMax);
  EXPECT_FALSE(ring.has_passed(pieces[0].end)) << "it is being read";
  EXPECT_FALSE(ring.has_room(1));
  ring.release();
  EXPECT_TRUE(ring.has_passed(pieces[0].end));
  EXPECT_FALSE(ring.has_passed(pieces[1].end));
  EXPECT_TRUE(ring.has_room(kPieceMax));
  EXPECT_FALSE(ring.has_room(kPieceMax + 1));
}

TEST(ByteRing, APieceLiesInOnePieceAcrossTheWrap) {
  ByteRing ring(kBytes);
  std::deque<Piece> pieces;
  for (int i = 0; i < 4; ++i) pieces.push_back(put(ring, 200));
  ASSERT_FALSE(ring.has_room(kPieceMax)) << "224 are left, and none before the wrap";
  ASSERT_TRUE(ring.has_room(224));
  for (const Piece& piece : pieces) give_back(ring, piece);
  const Piece wrapped = put(ring, kPieceMax, 4);
  EXPECT_EQ(wrapped.bytes, pieces[0].bytes);
  EXPECT_EQ(wrapped.end, kBytes + kPieceMax) << "what is passed over counts as taken";
  give_back(ring, wrapped);
  EXPECT_TRUE(ring.is_half_free());
}

TEST(ByteRing, WhereHalfIsFreeThereIsRoomForAnyPiece) {
  for (std::size_t before = 0; before < kBytes; before += ByteRing::kAlignment) {
    ByteRing ring(kBytes);
    for (std::size_t left = before; left > 0; left -= std::min(left, kPieceMax))
      give_back(ring, put(ring, std::min(left, kPieceMax)));
    for (int i = 0; i < 2; ++i) put(ring, kPieceMax);
    if (ring.is_half_free()) {
      EXPECT_TRUE(ring.has_room(kPieceMax)) << "from " << before;
    }
  }
}

TEST(ByteRing, APlaceWithoutAPieceKeepsTheOrderAlsoInAFullRing) {
  ByteRing ring(kBytes);
  std::deque<Piece> pieces;
  for (std::uint64_t i = 0; i < 4; ++i) pieces.push_back(put(ring, kPieceMax, i));
  ring.take_nothing();
  const std::uint64_t nothing = ring.taken();
  EXPECT_FALSE(ring.has_room(8));
  for (const Piece& piece : pieces) give_back(ring, piece);
  EXPECT_TRUE(ring.has_passed(pieces[3].end));
  EXPECT_FALSE(ring.has_passed(nothing));
  const Piece behind = put(ring, 16, 9);
  ring.next_nothing();
  ring.release();
  EXPECT_TRUE(ring.has_passed(nothing));
  give_back(ring, behind);
}

TEST(ByteRing, TellsTheConsumerWhetherItIsHalfEmptyOfWhatIsPublished) {
  ByteRing ring(kBytes);
  Piece pieces[3];
  for (Piece& piece : pieces) piece = put(ring, kPieceMax);
  EXPECT_TRUE(ring.seems_half_empty()) << "nothing is published";
  ring.publish();
  EXPECT_FALSE(ring.seems_half_empty());
  EXPECT_FALSE(ring.is_half_free());
  give_back(ring, pieces[0]);
  EXPECT_TRUE(ring.seems_half_empty());
  EXPECT_TRUE(ring.is_half_free());
}

// Random sizes against random batches: what is published is whole, in order, and stays until it is given back.
TEST(ByteRing, TwoThreadsSeeEveryPieceWholeAndInOrder) {
  constexpr std::uint64_t kPieces = kStressItems / (kInstrumented ? 32 : 8);
  ByteRing ring(kBytes);
  SpscRing<Piece> slots(64);
  std::thread producer([&] {
    Random random(1);
    for (std::uint64_t number = 0; number < kPieces;) {
      for (std::uint64_t batch = 1 + random.below(8); batch > 0 && number < kPieces; --batch) {
        const std::size_t size = random.below(8) == 0 ? kPieceMax : random.below(64);
        if (!ring.has_room(size) || slots.free_slots(1) == 0) break;
        EXPECT_TRUE(slots.stage(put(ring, size, number++)));
      }
      ring.publish();
      slots.publish();
      std::this_thread::yield();
    }
  });
  Random random(2);
  std::uint64_t broken = 0;
  for (std::uint64_t number = 0; number < kPieces;) {
    const auto run = slots.peek(1 + random.below(16));
    for (const Piece& piece : run) {
      const char* const found = ring.next(piece.size);
      broken += found == piece.bytes && piece.number == number++ && is_whole(found, piece) ? 0 : 1;
    }
    if (run.empty()) {
      std::this_thread::yield();
      continue;
    }
    ring.release();
    slots.release(run.size());
  }
  producer.join();
  EXPECT_EQ(broken, 0U);
  EXPECT_TRUE(ring.seems_half_empty());
}

}  // namespace
}  // namespace penstock
