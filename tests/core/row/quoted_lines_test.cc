// Goal: records of CSV end where CsvLine's quotes say, wherever their bytes are cut; well-formed tables come back.
#include "penstock/core/row/quoted_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/core/base/random.h"
#include "penstock/tests/core/row/csv_records.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using Texts = std::vector<std::string>;

// As they come when `step` bytes become known at a time.
Texts records_of(std::string_view text, const QuotedLines& how, std::size_t step = 1'000'000) {
  QuotedLineScanner scanner(how);
  Texts records;
  std::size_t begin = 0;
  std::size_t known = 0;
  scanner.start();
  while (begin < text.size()) {
    const std::string bytes(text.substr(begin, known - begin));  // What comes next cannot be seen.
    const std::size_t end = scanner.find_end(bytes);
    if (end < bytes.size()) {
      records.push_back(bytes.substr(0, end));
      begin += end + 1;
      scanner.start();
    } else if (known == text.size()) {
      records.push_back(bytes);
      begin = known;
    } else {
      known = std::min(known + step, text.size());
    }
  }
  return records;
}

CsvOptions options_of(const QuotedLines& how) {
  CsvOptions options;
  options.separator = how.separator;
  options.quote = how.quote;
  options.escape = how.escape;
  options.comment = how.comment;
  options.ignore_leading_blanks = how.ignore_leading_blanks;
  options.multi_line = true;
  return options;
}

TEST(QuotedLines, ALineEndInQuotesEndsNoRecord) {
  EXPECT_THAT(records_of("a,\"b\nc\"\nd\n\ne", {}), ElementsAre("a,\"b\nc\"", "d", "", "e"));
  EXPECT_THAT(records_of("\"\n\r\n\"\r\n\"a\"", {}), ElementsAre("\"\n\r\n\"\r", "\"a\""));
  EXPECT_THAT(records_of("", {}), ElementsAre());
}

TEST(QuotedLines, AQuoteOpensOnlyWhereAValueBegins) {
  EXPECT_THAT(records_of("a\"b\nc\"\n", {}), ElementsAre("a\"b", "c\""));
  EXPECT_THAT(records_of(" \"b\nc\"\n", {}), ElementsAre(" \"b", "c\""));
  const QuotedLines blanks{.ignore_leading_blanks = true};
  EXPECT_THAT(records_of(" \"b\nc\"\n \n", blanks), ElementsAre(" \"b\nc\"", " "));
  const QuotedLines wide{.separator = "||"};
  EXPECT_THAT(records_of("a|\"b\n|||\"c\n\"\n", wide), ElementsAre("a|\"b", "|||\"c", "\"\n"));
  EXPECT_THAT(records_of("a||\"b\n\"|\n", wide), ElementsAre("a||\"b\n\"|"));
}

TEST(QuotedLines, AValueWhoseQuoteWasNoneEndsWithItsLine) {
  EXPECT_THAT(records_of("\"a\nb\"c\nd\"\n", {}), ElementsAre("\"a\nb\"c", "d\""));
  EXPECT_THAT(records_of("\"a\" \nb", {}), ElementsAre("\"a\" ", "b"));
  EXPECT_THAT(records_of("\"a\"\t b,\"\n\"\n", {}), ElementsAre("\"a\"\t b,\"\n\""));
}

TEST(QuotedLines, EscapedQuotesCloseNothing) {
  EXPECT_THAT(records_of("\"a\\\"\nb\"\nc", {}), ElementsAre("\"a\\\"\nb\"", "c"));
  EXPECT_THAT(records_of("\"a\\\\\"\nb\"\nc", {}), ElementsAre("\"a\\\\\"", "b\"", "c"));
  const QuotedLines doubled{.escape = '"'};
  EXPECT_THAT(records_of("\"a\"\"\nb\"\nc", doubled), ElementsAre("\"a\"\"\nb\"", "c"));
  EXPECT_THAT(records_of("\"a\\\"\nb\"\n", doubled), ElementsAre("\"a\\\"", "b\""));
  const QuotedLines none{.quote = '\'', .escape = '\0'};
  EXPECT_THAT(records_of("'a\\'\n\"b\n", none), ElementsAre("'a\\'", "\"b"));
}

