// Rows and expressions: the jobs of docs/rows.md, over the payments.csv of the folder in which it is started.
#include <penstock/api/row_stream.h>
#include <penstock/io/console/console_sink.h>
#include <penstock/io/file/line_file_source.h>

#include <chrono>
#include <cstdio>

namespace {

using namespace std::chrono_literals;

void large_payments(penstock::Job& job) {
  job.rows(penstock::line_file_source({.path = "payments.csv"}),
           penstock::CsvRows{{{"header", "true"}}},
           "card STRING, amount DOUBLE, ts TIMESTAMP, note STRING")
      .event_time("ts", {.max_disorder = 5s})
      .filter(penstock::expr("amount > 100 and card is not null"))
      .select({penstock::expr("card"), penstock::expr("round(amount * 1.19, 2) AS gross")})
      .sink(penstock::console_sink(), penstock::JsonRows{});
}

void references(penstock::Job& job) {
  job.rows(penstock::line_file_source({.path = "payments.csv"}),
           penstock::CsvRows{{{"header", "true"}}},
           "card STRING, amount DOUBLE, ts TIMESTAMP, note STRING")
      .repartition({penstock::expr("card")})
      .select({penstock::expr("card"),
               penstock::expr("regexp_extract(note, '[0-9]+', 0) AS reference")})
      .sink(penstock::console_sink(), penstock::JsonRows{});
}

int run(const char* name, void (*build)(penstock::Job&)) {
  penstock::Job job(name);
  build(job);
  const penstock::Status ended = job.run();
  if (!ended.ok()) std::fprintf(stderr, "%s\n", ended.to_string().c_str());
  return ended.exit_code();
}

}  // namespace

int main() {
  const int failed = run("large", large_payments);
  return failed != 0 ? failed : run("references", references);
}
