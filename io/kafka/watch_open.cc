// How a reader begins: finds its topics, asks where to start, and starts there.
#include <algorithm>
#include <utility>

#include "penstock/io/kafka/watch.h"

namespace penstock::kafka::internal {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kShareBytesMin = std::size_t{64} << 10;
constexpr std::size_t kFetchBytesMin = std::size_t{16} << 10;
constexpr std::size_t kFetchBytesMax = std::size_t{1} << 20;
constexpr std::size_t kQueuedKilobytesMax = 2'097'151;

milliseconds left_until(Steady::time_point deadline) {
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - Steady::now());
  return std::max(left, milliseconds(1));
}

Properties reading_properties(const SourceOptions& options, std::size_t share_bytes) {
  const std::size_t kilobytes = std::min(share_bytes >> 10, kQueuedKilobytesMax);
  Properties own = {{"enable.auto.commit", "false"},
                    {"enable.auto.offset.store", "false"},
                    {"auto.offset.reset", "error"},
                    {"enable.partition.eof", "false"},
                    {"queued.min.messages", "10000000"},
                    {"queued.max.messages.kbytes", std::to_string(kilobytes)},
                    {"topic.metadata.refresh.interval.ms", "1000"},
                    {"topic.metadata.refresh.fast.interval.ms", "100"}};
  // Small enough that one answer does not fill the share; a longer record comes all the same.
  const std::size_t fetch = std::clamp(share_bytes / 4, kFetchBytesMin, kFetchBytesMax);
  // A partition that is started while a fetch of others waits has to wait for its end: 100 ms, not 500.
  const Properties unless_given = {{"check.crcs", "true"},
                                   {"fetch.wait.max.ms", "100"},
                                   {"fetch.min.bytes", "1"},
                                   {"fetch.error.backoff.ms", "50"},
                                   {"fetch.message.max.bytes", std::to_string(fetch)}};
  const auto given = [&](const std::string& name) {
    return options.connection.properties.contains(name);
  };
  for (const auto& each : unless_given) {
    const bool same = each.first == "fetch.message.max.bytes" && given("max.partition.fetch.bytes");
    if (!given(each.first) && !same) own.push_back(each);
  }
  return own;
}

bool is_refusal(rd_kafka_resp_err_t error) noexcept {
  return error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
         error == RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION;
}

std::string place_of(const OffsetQuestion& question) {
  return "kafka " + question.topic + "/" + std::to_string(question.partition);
}

struct AskAt {
  std::int64_t operator()(const FromLatest&) const { return kAtEnd; }
  std::int64_t operator()(const FromEarliest&) const { return kAtBeginning; }
  std::int64_t operator()(const FromOffsets&) const { return kAtBeginning; }
  std::int64_t operator()(const FromTime& from) const {
    // The brokers count milliseconds: the first that is not before it.
    const std::int64_t millis = from.time.micros / 1000 + (from.time.micros % 1000 > 0 ? 1 : 0);
    return millis < 0 ? kAtBeginning : millis;
  }
};

}  // namespace

Status Watch::open() {
  const TimePoint deadline = SteadyClock::now() + options_.connection.start_timeout;
  Result<std::unique_ptr<Cluster>> cluster = Cluster::make(options_.connection, cluster_trouble_);
  if (!cluster.ok()) return cluster.status();
  cluster_ = std::move(*cluster);
  PENSTOCK_RETURN_IF_ERROR(find_topics(deadline));
  PENSTOCK_RETURN_IF_ERROR(check_named());
  PENSTOCK_RETURN_IF_ERROR(check_restored());
  std::vector<OffsetQuestion> questions = start_questions();
  PENSTOCK_RETURN_IF_ERROR(ask_start(questions, deadline));
  share_bytes_ =
      std::max(options_.buffer_bytes / std::max<std::size_t>(questions.size(), 1), kShareBytesMin);
  PENSTOCK_RETURN_IF_ERROR(open_reading());
  for (const OffsetQuestion& each : questions) {
    PENSTOCK_RETURN_IF_ERROR(begin(each));
  }
  answered_at_ = SteadyClock::now();
  publish();
  return Status();
}

