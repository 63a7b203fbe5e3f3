#include "penstock/io/kafka/stable_ends.h"

#include <algorithm>
#include <utility>

namespace penstock::kafka::internal {
namespace {

using std::chrono::milliseconds;

constexpr const char* kIsolation = "isolation.level";

Status no_answer(const Trouble& trouble, rd_kafka_resp_err_t error) {
  const std::string text = trouble.text();
  return {StatusCode::kUnavailable,
          trouble.place() + ": the ends of its topics are not known: " +
              (text.empty() ? std::string(rd_kafka_err2str(error)) : text)};
}

// Whatever is not there is not asked for.
Result<std::vector<OffsetQuestion>> partitions_of(Cluster& cluster,
                                                  const std::vector<std::string>& topics,
                                                  const Trouble& trouble, milliseconds timeout) {
  SourceOptions named;
  named.topics = topics;
  const Result<TopicChoice> choice = TopicChoice::make(named);
  if (!choice.ok()) return choice.status();
  std::vector<TopicState> found;
  const rd_kafka_resp_err_t error = cluster.topics(*choice, timeout, found);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return no_answer(trouble, error);
  std::vector<OffsetQuestion> questions;
  for (const TopicState& topic : found)
    for (std::int32_t i = 0; i < topic.partitions; ++i)
      questions.push_back({.topic = topic.name, .partition = i});
  return questions;
}

}  // namespace

Result<StableEnds> StableEnds::note(const Connection& connection,
                                    const std::vector<std::string>& topics,
                                    const std::shared_ptr<Trouble>& trouble, milliseconds timeout) {
  auto all = Cluster::make(connection, trouble, {{kIsolation, "read_uncommitted"}});
  if (!all.ok()) return all.status();
  auto committed = Cluster::make(connection, trouble, {{kIsolation, "read_committed"}});
  if (!committed.ok()) return committed.status();
  auto ends = partitions_of(**all, topics, *trouble, timeout);
  if (!ends.ok()) return ends.status();
  const rd_kafka_resp_err_t error = (*all)->offsets(*ends, timeout);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return no_answer(*trouble, error);
  std::erase_if(*ends, [](const OffsetQuestion& each) {
    return each.error != RD_KAFKA_RESP_ERR_NO_ERROR || each.offset < 0;
  });
  return StableEnds(std::move(*committed), std::move(*ends));
}

Result<std::vector<StableEnds::Behind>> StableEnds::behind(milliseconds timeout) {
  std::vector<OffsetQuestion> now = ends_;
  for (OffsetQuestion& each : now) each.at = kAtEnd;
  const rd_kafka_resp_err_t error = committed_->offsets(now, timeout);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
    return Status(StatusCode::kUnavailable,
                  std::string("the ends of topics are not known: ") + rd_kafka_err2str(error));
  std::vector<Behind> behind;
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (now[i].error == RD_KAFKA_RESP_ERR_NO_ERROR && now[i].offset < ends_[i].offset)
      behind.push_back({now[i].topic, now[i].partition, now[i].offset, ends_[i].offset});
  }
  return behind;
}

}  // namespace penstock::kafka::internal
