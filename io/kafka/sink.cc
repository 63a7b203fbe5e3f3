#include "penstock/io/kafka/kafka.h"
#include "penstock/io/kafka/producer.h"

namespace penstock::kafka {
namespace {

Status check(const SinkOptions& options) {
  if (options.topic.empty()) return Status::invalid_argument("SinkOptions::topic is empty");
  if (options.delivery_timeout.count() <= 0) {
    return Status::invalid_argument("SinkOptions::delivery_timeout must be above 0");
  }
  if (options.linger.count() < 0 || options.linger >= options.delivery_timeout) {
    return Status::invalid_argument("SinkOptions::linger must be from 0 to below delivery_timeout");
  }
  if (options.buffer_bytes < (std::size_t{1} << 20)) {
    return Status::invalid_argument("SinkOptions::buffer_bytes is " +
                                    std::to_string(options.buffer_bytes) +
                                    "; it must be at least 1 MiB");
  }
  return internal::check_properties(options.connection.properties);
}

class KafkaSink final : public ByteSink {
 public:
  explicit KafkaSink(SinkOptions options) : options_(std::move(options)) {}

  std::string name() const override { return "kafka " + options_.topic; }
  Result<std::unique_ptr<ByteWriter>> open(const SinkContext& context) const override {
    if (Status status = check(options_); !status.ok()) return status.with_place(name());
    return internal::Producer::open(options_, name(), context);
  }

 private:
  SinkOptions options_;
};

}  // namespace

std::shared_ptr<const ByteSink> sink(SinkOptions options) {
  return std::make_shared<KafkaSink>(std::move(options));
}

}  // namespace penstock::kafka
