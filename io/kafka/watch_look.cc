// What a reader's watch sees when it looks: topics that come and go, lag, stalls.
#include <algorithm>
#include <utility>

#include "penstock/io/kafka/watch.h"

namespace penstock::kafka::internal {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTellStallAgain{60'000};

bool is_missing(rd_kafka_resp_err_t error) noexcept {
  return error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
         error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
}

std::string seconds_of(std::chrono::steady_clock::duration time) {
  const auto millis = std::chrono::duration_cast<milliseconds>(time).count();
  return std::to_string(millis / 1000) + "." + std::to_string(millis / 100 % 10) + " s";
}

}  // namespace

void Watch::look() {
  std::vector<TopicState> found;
  if (cluster_->topics(choice_, kAnswer, found) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return unanswered();
  }
  answered();
  if (stopping()) return;
  std::vector<std::string> names;
  for (const TopicState& each : found) {
    if (each.error == RD_KAFKA_RESP_ERR_NO_ERROR) names.push_back(each.name);
  }
  if (!numbers_->learn(std::move(names))) {
    return fail(Status::invalid_argument(place_ + ": more than " + std::to_string(kTopicsMax) +
                                         " topics; give a narrower pattern"));
  }
  for (const TopicState& each : found) see(each);
  for (auto& [name, topic] : topics_) {
    const bool named = std::any_of(found.begin(), found.end(),
                                   [&name = name](const auto& each) { return each.name == name; });
    if (!named) gone(name, topic);
  }
  measure();
  settle_doubts();
}

void Watch::unanswered() {
  const auto time = SteadyClock::now() - answered_at_;
  if (told_unanswered_ || time < std::min(options_.stall_after, kSilence) ||
      !trouble_->text().empty())
    return;
  told_unanswered_ = true;
  const std::string cause = cluster_trouble_->text();
  say(Severity::kWarning, place_,
      "the brokers at " + options_.connection.brokers + " have not answered for " +
          seconds_of(time) +
          (cause.empty() ? ": they are connected and silent; check their load and their log"
                         : ": " + cause));
}

void Watch::answered() {
  answered_at_ = SteadyClock::now();
  cluster_trouble_->over();
  if (std::exchange(told_unanswered_, false)) {
    doubt_all();
    say(Severity::kInfo, place_, "the brokers answer again");
  }
}

void Watch::see(const TopicState& state) {
  if (is_missing(state.error)) {
    const auto known = topics_.find(state.name);
    if (known != topics_.end()) gone(known->first, known->second);
    return;
  }
  Topic& topic = topics_[state.name];
  if (state.error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED && !topic.told_denied) {
    topic.told_denied = true;
    say(Severity::kError, "kafka " + state.name,
        "the brokers deny access to it; grant the user of this job the right to describe and read");
  }
  if (state.error != RD_KAFKA_RESP_ERR_NO_ERROR) return;  // Between two leaders; the next look.
  if (std::exchange(topic.told_denied, false)) {
    say(Severity::kInfo, "kafka " + state.name, "access is granted again");
  }
  if (topic.missing) came_back(state.name, topic);
  add_partitions(state.name, topic, state.partitions);
}

// A topic that comes back may be another one: nothing is read on before that is known.
void Watch::gone(const std::string& name, Topic& topic) {
  if (std::exchange(topic.missing, true)) return;
  for (const auto& each : watched_) {
    if (each->partition->topic() != name) continue;
    doubt(*each);
    each->resting = true;
  }
  publish();
  say(Severity::kError, "kafka " + name,
      "the topic is gone: it was deleted, or this user may no longer see it; reading goes on when "
      "it is back");
}

void Watch::came_back(const std::string& name, Topic& topic) {
  topic.missing = false;
  say(Severity::kWarning, "kafka " + name,
      "the topic is there again; what it holds is compared with what was read before");
}

void Watch::add_partitions(const std::string& name, Topic& topic, std::int32_t count) {
  if (count > kPartitionsMax) {
    return fail(Status::invalid_argument("kafka " + name + ": it has " + std::to_string(count) +
                                         " partitions; a source takes " +
                                         std::to_string(kPartitionsMax)));
  }
  if (count <= topic.partitions) return;
  std::vector<OffsetQuestion> questions;
  for (std::int32_t i = topic.partitions; i < count; ++i) {
    questions.push_back({.topic = name, .partition = i, .at = kAtBeginning});
  }
  (void)cluster_->offsets(questions, kAnswer);
  const auto unknown = [](const OffsetQuestion& each) {
    return each.error != RD_KAFKA_RESP_ERR_NO_ERROR || each.offset < 0;
  };
  // They have no leader yet: the next look.
  if (std::any_of(questions.begin(), questions.end(), unknown)) return;
  topic.partitions = count;
  for (const OffsetQuestion& each : questions) {
    if (task_of(name, each.partition, context_.task_count) != context_.task_index) continue;
    Status status = add(name, each.partition);
    if (status.ok()) status = start_at(*watched_.back(), each.offset);
    if (!status.ok()) return fail(std::move(status));
    say(Severity::kInfo, watched_.back()->partition->place(),
        "new; it is read from its beginning, offset " + std::to_string(each.offset));
  }
  publish();
}

void Watch::measure() {
  std::vector<OffsetQuestion> questions;
  std::vector<Watched*> asked;
  for (const auto& each : watched_) {
    if (topics_[each->partition->topic()].missing) continue;
    questions.push_back(
        {.topic = each->partition->topic(), .partition = each->partition->number()});
    asked.push_back(each.get());
  }
  (void)cluster_->offsets(questions, kAnswer);
  std::uint64_t lag = 0;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const bool known = questions[i].error == RD_KAFKA_RESP_ERR_NO_ERROR && questions[i].offset >= 0;
    if (known) measure_one(*asked[i], questions[i].offset);
    const std::int64_t read = std::max(asked[i]->partition->position(), asked[i]->nothing_before);
    lag += static_cast<std::uint64_t>(std::max<std::int64_t>(asked[i]->end - read, 0));
  }
  context_.counters->lag.set(lag);
}

