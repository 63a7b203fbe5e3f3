// tests/io/keeping_sink.h -- a sink that keeps what it is given, and has room and asks to be served as it is told.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "penstock/core/stream/sink.h"

namespace penstock::test {

struct KeptMessage {
  std::string bytes;
  std::optional<std::string> key;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  bool tombstone = false;
};

struct Kept {
  std::vector<std::string> plain;
  std::vector<KeptMessage> messages;
  int flushes = 0;
  bool closed = false;
  bool ready = true;
  Instant wake_at = kNever;
  const Clock* clock = nullptr;
  Status write_status;
  Status flush_status;
};

class KeepingWriter final : public ByteWriter {
 public:
  explicit KeepingWriter(Kept& kept) : kept_(kept) {}

  Status write(std::string_view record) override {
    kept_.plain.emplace_back(record);
    return kept_.write_status;
  }
  Status write_message(const RawMessage& record) override {
    KeptMessage kept;
    kept.bytes = record.bytes;
    if (record.message.key) kept.key.emplace(*record.message.key);
    for (const MessageHeader& header : record.message.headers) {
      kept.headers.emplace_back(header.name, std::nullopt);
      if (header.value) kept.headers.back().second.emplace(*header.value);
    }
    kept.tombstone = record.message.tombstone;
    kept_.messages.push_back(std::move(kept));
    return kept_.write_status;
  }
  bool ready() noexcept override { return kept_.ready; }
  Instant wake_at() const noexcept override { return kept_.wake_at; }
  Status flush() override {
    ++kept_.flushes;
    return kept_.flush_status;
  }
  Status close() override {
    kept_.closed = true;
    return Status();
  }

 private:
  Kept& kept_;
};

// `kept` outlives the sink and its writers.
class KeepingSink final : public ByteSink {
 public:
  explicit KeepingSink(Kept& kept) : kept_(kept) {}
  std::string name() const override { return "kept"; }
  Result<std::unique_ptr<ByteWriter>> open(const SinkContext& context) const override {
    kept_.clock = context.clock;
    return std::unique_ptr<ByteWriter>(std::make_unique<KeepingWriter>(kept_));
  }

 private:
  Kept& kept_;
};

}  // namespace penstock::test
