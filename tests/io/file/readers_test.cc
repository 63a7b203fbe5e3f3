// Goal: files and pipes give their lines, whatever the blocks, and say what is wrong with them.
// Method: real files in a folder of the test's own, real pipes; a reader is polled by hand.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "penstock/core/base/clock.h"
#include "penstock/core/base/file_system.h"
#include "penstock/io/file/line_file_source.h"
#include "penstock/io/file/standard_input_source.h"

namespace penstock {
namespace {

class CountingWaker final : public Waker {
 public:
  void wake() noexcept override {}
  void wake_if_parked() noexcept override {}
};

class Readers : public testing::Test {
 protected:
  Readers()
      : folder_(std::filesystem::temp_directory_path() /
                ("penstock_readers_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~Readers() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ / name; }
  void append(const std::string& name, std::string_view text) const {
    std::ofstream(path(name), std::ios::app | std::ios::binary) << text;
  }

  Result<std::unique_ptr<ByteReader>> open(const ByteSource& source) {
    return source.open({0, 1, &clock_, files_.get(), &waker_});
  }

  // Polls until there is nothing more at this moment; true at the end of the input.
  bool read(ByteReader& reader, std::vector<std::string>& lines, std::size_t batch_max = 256) {
    std::vector<RawRecord> batch(batch_max);
    for (;;) {
      const Result<PollResult> polled = reader.poll(batch, clock_.now());
      EXPECT_TRUE(polled.ok()) << polled.status().to_string();
      if (!polled.ok()) return true;
      for (std::size_t i = 0; i < polled->records; ++i) lines.emplace_back(batch[i].bytes);
      if (polled->state == SourceState::kEnded) return true;
      if (polled->state == SourceState::kWaiting) return false;
    }
  }

  // Until the input ends; threads of readers need their time.
  std::vector<std::string> read_to_end(ByteReader& reader) {
    std::vector<std::string> lines;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!read(reader, lines)) {
      EXPECT_LT(std::chrono::steady_clock::now(), deadline);
      std::this_thread::yield();
    }
    return lines;
  }

  RealClock clock_;
  std::unique_ptr<FileSystem> files_ = make_posix_file_system();
  CountingWaker waker_;
  std::filesystem::path folder_;
};

TEST_F(Readers, AFileGivesAllItsLinesInOrder) {
  std::vector<std::string> expected;
  std::string text;
  for (int i = 0; i < 50'000; ++i) {  // Several blocks.
    expected.push_back("line " + std::to_string(i) +
                       std::string(static_cast<std::size_t>(i % 37), '.'));
    text += expected.back() + "\n";
  }
  append("lines", text);
  auto reader = open(*line_file_source({.path = path("lines")}));
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(read_to_end(**reader), expected);
}

TEST_F(Readers, AFollowedFileGivesALineOnceItIsFinished) {
  append("log", "one\ntw");
  auto reader = open(*line_file_source({.path = path("log"), .follow = true}));
  ASSERT_TRUE(reader.ok());
  std::vector<std::string> lines;
  EXPECT_FALSE(read(**reader, lines));
  EXPECT_EQ(lines, std::vector<std::string>{"one"});
  append("log", "o\n");
  EXPECT_FALSE(read(**reader, lines));
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two"}));
}

TEST_F(Readers, AFollowedFileThatShrinksIsAnError) {
  append("log", "one\ntwo\n");
  auto reader = open(*line_file_source({.path = path("log"), .follow = true}));
  ASSERT_TRUE(reader.ok());
  std::vector<std::string> lines;
  EXPECT_FALSE(read(**reader, lines));
  std::filesystem::resize_file(path("log"), 2);
  RawRecord batch[4];
  const Result<PollResult> polled = (*reader)->poll(batch, clock_.now());
  ASSERT_FALSE(polled.ok());
  EXPECT_NE(polled.status().message().find("replaced or emptied"), std::string::npos);
}

TEST_F(Readers, ALineAboveTheBoundIsAnErrorWithItsPlace) {
  append("lines", "short\n" + std::string(2'000'000, 'x') + "\n");
  auto reader = open(*line_file_source({.path = path("lines"), .line_bytes_max = 1'000'000}));
  ASSERT_TRUE(reader.ok());
  RawRecord batch[4];
  Result<PollResult> polled = PollResult{};
  for (int i = 0; i < 100 && polled.ok(); ++i) polled = (*reader)->poll(batch, clock_.now());
  ASSERT_FALSE(polled.ok());
  EXPECT_NE(polled.status().message().find("at byte 6"), std::string::npos)
      << polled.status().to_string();
}

TEST_F(Readers, AMissingFileIsNamed) {
  auto reader = open(*line_file_source({.path = path("nowhere")}));
  ASSERT_FALSE(reader.ok());
  EXPECT_EQ(reader.status().code(), StatusCode::kNotFound);
  EXPECT_NE(reader.status().message().find("nowhere"), std::string::npos);
}

TEST_F(Readers, APipeGivesWhatASlowWriterSends) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  auto reader = open(*standard_input_source({.fd = ends[0]}));
  ASSERT_TRUE(reader.ok());
  std::thread writer([&ends] {
    for (const char byte : std::string("one\ntwo\r\n\nlast"))
      ASSERT_EQ(::write(ends[1], &byte, 1), 1);
    ::close(ends[1]);
  });
  EXPECT_EQ(read_to_end(**reader), (std::vector<std::string>{"one", "two", "", "last"}));
  writer.join();
  ::close(ends[0]);
}

TEST_F(Readers, AReaderThatWaitsForAPipeCanBeDestroyed) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  auto reader = open(*standard_input_source({.fd = ends[0]}));
  ASSERT_TRUE(reader.ok());
  reader->reset();  // Must not wait for the writer.
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace penstock
