// tests/sim/sim_kafka.h -- a cluster (sim_broker.h), a network and the client library for simulated jobs: with lost
// answers, late requests, errors, brokers that are away, and processes that die in the middle of a call.
//
// Faults     Each kind is drawn from the seed, at the places where it can happen; hits() counts those that did.
// Processes  A client belongs to a process. What a process asks after it has died reaches nobody; what is on its way
//            then may still arrive.
// Time       The virtual clock's. A call that waits lets it pass, and the network goes on meanwhile.
// Threads    One. step() moves what is on its way and gives clients their reports.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/clock.h"
#include "penstock/core/base/random.h"
#include "penstock/io/kafka/retrying_client.h"
#include "penstock/tests/sim/sim_broker.h"

namespace penstock::sim {

enum class KafkaFault : std::uint8_t {
  kInitAnswerLost,      // The client asks again.
  kMarkerUnread,        // The topic of markers cannot be read in time.
  kForeignTransaction,  // Of another job, in the topic of markers.
  kRecordAnswerLost,    // The client sends it again.
  kRecordRefused,       // For good: the transaction has to be aborted.
  kQueueFull,           // Of the client.
  kCommitLost,          // Never arrives; the client gets no answer.
  kCommitAnswerLost,    // It is done; the client gets no answer.
  kCommitLate,          // Arrives later, if need be when the process is gone.
  kCommitSentTwice,  // As the connection broke; the first copy arrives later, with another transaction begun.
  kCommitRefused,       // The transaction has to be aborted.
  kDiesBeforeCommit,    // The process, with the request not sent.
  kDiesAwaitingCommit,  // And with it on its way.
  kDiesAfterCommit,     // And with it done.
  kFatal,               // An error after which the client is of no use, of whatever cause.
  kAbortLost,           // Never arrives.
  kRecordsBehindDeath,  // Of a process that has died.
  kBrokersAway,
};
inline constexpr std::size_t kKafkaFaults = 18;
std::string_view name_of(KafkaFault fault) noexcept;

// What must not be so, and that a test has to find.
enum class KafkaDefect : std::uint8_t {
  kNoFencing,      // Brokers let those write who were overtaken.
  kMarkerOutside,  // The marker is no part of the transaction.
};

class SimKafka {
 public:
  using Hits = std::array<std::uint64_t, kKafkaFaults>;

  // One that lives: it dies when it is told, or when `lives` says so.
  struct Process {
    std::function<bool()> lives = [] { return true; };
    std::function<void()> on_death = [] {};  // In the middle of a call.
    // A client of it is about to go on under another producer epoch.
    std::function<void()> on_doubt = [] {};
    bool dead = false;

    bool is_dead() { return dead = dead || !lives(); }
  };

  SimKafka(std::uint64_t seed, VirtualClock& clock);
  ~SimKafka();

  SimBroker& broker() noexcept { return broker_; }
  kafka::internal::MakeTransactionClient maker(const std::shared_ptr<Process>& process);

  void have(KafkaDefect defect);
  void step();
  // Lets time pass, with steps.
  void pass(std::chrono::nanoseconds time);
  // From now on nothing is drawn, and all that is on its way arrives.
  void rest();
  void kill(Process& process);
  void go_away(std::chrono::nanoseconds time);
  const Hits& hits() const noexcept { return hits_; }
  // Commits that came late: done, and refused because another start had taken over.
  std::uint64_t late_commits_done() const noexcept { return late_done_; }
  std::uint64_t late_commits_refused() const noexcept { return late_refused_; }
  // Clients that went on under another producer epoch.
  std::uint64_t made_anew() const noexcept { return made_anew_; }
  // Requests of those whose name another start has taken over.
  std::uint64_t fenced() const noexcept { return fenced_; }

 private:
  class Client;
  struct OnItsWay {
    Instant arrives;
    std::function<void()> effect;
  };

  bool hit(KafkaFault fault);
  bool away() const noexcept { return clock_.now() < back_at_; }
  void send(std::function<void()> effect);
  void begin_foreign_transaction();
  void write_outside(const KafkaRecord& marker);
  std::chrono::nanoseconds some_time();

  Random random_;
  VirtualClock& clock_;
  SimBroker broker_;
  std::array<double, kKafkaFaults> chances_{};
  Hits hits_{};
  bool rests_ = false;
  bool marker_outside_ = false;
  Instant back_at_{};
  std::vector<Client*> clients_;
  std::vector<OnItsWay> network_;
  std::uint64_t foreigners_ = 0;
  std::uint64_t late_done_ = 0;
  std::uint64_t late_refused_ = 0;
  std::uint64_t made_anew_ = 0;
  std::uint64_t fenced_ = 0;
};

}  // namespace penstock::sim
