#include "penstock/core/row/json_path.h"

#include <algorithm>

#include "penstock/core/row/json_text.h"

namespace penstock {

namespace {

constexpr JsonSyntax kSyntax{.single_quotes = true, .control_characters = true};
constexpr std::size_t kStepsMax = 200;

bool read_index(std::string_view text, std::size_t& number) noexcept {
  number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + static_cast<std::size_t>(c - '0');
  }
  return !text.empty() && text.size() <= 9;
}

// Between elements of an array that is being written.
void separate(std::string& out) {
  if (!out.empty() && out.back() != '[') out += ',';
}

}  // namespace

std::optional<JsonPath> JsonPath::parse(std::string_view text) {
  if (text.empty() || text[0] != '$') return std::nullopt;
  text.remove_prefix(1);
  JsonPath path;
  while (!text.empty() && path.steps_.size() < kStepsMax) {
    Step step;
    if (text[0] == '.') {
      const std::size_t end = std::min(text.find_first_of(".[", 1), text.size());
      step.name = text.substr(1, end - 1);
      step.wildcard = step.name == "*";
      if (step.name.empty()) return std::nullopt;
      text.remove_prefix(end);
    } else if (text.starts_with("['")) {
      const std::size_t end = text.find("']", 2);
      if (end == std::string_view::npos || end == 2) return std::nullopt;
      step.name = text.substr(2, end - 2);
      step.wildcard = step.name == "*";
      text.remove_prefix(end + 2);
    } else if (text[0] == '[') {
      const std::size_t end = text.find(']');
      if (end == std::string_view::npos) return std::nullopt;
      const std::string_view inside = text.substr(1, end - 1);
      step.index = true;
      step.wildcard = inside == "*";
      if (!step.wildcard && !read_index(inside, step.number)) return std::nullopt;
      text.remove_prefix(end + 1);
    } else {
      return std::nullopt;
    }
    path.plain_ = path.plain_ && !step.wildcard;
    path.steps_.push_back(std::move(step));
  }
  return text.empty() ? std::optional(std::move(path)) : std::nullopt;
}

bool JsonPath::extract(std::string_view json, std::string& out) const {
  JsonReader reader(json, kSyntax);
  const JsonToken first = reader.next();
  if (first == JsonToken::kEnd || first == JsonToken::kError) return false;
  const bool found = walk(reader, Style::kRaw, 0, out);
  return found && reader.token() != JsonToken::kError;
}

std::optional<std::string_view> JsonPath::find(std::string_view json, std::string& buffer) const {
  buffer.clear();
  if (!plain_)
    return extract(json, buffer) ? std::optional<std::string_view>(buffer) : std::nullopt;
  JsonReader reader(json, kSyntax);
  const JsonToken first = reader.next();
  if (first == JsonToken::kEnd || first == JsonToken::kError) return std::nullopt;
  std::string_view found;
  const bool good = find_plain(reader, 0, buffer, found);
  return good && reader.token() != JsonToken::kError ? std::optional(found) : std::nullopt;
}

// The rest of what has been entered is read to its end: broken JSON holds nothing.
bool JsonPath::find_plain(JsonReader& reader, std::size_t step, std::string& buffer,
                          std::string_view& found) const {
  const JsonToken token = reader.token();
  if (step == steps_.size()) {
    const bool as_it_stands = (token == JsonToken::kString && !reader.has_escapes()) ||
                              token == JsonToken::kInteger || token == JsonToken::kTrue ||
                              token == JsonToken::kFalse;
    if (as_it_stands) {
      found = reader.raw();
      return true;
    }
    const bool good = walk_end(reader, Style::kRaw, buffer);
    found = buffer;
    return good;
  }
  const Step& wanted = steps_[step];
  if (token != (wanted.index ? JsonToken::kBeginArray : JsonToken::kBeginObject)) {
    reader.skip();
    return false;
  }
  bool is_found = false;
  const auto take = [&](bool is_wanted) {
    if (is_wanted) {
      is_found = find_plain(reader, step + 1, buffer, found);
    } else {
      reader.skip();
    }
    return reader.token() != JsonToken::kError;
  };
  if (wanted.index) {
    for (std::size_t i = 0; reader.next() != JsonToken::kEndArray; ++i)
      if (reader.token() == JsonToken::kError || !take(i == wanted.number)) return false;
    return is_found;
  }
  bool is_named = false;
  while (reader.next_member(wanted.name, is_named))
    if (!take(is_named && !is_found && reader.token() != JsonToken::kNull)) return false;
  return is_found;
}

