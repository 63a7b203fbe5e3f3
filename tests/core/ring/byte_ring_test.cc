#include "penstock/core/ring/byte_ring.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <thread>

#include "penstock/core/base/random.h"
#include "penstock/core/ring/spsc_ring.h"
#include "penstock/tests/core/ring/stress.h"

namespace penstock {
namespace {

constexpr std::size_t kBytes = 1024;
constexpr std::size_t kPieceMax = kBytes / 4;

struct Piece {
  const char* bytes = nullptr;
  std::size_t size = 0;
  std::uint64_t end = 0;
};

// A piece of which every byte follows from the number.
char byte_of(std::uint64_t number, std::size_t i) noexcept {
  return static_cast<char>(number * 31 + i);
}
Piece put(ByteRing& ring, std::size_t size, std::uint64_t number = 0) {
  EXPECT_TRUE(ring.has_room(size)) << size;
  Piece piece{.bytes = nullptr, .size = size, .end = 0};
  char* const to = ring.take(size, piece.end);
  for (std::size_t i = 0; i < size; ++i) to[i] = byte_of(number, i);
  piece.bytes = to;
  return piece;
}
bool is_whole(const Piece& piece, std::uint64_t number) noexcept {
  for (std::size_t i = 0; i < piece.size; ++i) {
    if (piece.bytes[i] != byte_of(number, i)) return false;
  }
  return true;
}

TEST(ByteRing, GivesPiecesThatAreAlignedAndDoNotTouch) {
  ByteRing ring(kBytes);
  const Piece first = put(ring, 13, 1);
  const Piece second = put(ring, 1, 2);
  const Piece third = put(ring, 8, 3);
  EXPECT_EQ(second.bytes - first.bytes, 16);
  EXPECT_EQ(third.bytes - second.bytes, 8);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(second.bytes) % ByteRing::kAlignment, 0U);
  EXPECT_TRUE(is_whole(first, 1) && is_whole(second, 2) && is_whole(third, 3));
}

TEST(ByteRing, IsFullWhenAllOfItIsTakenAndHasRoomForWhatIsGivenBack) {
  ByteRing ring(kBytes);
  std::deque<Piece> pieces;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(ring.has_room(kPieceMax)) << i;
    pieces.push_back(put(ring, kPieceMax));
  }
  EXPECT_FALSE(ring.has_room(1));
  EXPECT_FALSE(ring.has_passed(pieces[0].end));
  ring.release(pieces[0].end);
  EXPECT_TRUE(ring.has_passed(pieces[0].end));
  EXPECT_TRUE(ring.has_room(kPieceMax));
  EXPECT_FALSE(ring.has_room(kPieceMax + 1));
}

TEST(ByteRing, APieceLiesInOnePieceAcrossTheWrap) {
  ByteRing ring(kBytes);
  Piece last;
  for (int i = 0; i < 4; ++i) last = put(ring, 200);
  ASSERT_FALSE(ring.has_room(kPieceMax)) << "224 are left, and none before the wrap";
  ASSERT_TRUE(ring.has_room(224));
  const char* const begin = last.bytes - 600;
  ring.release(last.end);
  ASSERT_TRUE(ring.has_room(kPieceMax));
  const Piece wrapped = put(ring, kPieceMax);
  EXPECT_EQ(wrapped.bytes, begin);
  EXPECT_EQ(wrapped.end, kBytes + kPieceMax) << "what is passed over counts as taken";
  ring.release(wrapped.end);
  EXPECT_TRUE(ring.is_half_free());
}

TEST(ByteRing, WhereHalfIsFreeThereIsRoomForAnyPiece) {
  for (std::size_t before = 0; before < kBytes; before += ByteRing::kAlignment) {
    ByteRing ring(kBytes);
    Piece last;
    for (std::size_t left = before; left > 0; left -= std::min(left, kPieceMax))
      ring.release((last = put(ring, std::min(left, kPieceMax))).end);
    for (int i = 0; i < 2; ++i) put(ring, kPieceMax);
    if (ring.is_half_free()) {
      EXPECT_TRUE(ring.has_room(kPieceMax)) << "from " << before;
    }
  }
}

TEST(ByteRing, APlaceWithoutAPieceKeepsTheOrder) {
  ByteRing ring(kBytes);
  const Piece first = put(ring, 8);
  const std::uint64_t nothing = ring.take_nothing();
  const Piece second = put(ring, 8, 7);
  EXPECT_LT(first.end, nothing);
  EXPECT_LT(nothing, second.end);
  ring.release(first.end);
  EXPECT_FALSE(ring.has_passed(nothing));
  ring.release(nothing);
  EXPECT_TRUE(ring.has_passed(nothing));
  EXPECT_FALSE(ring.has_passed(second.end));
}

TEST(ByteRing, APlaceWithoutAPieceIsThereInAFullRingToo) {
  ByteRing ring(kBytes);
  Piece last;
  for (int i = 0; i < 4; ++i) last = put(ring, kPieceMax, 9);
  const std::uint64_t nothing = ring.take_nothing();
  EXPECT_FALSE(ring.has_room(8));
  EXPECT_TRUE(is_whole(last, 9));
  ring.release(nothing);
  EXPECT_TRUE(ring.has_room(kPieceMax));
}

TEST(ByteRing, TellsTheConsumerWhetherItIsHalfEmptyOfWhatIsPublished) {
  ByteRing ring(kBytes);
  Piece pieces[3];
  for (Piece& piece : pieces) piece = put(ring, kPieceMax);
  EXPECT_TRUE(ring.seems_half_empty()) << "nothing is published";
  ring.publish();
  EXPECT_FALSE(ring.seems_half_empty());
  EXPECT_FALSE(ring.is_half_free());
  ring.release(pieces[0].end);
  EXPECT_TRUE(ring.seems_half_empty());
  EXPECT_TRUE(ring.is_half_free());
}

// Random sizes against random batches: whatever is published is whole, in order, and its bytes stay until released.
TEST(ByteRing, TwoThreadsSeeEveryPieceWholeAndInOrder) {
  constexpr std::uint64_t kPieces = kStressItems / 8;
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
    for (const Piece& piece : run) broken += is_whole(piece, number++) ? 0 : 1;
    if (run.empty()) {
      std::this_thread::yield();
      continue;
    }
    ring.release(run.back().end);
    slots.release(run.size());
  }
  producer.join();
  EXPECT_EQ(broken, 0U);
  EXPECT_TRUE(ring.seems_half_empty());
}

}  // namespace
}  // namespace penstock