void Watch::measure_one(Watched& watched, std::int64_t end) {
  Partition& partition = *watched.partition;
  const bool went_back = end < watched.end || end < partition.position();
  watched.end = end;
  if (went_back) watched.doubtful = true;
  if (watched.doubtful || watched.resting) return;
  const Fingerprint last = partition.last();
  if (last.offset >= 0) watched.trusted = last;
  check_stall(watched);
}

void Watch::check_stall(Watched& watched) {
  Partition& partition = *watched.partition;
  const std::int64_t position = partition.position();
  const TimePoint now = SteadyClock::now();
  const bool waits = watched.end > std::max(position, watched.nothing_before);
  if (position != watched.seen_position || !waits || partition.queued() > 0) {
    watched.seen_position = position;
    watched.moved_at = now;
    return;
  }
  if (now - watched.moved_at < options_.stall_after || !trouble_->text().empty()) return;
  const Found found = cluster_->first_at(partition.topic(), partition.number(), position, kAnswer);
  if (found.kind == Found::Kind::kEnd) {
    watched.nothing_before = found.offset;
    return;
  }
  if (found.kind == Found::Kind::kOutOfRange) {  // The client may not have noticed.
    (void)lose(watched, "");
    return;
  }
  if (partition.position() == position) tell_stall(watched, found);
}

// Records wait, and the client does not bring them: it is made to begin anew where it was.
void Watch::tell_stall(Watched& watched, const Found& found) {
  Partition& partition = *watched.partition;
  const TimePoint now = SteadyClock::now();
  const std::int64_t position = partition.position();
  if (watched.told_at == TimePoint{} || now - watched.told_at >= kTellStallAgain) {
    watched.told_at = now;
    std::string text = "no record for " + seconds_of(now - watched.moved_at) + " though " +
                       std::to_string(watched.end - position) + " wait: read up to offset " +
                       std::to_string(position) + ", the end is " + std::to_string(watched.end);
    text += found.kind == Found::Kind::kRefused
                ? std::string("; the broker says: ") + rd_kafka_err2str(found.error)
                : std::string("; check the leader of the partition");
    say(Severity::kWarning, partition.place(), text + "; its fetching is begun anew");
  }
  watched.moved_at = now;
  if (!partition.is_known(kAnswer)) return;
  if (Status status = partition.start(position); !status.ok()) fail(std::move(status));
}

}  // namespace penstock::kafka::internal
