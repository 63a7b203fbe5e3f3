// core/runtime/chain_body.h -- the body of a stage: an input, a fused chain, and the task's outputs.
//
// Input      One of ExchangeInput<T>, SourceInput<S> or another class of their shape.
// Out        What the chain ends in: a gate owned by `outputs`, or NoOutput when a sink is the last operator.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "penstock/core/base/notice.h"
#include "penstock/core/runtime/stage_outputs.h"
#include "penstock/core/stream/chain.h"
#include "penstock/core/stream/stage_body.h"
#include "penstock/core/stream/user_error.h"

namespace penstock {

// The end of a chain that emits nothing.
struct NoOutput {
  template <class T>
  void collect(const Record<T>&) noexcept {}
  void watermark(EventTime) noexcept {}
  void idle() noexcept {}
};

// Sends what it gets to several collectors: a stream that is read more than once.
template <class T>
class FanOut {
 public:
  template <class Gate>
  void add(Gate& gate) {
    targets_.push_back(AnyCollector<T>(gate));
  }
  void collect(const Record<T>& record) noexcept {
    for (AnyCollector<T>& target : targets_) target.collect(record);
  }
  void watermark(EventTime) noexcept {}
  void idle() noexcept {}

 private:
  std::vector<AnyCollector<T>> targets_;
};

template <class Input, class Out, class... Ops>
class ChainBody final : public StageBody {
 public:
  ChainBody(Input input, std::unique_ptr<StageOutputs> outputs, Out* out,
            std::vector<SideOutputSlot> sides, std::vector<std::shared_ptr<void>> owned, Ops... ops)
      : input_(std::move(input)),
        outputs_(std::move(outputs)),
        sides_(std::move(sides)),
        owned_(std::move(owned)),
        end_{out, outputs_.get(), kMinEventTime},
        chain_(end_, std::move(ops)...) {}