TEST(QuotedLines, ACommentIsALineWhateverIsInIt) {
  const QuotedLines how{.comment = '#'};
  EXPECT_THAT(records_of("#,\"\n\"#\n\"\n", how), ElementsAre("#,\"", "\"#\n\""));
}

TEST(QuotedLines, SaysWhichQuoteIsOpen) {
  const auto open_in = [](std::string_view text) {
    QuotedLineScanner scanner({});
    scanner.start();
    EXPECT_EQ(scanner.find_end(text), text.size());
    return scanner.open_quote(text);
  };
  EXPECT_EQ(open_in("a,\"b\nc"), 2U);
  EXPECT_EQ(open_in("a,\"b\\"), 2U);
  EXPECT_EQ(open_in("\"b\",\""), 4U);
  EXPECT_EQ(open_in("a,\"b\""), std::nullopt);
  EXPECT_EQ(open_in("a,\"b\" "), std::nullopt);
  EXPECT_EQ(open_in("a,b\""), std::nullopt);
}

QuotedLines random_way(Random& random) {
  QuotedLines how;
  const char* separators[] = {",", ";", "||", "|-|", " ", "\t"};
  how.separator = separators[random.below(6)];
  how.quote = "\"'"[random.below(2)];
  how.escape = std::string("\\\"'\0", 4)[random.below(4)];
  how.comment = std::string("#\0", 2)[random.below(2)];
  how.ignore_leading_blanks = random.below(2) == 1;
  return how;
}

TEST(QuotedLines, AgreesWithCsvLineOnRandomBytesWhereverTheyAreCut) {
  Random random(11);
  std::size_t with_line_ends = 0;
  for (int round = 0; round < 20'000; ++round) {
    const QuotedLines how = random_way(random);
    const std::string alphabet = "\n\n\r a#\\\"'\x8A\xA2" + how.separator + how.quote + how.quote;
    std::string text(random.below(40), '\0');
    for (char& byte : text) byte = alphabet[random.below(alphabet.size())];
    const Texts whole = records_of(text, how);
    ASSERT_EQ(whole, test::naive_csv_records(text, options_of(how)))
        << testing::PrintToString(text);
    for (const std::string& record : whole) with_line_ends += record.find('\n') != record.npos;
    for (std::size_t step = 1; step < 8; ++step)
      ASSERT_EQ(records_of(text, how, step), whole) << step << testing::PrintToString(text);
  }
  EXPECT_GT(with_line_ends, 5000U);
}

// As RFC 4180 and Spark's writer have it: every value that has to be is in quotes.
std::string quoted(const std::string& value, const QuotedLines& how) {
  std::string text(1, how.quote);
  for (const char c : value) {
    if (c == how.quote || c == how.escape) text += how.escape;
    text += c;
  }
  return text + how.quote;
}

TEST(QuotedLines, WellFormedTablesComeBackWhole) {
  Random random(12);
  for (int round = 0; round < 2000; ++round) {
    const QuotedLines how{.separator = random.below(2) == 0 ? "," : "||",
                          .escape = random.below(2) == 0 ? '\\' : '"'};
    const std::string line_end = random.below(2) == 0 ? "\n" : "\r\n";
    std::vector<Texts> rows(1 + random.below(5));
    std::string text;
    for (Texts& row : rows) {
      for (std::size_t i = 0; i < 3; ++i) {
        std::string value(random.below(8), '\0');
        for (char& byte : value) byte = ",|\"\\ ab\n\n"[random.below(9)];
        row.push_back(value);
        const bool bare = value.find_first_of(",|\"\n") == value.npos && random.below(2) == 0;
        text += (i > 0 ? how.separator : "") + (bare ? value : quoted(value, how));
      }
      text += line_end;
    }
    const Texts records = records_of(text, how, 1 + random.below(9));
    ASSERT_EQ(records.size(), rows.size()) << testing::PrintToString(text);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(test::csv_values(records[i], options_of(how)), rows[i])
          << testing::PrintToString(records[i]);
    }
  }
}

