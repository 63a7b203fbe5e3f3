// io/kafka/outbox_writer.h -- a task's writer to the outbox of a topic: whole messages, as outbox_record.h has them.
#pragma once

#include "penstock/io/file/epoch_writer.h"
#include "penstock/io/kafka/outbox_record.h"

namespace penstock::kafka::internal {

class OutboxWriter final : public EpochWriter {
 public:
  using EpochWriter::EpochWriter;

  Status write(std::string_view record) override { return write_message({record, {}}); }
  Status write_message(const RawMessage& record) override {
    append_outbox_record(record, buffer());
    return added();
  }
};

}  // namespace penstock::kafka::internal