  Status open(const TaskContext& context) override {
    TaskContext own = context;
    own.side_outputs = sides_;
    own.credit = &outputs_->credit();
    failure_ = own.failure;
    failure_->takes(outputs_->credit());
    outputs_->open(own);
    if (own.takes_snapshots && own.task_index == 0) tell_what_may_be_lost(own);
    PENSTOCK_RETURN_IF_ERROR(guarded_status("open", [&] { return chain_.open(own); }));
    return guarded_status("open", [&] { return input_.open(own); });
  }
  std::size_t input_channels() const override { return input_.channels(); }
  std::size_t time_channels() const override {
    if constexpr (requires { input_.time_channels(); }) return input_.time_channels();
    return input_.channels();
  }
  bool ready() noexcept override { return outputs_->ready() && chain_.ready(); }
  Turn poll(Instant now, std::size_t budget) override {
    chain_.begin_batch(now);
    const std::size_t records =
        chain_.falls_behind() ? std::max<std::size_t>(budget / kBehindShare, 1) : budget;
    try {
      const Turn turn = input_.poll(now, records, chain_, outputs_->credit());
      chain_.hand_on();
      return turn;
    } catch (...) {  // Operators catch for themselves: only a source can throw here.
      chain_.hand_on();
      failure_->set(user_error("source", std::current_exception()));
      return {};
    }
  }
  bool stop_reading() noexcept override {
    if constexpr (requires { input_.stop(); }) {
      input_.stop();
      return true;
    } else {
      return false;
    }
  }
  void block_channel(std::size_t channel, bool blocked) noexcept override {
    input_.block(channel, blocked);
  }
  void leave_inputs() noexcept override {
    if constexpr (requires { input_.leave(); }) input_.leave();
  }
  bool is_unread() const noexcept override {
    // What ends in a sink is done for the sink.
    return !std::is_same_v<Out, NoOutput> && outputs_->is_unread();
  }
  void watermark(EventTime time) noexcept override { chain_.watermark(time); }
  void idle() noexcept override { chain_.idle(); }
  void barrier(Epoch epoch) noexcept override {
    chain_.on_barrier(epoch);
    outputs_->control(ElementHeader::barrier(epoch));
    outputs_->publish();
  }
  bool end_batch(Instant now, std::size_t fire_budget) noexcept override {
    chain_.end_batch(now);
    const bool more = chain_.fire(fire_budget);
    outputs_->publish();
    return more;
  }
  std::chrono::microseconds skew_limit() const noexcept override { return chain_.skew_limit(); }
  Instant wake_at() const noexcept override { return chain_.wake_at(); }
  Status close() override {
    Status status = guarded_status("close", [this] { return chain_.close(); });
    outputs_->control(ElementHeader::end());
    outputs_->publish();
    return status;
  }
  Status release() override {
    return guarded_status("close", [this] { return input_.close(); });
  }
  void capture(Epoch epoch, SnapshotWriter& out) noexcept override {
    if constexpr (requires { input_.capture(epoch, out); }) {
      out.select_operator(kInput);
      input_.capture(epoch, out);
    }
    chain_.capture(epoch, out);
  }
  bool capture_more(std::size_t budget, SnapshotWriter& out) noexcept override {
    return chain_.capture_more(budget, out);
  }
  std::size_t copied_bytes() const noexcept override { return chain_.copied_bytes(); }
  bool captured() const noexcept override {
    if constexpr (requires { input_.captured(); }) {
      if (!input_.captured()) return false;
    }
    return chain_.captured();
  }
  void cancel_capture() noexcept override { chain_.cancel_capture(); }
  Status restore(const SnapshotItem& item, bool& known) override {
    known = false;
    if constexpr (requires { input_.restore(item); }) {
      if (item.operator_id == kInput) {
        known = true;
        return guarded_status("restore", [&] { return input_.restore(item); });
      }
    }
    return guarded_status("restore", [&] { return chain_.restore(item, known); });
  }
  Status restored() override {
    if constexpr (requires { input_.restored(); })
      PENSTOCK_RETURN_IF_ERROR(guarded_status("restore", [this] { return input_.restored(); }));
    return guarded_status("restore", [this] { return chain_.restored(); });
  }
  EventTime sent_watermark() const noexcept override { return end_.sent; }
  void send_watermark(EventTime time) noexcept override {
    end_.watermark(time);
    outputs_->publish();
  }
  void committed(Epoch epoch) noexcept override { chain_.committed(epoch); }
  bool flushed() noexcept override { return outputs_->flushed(); }
  void request_space() noexcept override { outputs_->request_space(); }
  std::size_t queued_elements() const noexcept override { return input_.queued(); }
  std::size_t queue_capacity() const noexcept override { return input_.capacity(); }

 private:
  static constexpr std::string_view kInput = "input";
  // Of a batch: what is due then gets most of each step, and steps do not get longer.
  static constexpr std::size_t kBehindShare = 8;

  void tell_what_may_be_lost(const TaskContext& context) {
    if constexpr (requires { input_.keeps_log(); }) {
      if (input_.keeps_log() && !context.source_log.folder.empty()) return;
    }
    if constexpr (requires { input_.what_may_be_lost(); }) {
      const std::string text = input_.what_may_be_lost();
      if (!text.empty()) context.notices->post({Severity::kWarning, context.stage_name, text});
    }
  }

  // Records go to the chain's own output; watermarks and idleness to every output, side outputs too.
  struct End {
    static constexpr bool kLeavesTask = !std::is_same_v<Out, NoOutput>;

    Out* out;
    StageOutputs* outputs;
    EventTime sent = kMinEventTime;
    template <class T>
    void collect(const Record<T>& record) noexcept {
      out->collect(record);
    }
    void watermark(EventTime time) noexcept {
      sent = time;
      outputs->control(ElementHeader::watermark(time));
    }
    void idle() noexcept { outputs->control(ElementHeader::idle()); }
  };

  Input input_;
  std::unique_ptr<StageOutputs> outputs_;
  std::vector<SideOutputSlot> sides_;
  std::vector<std::shared_ptr<void>> owned_;  // Collectors that `sides_` and `out` point at.
  End end_;
  Chain<End, Ops...> chain_;
  TaskFailure* failure_ = nullptr;
};

}  // namespace penstock
