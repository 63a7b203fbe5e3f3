#include "penstock/io/kafka/stable_ends.h"

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

bool has_no_ends(rd_kafka_resp_err_t error) noexcept {
  return error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
         error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
         error == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION;
}

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
  for (const TopicState& topic : found) {
    if (has_no_ends(topic.error)) continue;
    if (topic.error != RD_KAFKA_RESP_ERR_NO_ERROR) return no_answer(trouble, topic.error);
    for (std::int32_t i = 0; i < topic.partitions; ++i)
      questions.push_back({.topic = topic.name, .partition = i});
  }
  return questions;
}

// The ends of all of them, or none.
Status ask(Cluster& cluster, std::vector<OffsetQuestion>& questions, const Trouble& trouble,
           milliseconds timeout) {
  const rd_kafka_resp_err_t error = cluster.offsets(questions, timeout);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return no_answer(trouble, error);
  for (const OffsetQuestion& each : questions)
    if (each.error != RD_KAFKA_RESP_ERR_NO_ERROR) return no_answer(trouble, each.error);
  return Status();
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
  PENSTOCK_RETURN_IF_ERROR(ask(**all, *ends, *trouble, timeout));
  return StableEnds(trouble, std::move(*committed), std::move(*ends));
}

Result<std::vector<StableEnds::Behind>> StableEnds::behind(milliseconds timeout) {
  std::vector<OffsetQuestion> now = ends_;
  for (OffsetQuestion& each : now) each.at = kAtEnd;
  PENSTOCK_RETURN_IF_ERROR(ask(*committed_, now, *trouble_, timeout));
  std::vector<Behind> behind;
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (now[i].offset < ends_[i].offset)
      behind.push_back({now[i].topic, now[i].partition, now[i].offset, ends_[i].offset});
  }
  return behind;
}

}  // namespace penstock::kafka::internal