Status Watch::find_topics(TimePoint deadline) {
  if (choice_.is_pattern()) {
    PENSTOCK_RETURN_IF_ERROR(
        await_topic(cluster_->client(), place_, "", left_until(deadline), *cluster_trouble_));
  }
  for (const std::string& topic : choice_.topics()) {
    PENSTOCK_RETURN_IF_ERROR(await_topic(cluster_->client(), "kafka " + topic, topic,
                                         left_until(deadline), *cluster_trouble_));
  }
  std::vector<TopicState> found;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR__TIMED_OUT;
  do {
    error = cluster_->topics(choice_, std::min(left_until(deadline), kAnswer), found);
  } while (error != RD_KAFKA_RESP_ERR_NO_ERROR && SteadyClock::now() < deadline);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return {StatusCode::kUnavailable, place_ + ": the brokers at " + options_.connection.brokers +
                                          " did not name their topics: " + rd_kafka_err2str(error)};
  }
  std::vector<std::string> names;
  for (const TopicState& each : found) {
    if (each.error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      topics_[each.name].partitions = each.partitions;
      names.push_back(each.name);
    }
  }
  if (!numbers_->learn(std::move(names))) {
    return Status::invalid_argument(place_ + ": more than " + std::to_string(kTopicsMax) +
                                    " topics; give a narrower pattern");
  }
  if (topics_.empty() && context_.task_index == 0) {
    say(Severity::kWarning, place_, "no topic matches yet; those that come are read");
  }
  return Status();
}

Status Watch::check_named() const {
  const auto* from = std::get_if<FromOffsets>(&options_.start);
  if (from == nullptr) return Status();
  for (const auto& [topic, offsets] : from->offsets) {
    const auto known = topics_.find(topic);
    if (known == topics_.end()) {
      return Status::invalid_argument(place_ + ": FromOffsets names topic '" + topic +
                                      "', which this source does not read");
    }
    for (const auto& [partition, offset] : offsets) {
      const std::string which =
          "FromOffsets names partition " + std::to_string(partition) + " of '" + topic + "'";
      if (partition < 0 || partition >= known->second.partitions) {
        return Status::invalid_argument(place_ + ": " + which + ", which has " +
                                        std::to_string(known->second.partitions));
      }
      if (offset < 0) {
        return Status::invalid_argument(place_ + ": " + which + " with offset " +
                                        std::to_string(offset) + "; offsets begin with 0");
      }
    }
  }
  return Status();
}

void Watch::restore(Positions positions) { restored_ = std::move(positions); }

// What a snapshot has and the brokers have not.
Status Watch::check_restored() {
  if (!restored_) return Status();
  for (const auto& [name, position] : *restored_) {
    const auto known = topics_.find(name.topic);
    if (known != topics_.end() && name.partition < known->second.partitions) continue;
    const std::string place = "kafka " + name.topic + "/" + std::to_string(name.partition);
    const std::string text = "was read up to offset " + std::to_string(position.next) +
                             " and is not there, or is no longer chosen by this source";
    if (options_.on_data_loss == OnDataLoss::kFail) {
      return Status::data_error(place + ": " + text +
                                "; to go on without it set SourceOptions::on_data_loss to "
                                "kEarliest or kLatest");
    }
    say(Severity::kError, place, text + "; its position is dropped");
  }
  return Status();
}

// What a snapshot says was read is compared with what is there before anything is taken.
Status Watch::begin(const OffsetQuestion& at) {
  PENSTOCK_RETURN_IF_ERROR(add(at.topic, at.partition));
  Watched& watched = *watched_.back();
  const Positions::const_iterator found =
      restored_ ? restored_->find({at.topic, at.partition}) : Positions::const_iterator();
  if (!restored_ || found == restored_->end()) return start_at(watched, at.offset);
  PENSTOCK_RETURN_IF_ERROR(start_at(watched, found->second.next));
  if (found->second.last.offset >= 0) watched.trusted = found->second.last;
  watched.doubtful = watched.resting = true;
  return Status();
}

