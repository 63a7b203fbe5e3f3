// core/row/json_path.h -- paths of get_json_object: $.a.b[0]['c d'][*].x
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/row/json_reader.h"

namespace penstock {

class JsonPath {
 public:
  // None for text that is no path, such as '$..a'.
  static std::optional<JsonPath> parse(std::string_view text);
  // Appends what the path leads to, as Spark writes it: text without quotes, everything else as JSON. False when it
  // leads nowhere or the text is no JSON.
  bool extract(std::string_view json, std::string& out) const;
  // The same without a copy where it stands in `json` as it is to be written; else it is made in `buffer`.
  std::optional<std::string_view> find(std::string_view json, std::string& buffer) const;

 private:
  enum class Style { kRaw, kQuoted, kFlat };
  struct Step {
    bool index = false;  // [n] or [*], else a name.
    bool wildcard = false;
    std::size_t number = 0;
    std::string name;
  };
  bool find_plain(JsonReader& reader, std::size_t step, std::string& buffer,
                  std::string_view& found) const;
  bool walk(JsonReader& reader, Style style, std::size_t step, std::string& out) const;
  bool walk_end(JsonReader& reader, Style style, std::string& out) const;
  bool walk_object(JsonReader& reader, Style style, std::size_t step, std::string& out) const;
  bool walk_elements(JsonReader& reader, Style style, std::size_t step, std::string& out) const;
  bool walk_index(JsonReader& reader, Style style, std::size_t step, std::string& out) const;
  bool any_element(std::size_t step) const noexcept {
    return step < steps_.size() && steps_[step].index && steps_[step].wildcard;
  }

  std::vector<Step> steps_;
  bool plain_ = true;  // Without wildcards: it leads to one value.
};

}  // namespace penstock
