// tools/penstock/url_parameters.h -- reads the parameters of a URL one by one; what is left at the end nobody knows.
//
// Errors     The first one stays and is what end() returns; until then all reads go on.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "penstock/core/base/status.h"

namespace penstock::tools {

class UrlParameters {
 public:
  // `option` begins each message ("--from"), `owner` is who has the parameters ("a tcp source").
  UrlParameters(std::map<std::string, std::string> given, std::string_view option,
                std::string_view owner)
      : left_(std::move(given)), option_(option), owner_(owner) {}

  std::optional<std::string> text(const std::string& name);

  // A whole number of `Unit`; without the parameter `out` stays as it is, like that of choice().
  template <class Unit>
  void duration(const std::string& name, Unit& out) {
    const std::optional<std::string> value = text(name);
    if (!value) return;
    if (const std::optional<std::uint32_t> count = whole_number(*value)) {
      out = Unit(*count);
    } else {
      fail(name, *value, "a whole number from 0");
    }
  }
  template <class T>
  void choice(const std::string& name, std::initializer_list<std::pair<const char*, T>> choices,
              T& out) {
    const std::optional<std::string> value = text(name);
    if (!value) return;
    std::string words;
    for (const auto& [word, meaning] : choices) {
      if (*value == word) {
        out = meaning;
        return;
      }
      words += (words.empty() ? "" : ", ") + std::string(word);
    }
    fail(name, *value, "one of " + words);
  }

  void fail(const std::string& name, const std::string& value, const std::string& wanted);
  Status end() const;

 private:
  static std::optional<std::uint32_t> whole_number(std::string_view text) noexcept;

  std::map<std::string, std::string> left_;
  std::string option_;
  std::string owner_;
  std::string known_;
  Status status_;
};

}  // namespace penstock::tools
