#include "penstock/io/decode/decoded_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>
#include <vector>

#include "penstock/io/dead_letter/dead_letter_file.h"
#include "penstock/io/file/line_file_source.h"
#include "penstock/io/memory/memory_source.h"
#include "penstock/tests/harness/kept_snapshot.h"
#include "penstock/tests/io/io_kit.h"
#include "penstock/tests/io/keeping_sink.h"

namespace penstock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Lends the records of another source and counts them.
class CountedSource final : public ByteSource {
 public:
  explicit CountedSource(std::shared_ptr<const ByteSource> inner) : inner_(std::move(inner)) {}

  std::string name() const override { return "counted"; }
  std::uint32_t parallelism_max() const override { return 1; }
  Result<std::unique_ptr<ByteReader>> open(const SourceContext& context) const override {
    Result<std::unique_ptr<ByteReader>> reader = inner_->open(context);
    if (!reader.ok()) return reader.status();
    return std::unique_ptr<ByteReader>(std::make_unique<Reader>(std::move(*reader), *lent_));
  }
  std::size_t lent() const { return *lent_; }

 private:
  class Reader final : public ByteReader {
   public:
    Reader(std::unique_ptr<ByteReader> inner, std::size_t& lent)
        : inner_(std::move(inner)), lent_(lent) {}
    Result<PollResult> poll(std::span<RawRecord> batch, Instant now) override {
      Result<PollResult> result = inner_->poll(batch, now);
      if (result.ok()) lent_ += result->records;
      return result;
    }

   private:
    std::unique_ptr<ByteReader> inner_;
    std::size_t& lent_;
  };

  std::shared_ptr<const ByteSource> inner_;
  std::shared_ptr<std::size_t> lent_ = std::make_shared<std::size_t>(0);
};

struct Number {
  int n = 0;
};

struct NumberDecoder {
  using Value = Number;
  struct Error {
    std::string message() const { return "not a number"; }
  };
  bool decode(const RawRecord& raw, Number& value, Error&) noexcept {
    const char* end = raw.bytes.data() + raw.bytes.size();
    return std::from_chars(raw.bytes.data(), end, value.n).ptr == end;
  }
};

// The rest of a stage: keeps what comes and uses up the credit.
struct Kept {
  Credit credit;
  std::vector<int> values;
  std::vector<std::string> splits;
  void set_splits(std::span<const SplitId> read) {
    for (const SplitId split : read) splits.push_back("reads " + std::to_string(split.value));
  }
  void select_split(SplitId split) { splits.push_back("from " + std::to_string(split.value)); }
  void collect(const Record<Number>& record) noexcept {
    values.push_back(record.value.n);
    --credit.left;
  }
};

class DecodedSourceTest : public ::testing::Test {
 protected:
  DecodedSourceTest() {
    context_.clock = &clock_;
    context_.file_system = files_.get();
    context_.waker = &waker_;
    context_.failure = &failure_;
    context_.counters = &counters_;
  }

  template <class Source>
  Turn poll(Source& source, std::int64_t credit) {
    kept_.credit.left = credit;
    return source.poll(clock_.now(), 256, kept_, kept_.credit);
  }

  VirtualClock clock_;
  std::unique_ptr<FileSystem> files_ = make_posix_file_system();
  test::WaitableWaker waker_;
  TaskFailure failure_;
  TaskCounters counters_;
  TaskContext context_;
  Kept kept_;
};

// Lends one record of each of two parts, of which the second cannot be read.
class TwoParts final : public ByteSource {
 public:
  std::string name() const override { return "parts"; }
  std::uint32_t parallelism_max() const override { return 1; }
  Result<std::unique_ptr<ByteReader>> open(const SourceContext&) const override {
    return std::unique_ptr<ByteReader>(std::make_unique<Reader>());
  }

 private:
  class Reader final : public ByteReader {
   public:
    Result<PollResult> poll(std::span<RawRecord> batch, Instant now) override {
      if (std::exchange(read_, true)) return PollResult{.state = SourceState::kEnded};
      batch[0] = RawRecord{"1", {SplitId{4}, 10}, now};
      batch[1] = RawRecord{"x", {SplitId{5}, 11}, now};
      return PollResult{.records = 2, .splits_changed = true};
    }
    std::span<const SplitId> splits() const override { return splits_; }
    std::string_view source_of(const RawRecord& raw) const override {
      return raw.origin.split == SplitId{5} ? "the other topic" : "";
    }

