// Reads topics with kafka::source as the arguments say, and prints a line of JSON for each thing that happens: opened,
// record, splits, notice, lag, failed, closed. Ends when its standard input does. For the scripts beside it.
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "penstock/core/base/clock.h"
#include "penstock/core/base/file_system.h"
#include "penstock/core/base/notice.h"
#include "penstock/core/stream/task_context.h"
#include "penstock/io/kafka/kafka.h"

namespace {

using namespace penstock;  // NOLINT
using Steady = std::chrono::steady_clock;

std::mutex printing;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> code{};
      std::snprintf(code.data(), code.size(), "\\u%04x", static_cast<unsigned>(c));
      out += code.data();
    } else {
      out += c;
    }
  }
  return out + '"';
}

void print(const std::string& what, const std::string& members) {
  const std::lock_guard lock(printing);
  std::printf("{\"is\":\"%s\"%s%s}\n", what.c_str(), members.empty() ? "" : ",", members.c_str());
  std::fflush(stdout);
}

class PrintedNotices final : public Notices {
 public:
  void post(const Notice& notice) noexcept override {
    static constexpr const char* kNames[] = {"info", "warning", "error"};
    print("notice", std::string("\"severity\":\"") + kNames[static_cast<int>(notice.severity)] +
                        "\",\"place\":" + quoted(notice.place) +
                        ",\"text\":" + quoted(notice.text));
  }
};

class Bell final : public Waker {
 public:
  void wake() noexcept override {
    const std::lock_guard lock(mutex_);
    rung_ = true;
    changed_.notify_all();
  }
  void wake_if_parked() noexcept override { wake(); }
  void wait(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, time, [this] { return rung_; });
    rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool rung_ = false;
};

struct Arguments {
  kafka::SourceOptions source;
  std::uint32_t task = 0;
  std::uint32_t tasks = 1;
  std::size_t batch = 256;
  bool brief = false;  // Numbers only.
  std::chrono::microseconds each{0};
  std::chrono::milliseconds begin_after{0};  // Nothing is read before.
};

kafka::Start start_of(const std::string& text) {
  if (text == "latest") return kafka::FromLatest{};
  if (text == "earliest") return kafka::FromEarliest{};
  if (text.starts_with("time:")) return kafka::FromTime{{std::atoll(text.c_str() + 5)}};
  kafka::FromOffsets from;  // TOPIC/PARTITION=OFFSET,...
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string one = text.substr(at, end - at);
    const std::size_t slash = one.find('/');
    const std::size_t equals = one.find('=');
    from.offsets[one.substr(0, slash)][std::atoi(one.c_str() + slash + 1)] =
        std::atoll(one.c_str() + equals + 1);
    at = end + 1;
  }
  return from;
}

kafka::OnDataLoss loss_of(const std::string& text) {
  if (text == "earliest") return kafka::OnDataLoss::kEarliest;
  return text == "latest" ? kafka::OnDataLoss::kLatest : kafka::OnDataLoss::kFail;
}

void take_source(Arguments& to, const std::string& name, const std::string& value) {
  kafka::SourceOptions& source = to.source;
  const auto millis = std::chrono::milliseconds(std::atoll(value.c_str()));
  if (name == "--brokers") source.connection.brokers = value;
  if (name == "--topic") source.topics.push_back(value);
  if (name == "--pattern") source.pattern = value;
  if (name == "--start") source.start = start_of(value);
  if (name == "--loss") source.on_data_loss = loss_of(value);
  if (name == "--start-timeout") source.connection.start_timeout = millis;
  if (name == "--stall-after") source.stall_after = millis;
  if (name == "--buffer") source.buffer_bytes = std::strtoull(value.c_str(), nullptr, 10);
  if (name == "--record-max") source.record_bytes_max = std::strtoull(value.c_str(), nullptr, 10);
  if (name == "--property") {
    const std::size_t equals = value.find('=');
    source.connection.properties[value.substr(0, equals)] = value.substr(equals + 1);
  }
}

Arguments parse(int count, char** values) {
  Arguments to;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string name = values[i];
    const std::string value = values[i + 1];
    take_source(to, name, value);
    if (name == "--task") to.task = static_cast<std::uint32_t>(std::atoi(value.c_str()));
    if (name == "--tasks") to.tasks = static_cast<std::uint32_t>(std::atoi(value.c_str()));
    if (name == "--batch") to.batch = std::strtoull(value.c_str(), nullptr, 10);
    if (name == "--brief") to.brief = value == "yes";
    if (name == "--each-us") to.each = std::chrono::microseconds(std::atoll(value.c_str()));
    if (name == "--begin-after") {
      to.begin_after = std::chrono::milliseconds(std::atoll(value.c_str()));
    }
  }
  return to;
}

