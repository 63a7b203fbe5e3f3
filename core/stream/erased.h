// core/stream/erased.h -- collectors and chains whose next link is known at run time only: one indirect call a link.
//
// Used where a plan is made while running (side outputs, shared streams, SQL). A fused Chain is the rule elsewhere.
// Ownership  AnyCollector borrows its target; DynamicChain owns its operators.
#pragma once

#include <concepts>
#include <memory>
#include <utility>
#include <vector>

#include "penstock/core/stream/record.h"

namespace penstock {

template <class T>
class AnyCollector {
 public:
  AnyCollector() noexcept = default;  // Takes records and drops them.

  template <class Out>
    requires(!std::same_as<
                Out,
                AnyCollector>)  // Without it a copy would wrap the original: endless recursion.
  explicit AnyCollector(Out& out) noexcept
      : target_(&out), collect_([](void* target, const Record<T>& record) noexcept {
          static_cast<Out*>(target)->collect(record);
        }) {}

  void collect(const Record<T>& record) noexcept { collect_(target_, record); }

 private:
  void* target_ = nullptr;
  void (*collect_)(void*, const Record<T>&) noexcept = [](void*, const Record<T>&) noexcept {};
};

// Operators over one record type in a row, put together at run time.
template <class T>
class DynamicChain {
 public:
  explicit DynamicChain(AnyCollector<T> out) noexcept : out_(out) {}
  // Links point at each other: a chain stays where it was built.
  DynamicChain(const DynamicChain&) = delete;
  DynamicChain& operator=(const DynamicChain&) = delete;

  // Adds an operator with `on_record(const Record<T>&, AnyCollector<T>&)` behind those already there.
  template <class Operator>
  void append(Operator op) {
    // lint: allow(hot) while the chain is put together
    auto link = std::make_unique<LinkOf<Operator>>(std::move(op), out_);
    if (links_.empty()) {
      head_ = AnyCollector<T>(*link);
    } else {
      links_.back()->next = AnyCollector<T>(*link);
    }
    links_.push_back(std::move(link));
  }

  void collect(const Record<T>& record) noexcept {
    if (links_.empty()) {
      out_.collect(record);
    } else {
      head_.collect(record);
    }
  }

 private:
  struct Link {
    explicit Link(AnyCollector<T> out) noexcept : next(out) {}
    virtual ~Link() = default;
    AnyCollector<T> next;
  };
  template <class Operator>
  struct LinkOf final : Link {
    LinkOf(Operator op_in, AnyCollector<T> out) : Link(out), op(std::move(op_in)) {}
    void collect(const Record<T>& record) noexcept { op.on_record(record, this->next); }
    Operator op;
  };

  AnyCollector<T> out_;
  AnyCollector<T> head_;
  std::vector<std::unique_ptr<Link>> links_;
};

}  // namespace penstock