   private:
    bool read_ = false;
    std::vector<SplitId> splits_ = {SplitId{4}, SplitId{5}};
  };
};

TEST_F(DecodedSourceTest, HandsOutWhatItHasReadAndNoMoreOnceItIsStopped) {
  std::vector<std::string> lines;
  for (int n = 0; n < 600; ++n) lines.push_back(std::to_string(n));
  const auto counted = std::make_shared<CountedSource>(memory_source(std::move(lines)));
  DecodedSource<NumberDecoder> source(counted, {}, {});
  ASSERT_TRUE(source.open(context_).ok());
  EXPECT_EQ(poll(source, 3).records, 3u);
  const std::size_t lent = counted->lent();
  ASSERT_GT(lent, 3u) << "nothing was held back";

  source.stop();
  std::size_t handed_out = 3;
  Turn turn = poll(source, 10);
  for (; turn.kind == TurnKind::kData; turn = poll(source, 10)) handed_out += turn.records;
  EXPECT_EQ(turn.kind, TurnKind::kEnded);
  EXPECT_EQ(handed_out, lent);
  EXPECT_EQ(kept_.values.size(), lent);
  EXPECT_EQ(kept_.values.back(), static_cast<int>(lent) - 1);
  EXPECT_EQ(counted->lent(), lent) << "it has read on";
  EXPECT_TRUE(source.close().ok());
}

TEST_F(DecodedSourceTest, CapturedAnywhereItGoesOnWithTheRecordThatHasNotGoneThrough) {
  std::vector<std::string> lines;
  for (int n = 0; n < 300; ++n) lines.push_back(std::to_string(n));
  const auto numbers = memory_source(std::move(lines));
  for (int cut = 0; cut <= 300; cut += 1 + cut % 7) {
    kept_.values.clear();
    harness::KeptPart part;
    {
      DecodedSource<NumberDecoder> source(numbers, {}, {});
      ASSERT_TRUE(source.open(context_).ok());
      // Back-pressure holds up what was read, in the middle of a batch.
      while (static_cast<int>(kept_.values.size()) < cut)
        poll(source, std::min(5, cut - static_cast<int>(kept_.values.size())));
      SnapshotWriter out(part);
      source.capture(Epoch{1}, out);
      out.flush();
      poll(source, 9);
    }
    kept_.values.resize(static_cast<std::size_t>(cut));
    DecodedSource<NumberDecoder> source(numbers, {}, {});
    ASSERT_TRUE(source.open(context_).ok());
    ASSERT_TRUE(harness::visit_items({&part}, [&](const SnapshotItem& item) {
                  return source.restore(item);
                }).ok());
    ASSERT_TRUE(source.restored().ok());
    while (poll(source, 100).kind != TurnKind::kEnded) {
    }
    ASSERT_EQ(kept_.values.size(), 300u) << "cut at " << cut;
    for (int n = 0; n < 300; ++n) ASSERT_EQ(kept_.values[static_cast<std::size_t>(n)], n);
  }
}

TEST_F(DecodedSourceTest, NamesTheSourceThatCannotGoOnFromASnapshot) {
  DecodedSource<NumberDecoder> source(std::make_shared<TwoParts>(), {}, {});
  ASSERT_TRUE(source.open(context_).ok());
  EXPECT_EQ(source.restore({"input", "line file", 1, "", 0, 1}).message(),
            "parts: the snapshot has a position of another kind of source, 'line file'; this one "
            "cannot go on there");
  EXPECT_THAT(source.what_may_be_lost(), HasSubstr("parts: cannot be read again"));
}

TEST_F(DecodedSourceTest, EndsAtOnceWhenItIsStoppedHoldingNothing) {
  DecodedSource<NumberDecoder> source(memory_source({"1", "2"}), {}, {});
  ASSERT_TRUE(source.open(context_).ok());
  source.stop();
  EXPECT_EQ(poll(source, 10).kind, TurnKind::kEnded);
  EXPECT_THAT(kept_.values, ElementsAre());
}

TEST_F(DecodedSourceTest, TellsOfTheSourcesPartsBeforeTheirRecords) {
  DecodedSource<NumberDecoder> source(std::make_shared<TwoParts>(), {}, {});
  ASSERT_TRUE(source.open(context_).ok());
  poll(source, 10);
  EXPECT_THAT(kept_.splits, ElementsAre("reads 4", "reads 5", "from 4", "from 5"));
}