std::vector<OffsetQuestion> Watch::start_questions() const {
  const std::int64_t at = restored_ ? kAtBeginning : std::visit(AskAt{}, options_.start);
  std::vector<OffsetQuestion> questions;
  for (const auto& [name, topic] : topics_) {
    for (std::int32_t i = 0; i < std::min(topic.partitions, kPartitionsMax); ++i) {
      if (task_of(name, i, context_.task_count) != context_.task_index) continue;
      questions.push_back({.topic = name, .partition = i, .at = at});
    }
  }
  return questions;
}

// Brokers that have just started know no leader for a moment.
Status Watch::ask_start(std::vector<OffsetQuestion>& questions, TimePoint deadline) {
  std::vector<OffsetQuestion> open = questions;
  questions.clear();
  const TimePoint tell_at = SteadyClock::now() + kSilence;
  bool told = false;
  while (!open.empty()) {
    (void)cluster_->offsets(open, std::min(left_until(deadline), kAnswer));
    std::vector<OffsetQuestion> again;
    for (OffsetQuestion& each : open) {
      if (each.error == RD_KAFKA_RESP_ERR_NO_ERROR && each.offset < 0 && each.at != kAtEnd) {
        each.at = kAtEnd;  // All that is there is older.
        again.push_back(each);
      } else if (each.error != RD_KAFKA_RESP_ERR_NO_ERROR || each.offset < 0) {
        again.push_back(each);
      } else {
        questions.push_back(each);
      }
    }
    open = std::move(again);
    if (open.empty() || stopping()) break;
    const OffsetQuestion& first = open.front();
    if (SteadyClock::now() >= deadline || is_refusal(first.error)) {
      const std::string trouble = cluster_trouble_->text();
      return {StatusCode::kUnavailable,
              place_of(first) + ": the brokers at " + options_.connection.brokers +
                  " did not say where it begins and ends: " + rd_kafka_err2str(first.error) +
                  (trouble.empty() ? "" : "; " + trouble)};
    }
    if (SteadyClock::now() >= tell_at && !std::exchange(told, true)) {
      say(Severity::kWarning, place_of(first),
          std::string("the brokers do not say where it begins and ends: ") +
              rd_kafka_err2str(first.error) + "; they are asked again until the start times out");
    }
    rd_kafka_poll(cluster_->client(), 20);
  }
  const auto* from = std::get_if<FromOffsets>(&options_.start);
  for (OffsetQuestion& each : questions) {
    if (from == nullptr || !from->offsets.contains(each.topic)) continue;
    const auto& named = from->offsets.at(each.topic);
    if (const auto found = named.find(each.partition); found != named.end()) {
      each.offset = found->second;
    }
  }
  return Status();
}

Status Watch::open_reading() {
  Result<Client> client = make_client(RD_KAFKA_CONSUMER, options_.connection,
                                      reading_properties(options_, share_bytes_), trouble_);
  if (!client.ok()) return client.status();
  client_ = std::move(*client);
  return Status();
}

Status Watch::add(const std::string& name, std::int32_t number) {
  Result<std::unique_ptr<Partition>> partition =
      Partition::make(client_.get(), name, number, numbers_->of(name, number), *context_.waker);
  if (!partition.ok()) return partition.status();
  watched_.push_back(std::make_unique<Watched>());
  watched_.back()->partition = std::move(*partition);
  return Status();
}

// Partitions end before their handle, and nothing of the client is left when the thread ends.
void Watch::close() noexcept {
  watched_.clear();
  client_.reset();
  cluster_.reset();
}

}  // namespace penstock::kafka::internal
