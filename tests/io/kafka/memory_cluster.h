// tests/io/kafka/memory_cluster.h -- a cluster in memory with transactions: fencing, open and aborted records, markers,
// and answers that are lost; for clients that have a thread.
//
// Threads    A lock around all of it, as a broker would be.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "penstock/io/kafka/transaction_client.h"

namespace penstock::test {

class MemoryCluster {
 public:
  enum class Fate { kDone, kRefused, kAnswerLost };

  // What readers of committed records see.
  std::vector<std::string> committed(const std::string& topic) const {
    const std::lock_guard lock(mutex_);
    const auto found = committed_.find(topic);
    return found == committed_.end() ? std::vector<std::string>() : found->second;
  }
  std::size_t open_records() const {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const auto& [id, transaction] : open_) count += transaction.records.size();
    return count;
  }
  // Of the next commit.
  void set_fate(Fate fate) {
    const std::lock_guard lock(mutex_);
    fate_ = fate;
  }
  // Brokers answer no more until it is set to true again.
  void set_answers(bool answers) {
    const std::lock_guard lock(mutex_);
    answers_ = answers;
    changed_.notify_all();
  }
  void refuse_records(rd_kafka_resp_err_t error) {
    const std::lock_guard lock(mutex_);
    record_error_ = error;
  }

  // How many records a client takes that are not reported yet.
  void limit_room(std::size_t records) {
    const std::lock_guard lock(mutex_);
    room_ = records;
  }
  // How often one was given several at once.
  std::size_t times_together() const {
    const std::lock_guard lock(mutex_);
    return times_together_;
  }

  // Of the only job.
  std::optional<kafka::internal::Marker> marker() const {
    const std::lock_guard lock(mutex_);
    return markers_.empty() ? std::nullopt : std::optional(markers_.begin()->second);
  }

  kafka::internal::MakeTransactionClient maker() {
    return [this](const kafka::internal::TransactionClientOptions& options)
               -> Result<std::unique_ptr<kafka::internal::TransactionClient>> {
      return std::unique_ptr<kafka::internal::TransactionClient>(
          std::make_unique<Client>(*this, options.id));
    };
  }

 private:
  using Reports = kafka::internal::DeliveryReports;
  using Marker = kafka::internal::Marker;

  struct Transaction {
    std::uint64_t producer = 0;  // The epoch of who may write.
    std::vector<std::pair<std::string, std::string>> records;
    std::optional<Marker> marker;
  };

  class Client final : public kafka::internal::TransactionClient {
   public:
    Client(MemoryCluster& kafka, std::string id) : kafka_(kafka), id_(std::move(id)) {}

