// SPDX-License-Identifier: Apache-2.0
//
// One engine of the suite in a process of its own, so that its memory and threads are its own:
//
//   suite_engine duckdb|clickhouse LIBRARY | postgresql CONNECTION | roster|stages FOLDER
//   suite_engine make FOLDER PROFILES EVENTS        makes Roster's store and ends
//   suite_engine limits                             GB/s that one thread reads, and two
//
// Says {"version": ...} when it is ready, or {"error": ...}. Then each line asks for something and
// gets a line of JSON:
//
//   threads N            how many a statement may use
//   run N STATEMENT      runs it N times: {"us": [of each run], "rows": [of the last]}
//   facts                what the engine tells of itself, numbers
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <string_view>

#include "bench/suite/engine.h"
#include "bench/suite/limits.h"
#include "roster/json.h"

namespace roster::suite {
namespace {

// Engines print what they like; the answers have an output of their own.
std::FILE* TakeOutput() {
  std::FILE* const output = fdopen(dup(STDOUT_FILENO), "w");
  dup2(STDERR_FILENO, STDOUT_FILENO);
  return output;
}

std::string Json(const std::string& text) {
  std::string json;
  AppendJson(Value(text), &json);
  return json;
}

std::string ErrorLine(const absl::Status& status) {
  return "{\"error\":" + Json(std::string(status.message())) + "}";
}

std::string AnswerLine(const std::vector<double>& took_us, const Answer& last) {
  std::string line = "{\"us\":[";
  for (size_t i = 0; i < took_us.size(); ++i) {
    line += (i == 0 ? "" : ",") + std::to_string(took_us[i]);
  }
  line += "],\"rows\":[";
  for (size_t r = 0; r < last.rows.size(); ++r) {
    line += r == 0 ? "[" : ",[";
    for (size_t c = 0; c < last.rows[r].size(); ++c) {
      line += (c == 0 ? "" : ",") + Json(last.rows[r][c]);
    }
    line += "]";
  }
  return line + "]}";
}

std::string RunLine(Engine* engine, const std::string& rest) {
  size_t length = 0;
  const int times = std::stoi(rest, &length);
  const std::string statement = rest.substr(length + 1);
  std::vector<double> took_us;
  Answer last;
  for (int i = 0; i < times; ++i) {
    absl::StatusOr<Answer> answer = engine->Run(statement);
    if (!answer.ok()) return ErrorLine(answer.status());
    took_us.push_back(answer->took_us);
    last = *std::move(answer);
  }
  return AnswerLine(took_us, last);
}

std::string FactsLine(Engine* engine) {
  std::string line = "{";
  for (const auto& [name, value] : engine->GetFacts()) {
    line += (line.size() == 1 ? "" : ",") + Json(name) + ":" + std::to_string(value);
  }
  return line + "}";
}

std::string LineFor(Engine* engine, const std::string& request) {
  const std::string verb = request.substr(0, request.find(' '));
  const std::string rest = request.substr(std::min(request.size(), verb.size() + 1));
  if (verb == "run") return RunLine(engine, rest);
  if (verb == "facts") return FactsLine(engine);
  if (verb == "threads") {
    const absl::Status done = engine->SetThreads(std::stoi(rest));
    return done.ok() ? "{}" : ErrorLine(done);
  }
  return ErrorLine(absl::InvalidArgumentError("what is " + verb + "?"));
}

MadeEngine Make(std::string_view name, const std::string& from) {
  if (name == "duckdb") return MakeDuckDb(from);
  if (name == "clickhouse") return MakeClickHouse(from);
  if (name == "postgresql") return MakePostgreSql(from);
  if (name == "roster") return MakeRoster(from);
  if (name == "stages") return MakeStages(from);
  return absl::InvalidArgumentError("no such engine");
}

int Serve(std::string_view name, const std::string& from) {
  std::FILE* const output = TakeOutput();
  const auto say = [output](const std::string& line) {
    std::fprintf(output, "%s\n", line.c_str());
    std::fflush(output);
  };
  MadeEngine engine = Make(name, from);
  if (!engine.ok()) {
    say(ErrorLine(engine.status()));
    return 1;
  }
  say("{\"version\":" + Json((*engine)->Version()) + "}");
  for (std::string line; std::getline(std::cin, line);) say(LineFor(engine->get(), line));
  engine->reset();
  // Without the peers' own ways of ending a process, which may wait for their threads.
  std::fflush(nullptr);
  _exit(0);
}

}  // namespace
}  // namespace roster::suite

int main(int argc, char** argv) {
  using roster::suite::MakeStore;
  if (argc == 2 && std::string_view(argv[1]) == "limits") {
    std::cout << roster::suite::ReadGigabytesPerSecond(1) << " "
              << roster::suite::ReadGigabytesPerSecond(2) << "\n";
    return 0;
  }
  if (argc == 3) return roster::suite::Serve(argv[1], argv[2]);
  if (argc == 5 && std::string_view(argv[1]) == "make") {
    const absl::Status made = MakeStore(argv[2], std::stoull(argv[3]), std::stoull(argv[4]));
    if (!made.ok()) std::cerr << made << "\n";
    return made.ok() ? 0 : 1;
  }
  std::cerr << "suite_engine ENGINE FROM | limits | make FOLDER PROFILES EVENTS\n";
  return 1;
}
