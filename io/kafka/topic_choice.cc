#include "penstock/io/kafka/topic_choice.h"

#include <regex.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace penstock::kafka::internal {

struct TopicChoice::Pattern {
  Pattern() = default;
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  ~Pattern() {
    if (compiled) ::regfree(&expression);
  }

  regex_t expression{};
  bool compiled = false;
};

namespace {

constexpr std::string_view kInternalTopics[] = {"__consumer_offsets", "__transaction_state",
                                                "__share_group_state", "__cluster_metadata"};

Status check_list(const std::vector<std::string>& topics) {
  std::vector<std::string> sorted = topics;
  std::sort(sorted.begin(), sorted.end());
  if (sorted.front().empty()) {
    return Status::invalid_argument("kafka source: SourceOptions::topics has an empty name");
  }
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice == sorted.end()) return Status();
  return Status::invalid_argument("kafka source: SourceOptions::topics has '" + *twice +
                                  "' twice; name each topic once");
}

Status bad_pattern(const std::string& pattern, int error, const regex_t& expression) {
  char reason[256] = "";
  ::regerror(error, &expression, reason, sizeof reason);
  return Status::invalid_argument("kafka source: SourceOptions::pattern '" + pattern +
                                  "' is no regular expression (POSIX, extended): " + reason);
}

}  // namespace

Result<TopicChoice> TopicChoice::make(const SourceOptions& options) {
  if (options.topics.empty() == options.pattern.empty()) {
    return Status::invalid_argument(std::string("kafka source: ") +
                                    (options.topics.empty()
                                         ? "neither SourceOptions::topics nor pattern is given"
                                         : "both SourceOptions::topics and pattern are given") +
                                    "; name the topics, or give a pattern");
  }
  TopicChoice choice;
  choice.topics_ = options.topics;
  if (!options.topics.empty()) {
    PENSTOCK_RETURN_IF_ERROR(check_list(options.topics));
    return choice;
  }
  const auto pattern = std::make_shared<Pattern>();
  const std::string whole = "^(" + options.pattern + ")$";
  // What is in parentheses only by ours, such as "a)(b", would pass: the bare one is compiled first.
  for (const std::string& text : {options.pattern, whole}) {
    if (pattern->compiled) ::regfree(&pattern->expression);
    const int error = ::regcomp(&pattern->expression, text.c_str(), REG_EXTENDED | REG_NOSUB);
    pattern->compiled = error == 0;
    if (error != 0) return bad_pattern(options.pattern, error, pattern->expression);
  }
  choice.pattern_ = pattern;
  return choice;
}

bool TopicChoice::takes(const std::string& topic) const {
  if (pattern_ == nullptr) return std::find(topics_.begin(), topics_.end(), topic) != topics_.end();
  if (std::find(std::begin(kInternalTopics), std::end(kInternalTopics), topic) !=
      std::end(kInternalTopics)) {
    return false;
  }
  return ::regexec(&pattern_->expression, topic.c_str(), 0, nullptr, 0) == 0;
}

std::string source_name(const SourceOptions& options) {
  if (!options.pattern.empty()) return "kafka topics like " + options.pattern;
  std::string name = "kafka ";
  for (const std::string& topic : options.topics) name += (name.size() > 6 ? "," : "") + topic;
  return name;
}

}  // namespace penstock::kafka::internal