    Status start() override {
      const std::lock_guard lock(kafka_.mutex_);
      Transaction& transaction = kafka_.open_[id_];
      own_ = ++transaction.producer;
      transaction.records.clear();
      transaction.marker.reset();
      return Status();
    }
    Result<std::optional<Marker>> read_marker() override {
      const std::lock_guard lock(kafka_.mutex_);
      const auto found = kafka_.markers_.find(id_);
      return found == kafka_.markers_.end() ? std::nullopt : std::optional(found->second);
    }
    Result<Topic> open_topic(const kafka::SinkOptions& options, const std::string&) override {
      const std::lock_guard lock(kafka_.mutex_);
      topics_.push_back(options.topic);
      return topics_.size() - 1;
    }
    Status begin() override { return Status(); }
    rd_kafka_resp_err_t produce(Topic topic, kafka::internal::OutgoingBatch& batch,
                                Reports& reports) noexcept override {
      const auto& entry = batch.front();
      return take(topic, batch.value_of(entry), entry.value_bytes, entry.key_bytes, reports);
    }
    std::span<const rd_kafka_message_t> produce_plain(Topic topic,
                                                      kafka::internal::OutgoingBatch& batch,
                                                      std::size_t most,
                                                      Reports& reports) noexcept override {
      const auto no_opaque = [](void*, const kafka::internal::OutgoingBatch::Entry&) -> void* {
        return nullptr;
      };
      const auto messages = batch.prepare_plain(most, no_opaque, nullptr);
      bool is_full = false;  // Then those behind are not tried.
      for (rd_kafka_message_t& each : messages) {
        each.err = is_full ? RD_KAFKA_RESP_ERR__QUEUE_FULL
                           : take(topic, each.payload, each.len, each.key_len, reports);
        is_full = each.err == RD_KAFKA_RESP_ERR__QUEUE_FULL;
      }
      const std::lock_guard lock(kafka_.mutex_);
      kafka_.times_together_ += messages.size() > 1 ? 1 : 0;
      return messages;
    }
    rd_kafka_resp_err_t take(Topic topic, const void* bytes, std::size_t size,
                             std::size_t key_bytes, Reports& reports) noexcept {
      const std::lock_guard lock(kafka_.mutex_);
      if (waiting_.size() >= kafka_.room_) return RD_KAFKA_RESP_ERR__QUEUE_FULL;
      const std::string value(static_cast<const char*>(bytes), size);
      const bool fenced = is_fenced();
      const auto error = fenced ? RD_KAFKA_RESP_ERR__FENCED : kafka_.record_error_;
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        kafka_.open_[id_].records.emplace_back(topics_[topic], value);
      waiting_.push_back({&reports, {error, 0, key_bytes + size}});
      gave_up_ = gave_up_ || error != RD_KAFKA_RESP_ERR_NO_ERROR;
      kafka_.changed_.notify_all();
      return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    Status mark(const Marker& marker) override {
      const std::lock_guard lock(kafka_.mutex_);
      kafka_.open_[id_].marker = marker;
      return Status();
    }
    Status commit() override {
      poll(std::chrono::milliseconds(0));
      const std::lock_guard lock(kafka_.mutex_);
      if (std::exchange(gave_up_, false)) return {StatusCode::kUnavailable, "a record is missing"};
      if (is_fenced()) return Status::failed_precondition("fenced");
      const Fate fate = std::exchange(kafka_.fate_, Fate::kDone);
      Transaction& transaction = kafka_.open_[id_];
      if (fate != Fate::kRefused) {
        for (auto& [topic, value] : transaction.records) kafka_.committed_[topic].push_back(value);
        if (transaction.marker) kafka_.markers_[id_] = *transaction.marker;
        transaction.records.clear();
      }
      return fate == Fate::kDone ? Status() : Status(StatusCode::kUnavailable, "no answer");
    }
    void abort() noexcept override {
      const std::lock_guard lock(kafka_.mutex_);
      if (!is_fenced()) kafka_.open_[id_].records.clear();
    }
    void poll(std::chrono::milliseconds timeout) noexcept override {
      std::vector<std::pair<Reports*, Reports::Report>> ready;
      {
        std::unique_lock lock(kafka_.mutex_);
        kafka_.changed_.wait_for(lock, timeout,
                                 [this] { return kafka_.answers_ && !waiting_.empty(); });
        if (kafka_.answers_) ready.swap(waiting_);
      }
      for (const auto& [reports, report] : ready) reports->reported(report);
    }
    void cancel() noexcept override {}
    Status fatal() const override {
      const std::lock_guard lock(kafka_.mutex_);
      return is_fenced() ? Status::failed_precondition("another start has taken over") : Status();
    }
    std::string trouble() const override { return {}; }

   private:
    bool is_fenced() const { return own_ != 0 && kafka_.open_.at(id_).producer != own_; }

    MemoryCluster& kafka_;
    const std::string id_;
    std::uint64_t own_ = 0;
    bool gave_up_ = false;  // A record of the transaction under way.
    std::vector<std::string> topics_;
    std::vector<std::pair<Reports*, Reports::Report>> waiting_;
  };

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Transaction> open_;
  std::map<std::string, std::vector<std::string>> committed_;
  std::map<std::string, Marker> markers_;
  Fate fate_ = Fate::kDone;
  bool answers_ = true;
  std::size_t room_ = 1'000'000;
  std::size_t times_together_ = 0;
  rd_kafka_resp_err_t record_error_ = RD_KAFKA_RESP_ERR_NO_ERROR;
};

}  // namespace penstock::test
