// SPDX-License-Identifier: Apache-2.0
//
// Roster by its C++ API, with a clock that stands still at the end of the data.
#include <sched.h>

#include <filesystem>
#include <thread>
#include <utility>

#include "bench/suite/engine.h"
#include "bench/suite/still_clock.h"
#include "engine/environment.h"
#include "roster/json.h"
#include "server/tools/dataset_sinks.h"

namespace roster::suite {
namespace {

constexpr uint64_t kSeed = 1;
constexpr auto kSettleStep = std::chrono::seconds(3);
constexpr int kMaxSettleSteps = 60;

absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& folder, const Options& options) {
  static StillClock clock;
  Environment environment;
  environment.clock = &clock;
  return OpenDatabase(folder, options, environment);
}

std::string TextOf(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* whole = std::get_if<int64_t>(&value)) return std::to_string(*whole);
  if (const auto* time = std::get_if<Timestamp>(&value)) return std::to_string(time->ms);
  std::string json;
  if (!IsMissing(value)) AppendJson(value, &json);
  return json;
}

class Roster final : public Engine {
 public:
  explicit Roster(std::unique_ptr<Database> database) : database_(std::move(database)) {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &allowed)) processors_.push_back(cpu);
    }
  }

  // Whatever threads it has share so many processors.
  absl::Status SetThreads(int threads) override {
    options_.second_thread = threads > 1;
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int cpu : processors_) {
      if (CPU_COUNT(&set) < threads) CPU_SET(cpu, &set);
    }
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
      if (sched_setaffinity(std::stoi(entry.path().filename()), sizeof(set), &set) != 0) {
        return absl::InternalError("the processors cannot be chosen");
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Answer> Run(const std::string& statement) override {
    Answer answer;
    const Stopwatch watch;
    const absl::StatusOr<QueryResult> result = database_->Execute(statement, {}, options_);
    answer.took_us = watch.Micros();
    if (!result.ok()) return result.status();
    clock_ = result->clock;
    if (const auto* count = std::get_if<Count>(&result->data)) {
      answer.rows.push_back({std::to_string(count->count)});
    } else if (const auto* table = std::get_if<Table>(&result->data)) {
      for (const std::vector<Value>& values : table->rows) {
        std::vector<std::string>& row = answer.rows.emplace_back();
        for (const Value& value : values) row.push_back(TextOf(value));
      }
    } else if (const auto* explained = std::get_if<Explanation>(&result->data)) {
      answer.rows.push_back({explained->text});
    }
    return answer;
  }

  std::string Version() override { return ""; }

  Facts GetFacts() override {
    Facts facts = {{"clock", clock_.ms}};
    const Stats stats = database_->GetStats();
    uint64_t of_events = 0;
    uint64_t of_calls = 0;  // what the engine keeps of calls, as events without a printable name
    uint64_t of_others = 0;
    for (const MemoryEntry& entry : database_->GetMemory()) {
      const bool event = entry.kind == "event";
      (!event ? of_others : entry.name.front() < ' ' ? of_calls : of_events) += entry.bytes;
    }
    facts.emplace_back("profiles", stats.num_profiles);
    facts.emplace_back("events", stats.num_events);
    facts.emplace_back("event_bytes", of_events);
    facts.emplace_back("call_bytes", of_calls);
    facts.emplace_back("other_bytes", of_others);
    return facts;
  }

 private:
  const std::unique_ptr<Database> database_;
  ExecuteOptions options_;
  std::vector<int> processors_;  // that this process may use
  Timestamp clock_;              // of the last answer
};

}  // namespace

MadeEngine MakeRoster(const std::string& folder) {
  Options options;
  options.create_if_missing = false;
  options.snapshot_interval_ms = 0;
  auto database = Open(folder, options);
  if (!database.ok()) return database.status();
  return std::make_unique<Roster>(*std::move(database));
}

absl::Status MakeStore(const std::string& folder, uint64_t num_profiles, uint64_t num_events) {
  Options options;
  options.durability = Durability::kNone;
  const auto opened = Open(folder, options);
  if (!opened.ok()) return opened.status();
  Database& database = **opened;
  const auto sink = server::MakeDatabaseSink(&database, kSeed);
  absl::Status status = server::GenerateDataset(
      {.num_profiles = num_profiles, .num_events = num_events, .seed = kSeed}, sink.get(), {});
  if (!status.ok()) return status;
  // Tails are sealed when nothing else is to be done.
  uint64_t before = 0;
  for (int step = 0; step < kMaxSettleSteps; ++step) {
    const uint64_t bytes = database.GetStats().memory_bytes;
    if (bytes == before) break;
    before = bytes;
    std::this_thread::sleep_for(kSettleStep);
  }
  status = database.Snapshot().status();
  return status.ok() ? database.Close() : status;
}

}  // namespace roster::suite