bool JsonPath::walk_end(JsonReader& reader, Style style, std::string& out) const {
  if (reader.token() == JsonToken::kString && style == Style::kRaw) {
    reader.append_text(out);
    return true;
  }
  if (reader.token() == JsonToken::kBeginArray && style == Style::kFlat) {
    bool found = false;
    while (reader.next() != JsonToken::kEndArray) {
      if (reader.token() == JsonToken::kError) return false;
      found = walk_end(reader, style, out) || found;
    }
    return found;
  }
  if (style != Style::kRaw) separate(out);
  return append_json_copy(reader, out);
}

bool JsonPath::walk(JsonReader& reader, Style style, std::size_t step, std::string& out) const {
  if (step == steps_.size()) return walk_end(reader, style, out);
  const bool object = reader.token() == JsonToken::kBeginObject && !steps_[step].index;
  const bool array = reader.token() == JsonToken::kBeginArray && steps_[step].index;
  if (object) return walk_object(reader, style, step, out);
  if (!array) {
    reader.skip();
    return false;
  }
  if (!steps_[step].wildcard)
    return walk_index(reader, any_element(step + 1) ? Style::kQuoted : style, step, out);
  return walk_elements(reader, style, step, out);
}

bool JsonPath::walk_object(JsonReader& reader, Style style, std::size_t step,
                           std::string& out) const {
  bool found = false;
  std::string buffer;
  while (reader.next() != JsonToken::kEndObject) {
    if (reader.token() != JsonToken::kName) return false;
    const bool wildcard = steps_[step].wildcard;
    const bool wanted = !found && (wildcard || reader.text(buffer) == steps_[step].name);
    const JsonToken value = reader.next();
    if (wanted && (wildcard || value != JsonToken::kNull)) {
      found = walk(reader, style, step + 1, out);
    } else {
      reader.skip();
    }
    if (reader.token() == JsonToken::kError) return false;
  }
  return found;
}

bool JsonPath::walk_index(JsonReader& reader, Style style, std::size_t step,
                          std::string& out) const {
  bool found = false;
  for (std::size_t i = 0; reader.next() != JsonToken::kEndArray; ++i) {
    if (i == steps_[step].number) {
      found = walk(reader, style, step + 1, out);
    } else {
      reader.skip();
    }
    if (reader.token() == JsonToken::kError) return false;
  }
  return found;
}

// Hive's rules: two wildcards in a row flatten; of one element alone the array around it is left out.
bool JsonPath::walk_elements(JsonReader& reader, Style style, std::size_t step,
                             std::string& out) const {
  const bool twice = any_element(step + 1);
  const bool keeps_array = twice || style == Style::kQuoted;
  const Style inner = twice || style == Style::kFlat ? Style::kFlat : Style::kQuoted;
  std::string elements = "[";
  std::size_t count = 0;
  while (reader.next() != JsonToken::kEndArray) {
    if (reader.token() == JsonToken::kError) return false;
    if (walk(reader, inner, step + (twice ? 2 : 1), elements)) ++count;
    if (reader.token() == JsonToken::kError) return false;
  }
  elements += ']';
  if (count == 0 && !keeps_array) return false;
  if (style != Style::kRaw) separate(out);
  if (keeps_array || count > 1) {
    out += elements;
  } else {
    out.append(elements, 1, elements.size() - 2);
  }
  return count > 0;
}

}  // namespace penstock
