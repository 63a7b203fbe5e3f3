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
  TaskCounters* counters = nullptr;
  Status write_status;
  Status flush_status;
  std::vector<std::string> hooks;  // Of snapshots, in their order.
  bool captured = true;
  bool takes_snapshots = false;
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
  void capture(Epoch epoch, SnapshotWriter& out) override {
    kept_.hooks.push_back("capture " + std::to_string(epoch.value));
    out.section("kept", 1);
    out.add(std::to_string(kept_.plain.size()));
  }
  bool captured() const noexcept override { return kept_.captured; }
  void cancel_capture() noexcept override { kept_.hooks.emplace_back("cancel"); }
  Status restore(const SnapshotItem& item) override {
    kept_.hooks.push_back("restore " + std::string(item.bytes));
    return item.bytes == "bad" ? Status::data_error("it is bad") : Status();
  }
  Status restored() override {
    kept_.hooks.emplace_back("restored");
    return Status();
  }
  void committed(Epoch epoch) noexcept override {
    kept_.hooks.push_back("committed " + std::to_string(epoch.value));
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
    kept_.counters = context.counters;
    kept_.takes_snapshots = context.takes_snapshots;
    return std::unique_ptr<ByteWriter>(std::make_unique<KeepingWriter>(kept_));
  }

 private:
  Kept& kept_;
};

}  // namespace penstock::test
