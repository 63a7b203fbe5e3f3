// core/plan/exchange.h -- how a stage's output is spread over the tasks of the next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "penstock/core/base/ids.h"
#include "penstock/core/ring/parker.h"

namespace penstock {

enum class ExchangeKind : std::uint8_t {
  kForward,    // Task i to task i; becomes kRebalance when the two stages differ in parallelism.
  kHash,       // To the owner of the key's group.
  kBroadcast,  // To every task.
  kRebalance,  // In turn.
};

std::string_view exchange_kind_name(ExchangeKind kind) noexcept;

// The rings of one exchange, seen without their element type. Built before any worker runs, fixed afterwards.
class ChannelSet {
 public:
  virtual ~ChannelSet() = default;
  // Says which workers stand at the ends of ring producer -> consumer; null where both are the same worker, which
  // then needs no waking. REQUIRES: called before the first element.
  virtual void connect(std::uint32_t producer, std::uint32_t consumer, Parker* producer_parker,
                       Parker* consumer_parker) = 0;
  virtual bool has_channel(std::uint32_t producer, std::uint32_t consumer) const = 0;
};

struct ChannelSetShape {
  std::uint32_t producers = 1;
  std::uint32_t consumers = 1;
  ExchangeKind kind = ExchangeKind::kForward;
  std::size_t slots = 4096;  // Per ring; a power of two.
  // Beside the slots, where the records are rows; a power of two.
  std::size_t bytes = std::size_t{1} << 20;
};

struct ExchangeSpec {
  StageId from;
  std::uint32_t output = 0;  // Which output of `from`.
  StageId to;
  ExchangeKind kind = ExchangeKind::kForward;
  std::function<std::unique_ptr<ChannelSet>(const ChannelSetShape&)> make_channels;
};

}  // namespace penstock