TEST_F(DecodedSourceTest, NamesThePlaceAsTheReaderDoes) {
  DecodedSource<NumberDecoder> source(std::make_shared<TwoParts>(), {}, {});
  ASSERT_TRUE(source.open(context_).ok());
  poll(source, 10);
  EXPECT_THAT(std::string(failure_.status().message()), HasSubstr("the other topic/5 @ 11"));
}

TEST_F(DecodedSourceTest, ReadsNothingWhileItsDeadLettersHaveNoRoomAndAsksToBeWokenForThem) {
  test::Kept letters;
  letters.ready = false;
  letters.wake_at = Instant{20};
  DecodedSource<NumberDecoder> source(
      std::make_shared<TwoParts>(), {},
      {.on_error = ErrorPolicy::kDeadLetter,
       .dead_letter_sink = std::make_shared<test::KeepingSink>(letters)});
  ASSERT_TRUE(source.open(context_).ok());
  const Turn held = poll(source, 10);
  EXPECT_EQ(held.kind, TurnKind::kEmpty);
  EXPECT_EQ(held.wake_at, Instant{20});
  EXPECT_EQ(letters.flushes, 0);
  clock_.advance(std::chrono::nanoseconds(20));
  poll(source, 10);
  EXPECT_EQ(letters.flushes, 1);  // Served, so that there will be room.
  EXPECT_THAT(kept_.values, ElementsAre());
  letters.ready = true;
  letters.wake_at = kNever;
  EXPECT_EQ(poll(source, 10).records, 2u);
  EXPECT_THAT(kept_.values, ElementsAre(1));
  ASSERT_EQ(letters.messages.size(), 1u);
  EXPECT_EQ(letters.messages[0].bytes, "x");
  EXPECT_EQ(letters.messages[0].headers[0].second, "the other topic");
  EXPECT_EQ(letters.flushes, 2);
}

class DecodedLines : public DecodedSourceTest {
 protected:
  // Reads "1", a line of 50 digits where 5 are the bound and would be a number, and "3".
  void read(DecodeOptions options) {
    test::write_file(folder_ / "lines", "1\n" + std::string(50, '2') + "\n3\n");
    DecodedSource<NumberDecoder> source(
        line_file_source({.path = folder_ / "lines", .line_bytes_max = 5}), {}, std::move(options));
    ASSERT_TRUE(source.open(context_).ok());
    while (!failure_.failed() && poll(source, 10).kind != TurnKind::kEnded) {
    }
    EXPECT_TRUE(source.close().ok());
    EXPECT_EQ(counters_.errors.get(), 1u);
  }

  test::TemporaryFolder folder_;
};

TEST_F(DecodedLines, ALineThatIsTooLongGoesToTheDeadLettersAsFarAsItIsKept) {
  read({.on_error = ErrorPolicy::kDeadLetter, .dead_letter_path = folder_ / "dead"});
  EXPECT_FALSE(failure_.failed()) << failure_.status().to_string();
  EXPECT_THAT(kept_.values, ElementsAre(1, 3));
  const Result<DeadLetters> dead = read_dead_letters(*files_, folder_ / "dead");
  ASSERT_EQ(dead.value().letters.size(), 1u);
  const DeadLetter& letter = dead.value().letters[0];
  EXPECT_EQ(letter.raw, std::string(5, '2'));
  EXPECT_EQ(letter.origin, (Origin{SplitId{0}, 2}));
  EXPECT_THAT(letter.error, HasSubstr("line of 50 bytes is longer than 5 bytes"));
  EXPECT_EQ(counters_.dead_letters.get(), 1u);
}

TEST_F(DecodedLines, ALineThatIsTooLongIsSkipped) {
  read({.on_error = ErrorPolicy::kSkip, .dead_letter_path = ""});
  EXPECT_FALSE(failure_.failed()) << failure_.status().to_string();
  EXPECT_THAT(kept_.values, ElementsAre(1, 3));
  EXPECT_EQ(counters_.skipped.get(), 1u);
}

TEST_F(DecodedLines, ALineThatIsTooLongFailsTheTask) {
  read({.on_error = ErrorPolicy::kFail, .dead_letter_path = ""});
  EXPECT_EQ(failure_.status().code(), StatusCode::kDataError);
  EXPECT_THAT(failure_.status().to_string(),
              HasSubstr("lines/0 @ 2: line of 50 bytes is longer than 5 bytes"));
}

}  // namespace
}  // namespace penstock