// Each row as the parser in Spark (univocity-parsers 2.9.1, with the settings that Spark's reader gives it for
// `multiLine`) has printed it.
TEST(QuotedLines, RecordsAndValuesAreThoseOfSparksParser) {
  struct Case {
    std::string text;
    std::vector<std::pair<std::string, std::string>> options;
    std::vector<Texts> rows;
  };
  const Case kCases[] = {
      {"a,\"b\nc\",d\ne,f,g\n", {}, {{"a", "b\nc", "d"}, {"e", "f", "g"}}},
      {"a,\"b\r\nc\"\r\nd,e\r\n", {}, {{"a", "b\nc"}, {"d", "e"}}},
      {"h,i\n\"a\r\nb\",c\n", {}, {{"h", "i"}, {"a\r\nb", "c"}}},
      {"h,i\r\n\"a\nb\r\nc\",d\r\n", {}, {{"h", "i"}, {"a\nb\nc", "d"}}},
      {"\"a\n\n\nb\"\n", {}, {{"a\n\n\nb"}}},
      {"\"a\n", {}, {{"a\n"}}},
      {"a,\"b\nc", {}, {{"a", "b\nc"}}},
      {"\"a\\\"\nb\",c\n", {}, {{"a\"\nb", "c"}}},
      {"\"a\\\\\nb\",c\n", {}, {{"a\\\nb", "c"}}},
      {"\"a\"\"\nb\",c\n", {}, {{"a\""}, {"b\"", "c"}}},
      {"\"a\"\"\nb\",c\n", {{"escape", "\""}}, {{"a\"\nb", "c"}}},
      {"\"a\\\"\nb\"\n", {{"escape", "\""}}, {{"a\\"}, {"b\""}}},
      {"\"a\nb\"c\nd,e\n", {}, {{"\"a\nb\"c"}, {"d", "e"}}},
      {"\"a\nb\" \nd,e\n", {}, {{"a\nb"}, {"d", "e"}}},
      {"\"a\nb\" c,\"d\n\"\ne\n", {}, {{"\"a\nb\" c", "d\n"}, {"e"}}},
      {"a\"b\nc\"d\n", {}, {{"a\"b"}, {"c\"d"}}},
      {" \"a\nb\"\n", {}, {{" \"a"}, {"b\""}}},
      {" \"a\nb\"\n", {{"ignoreLeadingWhiteSpace", "true"}}, {{"a\nb"}}},
      {"a, \"b\nc\" ,d\n",
       {{"ignoreLeadingWhiteSpace", "true"}, {"ignoreTrailingWhiteSpace", "true"}},
       {{"a", "b\nc", "d"}}},
      {"#\"a\nb,\"#\nc\"\n", {{"comment", "#"}}, {{"b", "#\nc"}}},
      {"a\n# \"\nb\n", {{"comment", "#"}}, {{"a"}, {"b"}}},
      {"'a\nb','c'\n", {{"quote", "'"}}, {{"a\nb", "c"}}},
      {"a||\"b\nc\"||d\n", {{"sep", "||"}}, {{"a", "b\nc", "d"}}},
      {"a|\"b\nc\"||d\n", {{"sep", "||"}}, {{"a|\"b"}, {"c\"", "d"}}},
      {"\"a||\nb\"||c\n", {{"sep", "||"}}, {{"a||\nb", "c"}}},
      {"\"\",\"\"\n\"\n\",\"\"\n", {}, {{"", ""}, {"\n", ""}}},
      {"a,b\n\n\nc,d\n", {}, {{"a", "b"}, {"c", "d"}}},
      {"a,\"b\n,c\"d,\"e\nf\"\ng\n", {}, {{"a", "\"b\n,c\"d", "e\nf"}, {"g"}}},
      {"\"a\"\n\"b\"\"\nc\"\n", {{"escape", "\""}}, {{"a"}, {"b\"\nc"}}},
      {"a;\"b\n;c\"\n", {{"sep", ";"}}, {{"a", "b\n;c"}}},
  };
  for (const Case& each : kCases) {
    auto named = each.options;
    named.emplace_back("multiLine", "true");
    const CsvOptions options = CsvOptions::of(named, TimeZone()).value();
    std::vector<Texts> rows;
    for (const std::string& record : records_of(each.text, *options.quoted_lines())) {
      const bool comment = options.comment != '\0' && record.starts_with(options.comment);
      if (!record.empty() && !comment) rows.push_back(test::csv_values(record, options));
    }
    EXPECT_EQ(rows, each.rows) << testing::PrintToString(each.text);
  }
}

}  // namespace
}  // namespace penstock