std::string record_members(const RawRecord& raw, const Arguments& arguments) {
  const Message& message = *raw.message;
  std::string text = "\"split\":" + std::to_string(raw.origin.split.value) +
                     ",\"offset\":" + std::to_string(raw.origin.offset);
  if (arguments.brief) return text;
  text += ",\"topic\":" + quoted(message.topic) +
          ",\"partition\":" + std::to_string(message.partition) +
          ",\"size\":" + std::to_string(raw.bytes.size()) +
          ",\"value\":" + quoted(raw.bytes.substr(0, 200)) + ",\"last\":" +
          quoted(raw.bytes.substr(raw.bytes.size() - std::min<std::size_t>(raw.bytes.size(), 5))) +
          ",\"key\":" + (message.key ? quoted(*message.key) : "null") +
          ",\"timestamp\":" + std::to_string(message.timestamp.micros) +
          ",\"tombstone\":" + (message.tombstone ? "true" : "false") +
          ",\"cut\":" + std::to_string(raw.cut_from_bytes) + ",\"headers\":[";
  for (std::size_t i = 0; i < message.headers.size(); ++i) {
    const MessageHeader& header = message.headers[i];
    text += (i > 0 ? ",[" : "[") + quoted(header.name) + "," +
            (header.value ? quoted(*header.value) : "null") + "]";
  }
  return text + "]";
}

void print_splits(const ByteReader& reader) {
  std::string text;
  for (const SplitId split : reader.splits()) {
    text += (text.empty() ? "" : ",") + std::to_string(split.value);
  }
  print("splits", "\"splits\":[" + text + "]");
}

// Until the other side of standard input is gone.
void read_on(ByteReader& reader, Bell& bell, const Arguments& arguments,
             const TaskCounters& counters, const std::atomic<bool>& ended) {
  const RealClock clock;
  std::vector<RawRecord> batch(arguments.batch);
  std::uint64_t lag = 0;
  while (!ended.load()) {
    const Result<PollResult> result = reader.poll(batch, clock.now());
    if (!result.ok()) return print("failed", "\"text\":" + quoted(result.status().to_string()));
    if (result->splits_changed) print_splits(reader);
    for (std::size_t i = 0; i < result->records; ++i) {
      print("record", record_members(batch[i], arguments));
      if (arguments.each.count() > 0) std::this_thread::sleep_for(arguments.each);
    }
    if (const std::uint64_t now = counters.lag.get(); now != std::exchange(lag, now)) {
      print("lag", "\"lag\":" + std::to_string(now));
    }
    // Longer than any test waits but for what nothing wakes us for: the lag.
    if (result->state == SourceState::kWaiting) bell.wait(std::chrono::seconds(1));
  }
}

}  // namespace

int main(int count, char** values) {
  const Arguments arguments = parse(count, values);
  const RealClock clock;
  Bell bell;
  PrintedNotices notices;
  TaskCounters counters;
  const std::unique_ptr<FileSystem> files = make_posix_file_system();
  RealClock own_clock;
  std::atomic<bool> ended{false};
  std::thread([&] {
    for (char byte = 0; ::read(0, &byte, 1) > 0;) {
    }
    ended.store(true);
    bell.wake();
  }).detach();
  const auto source = kafka::source(arguments.source);
  const Steady::time_point begun = Steady::now();
  Result<std::unique_ptr<ByteReader>> reader = source->open(
      {arguments.task, arguments.tasks, &own_clock, files.get(), &bell, &notices, &counters});
  const auto millis_since = [](Steady::time_point when) {
    return std::to_string(
        std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - when).count());
  };
  if (!reader.ok()) {
    print("refused",
          "\"text\":" + quoted(reader.status().to_string()) + ",\"millis\":" + millis_since(begun));
    std::_Exit(1);
  }
  print("opened", "\"name\":" + quoted(source->name()) + ",\"millis\":" + millis_since(begun));
  std::this_thread::sleep_for(arguments.begin_after);
  read_on(**reader, bell, arguments, counters, ended);
  const Steady::time_point closing = Steady::now();
  reader->reset();
  print("closed", "\"millis\":" + millis_since(closing));
  std::_Exit(0);  // The thread at standard input waits on.
}
