// SPDX-License-Identifier: Apache-2.0
//
// `roster generate`: the data set for measurements and demonstrations, as files or into a store.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "roster/json.h"
#include "server/tools/dataset.h"
#include "server/tools/dataset_sinks.h"
#include "server/tools/progress.h"
#include "server/tools/store.h"
#include "server/tools/tools.h"

namespace roster::server {
namespace {

struct GenerateFlags {
  DatasetOptions dataset;
  std::string end;
  std::string data;
  std::string csv;
  std::string ndjson;
};

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "roster generate: %s\n", ErrorText(status).c_str());
  return ExitCodeFor(status);
}

absl::StatusOr<std::unique_ptr<DatasetSink>> MakeSink(const GenerateFlags& flags,
                                                      Database* database) {
  if (!flags.csv.empty()) return MakeCsvSink(flags.csv);
  if (!flags.ndjson.empty()) return MakeNdjsonSink(flags.ndjson, flags.dataset.seed);
  return MakeDatabaseSink(database, flags.dataset.seed);
}

absl::Status RunGenerator(const GenerateFlags& flags, Database* database) {
  absl::StatusOr<std::unique_ptr<DatasetSink>> sink = MakeSink(flags, database);
  if (!sink.ok()) return sink.status();
  double seconds = 0;
  {
    Progress progress("generating", Progress::StderrIsTerminal());
    absl::Status status = GenerateDataset(flags.dataset, sink->get(), [&](double part) {
      progress.Update(part);
      return true;
    });
    if (!status.ok()) return status;
    progress.Update(1);
    seconds = progress.Seconds();
  }
  const double rate = seconds > 0 ? static_cast<double>(flags.dataset.num_events) / seconds : 0;
  std::printf("%s profiles, %s events in %.2f s, %s events/s\n",
              WithCommas(flags.dataset.num_profiles).c_str(),
              WithCommas(flags.dataset.num_events).c_str(), seconds,
              WithCommas(static_cast<uint64_t>(rate)).c_str());
  return absl::OkStatus();
}

int Generate(GenerateFlags flags) {
  if (!flags.end.empty()) {
    const absl::StatusOr<Timestamp> end = ParseTimestamp(flags.end);
    if (!end.ok()) {
      Fail(end.status());
      return kExitUsage;
    }
    flags.dataset.end = *end;
  }
  if (flags.data.empty()) {
    const absl::Status status = RunGenerator(flags, nullptr);
    return status.ok() ? kExitOk : Fail(status);
  }
  absl::StatusOr<std::unique_ptr<Database>> database = Database::Open(flags.data, {});
  if (!database.ok()) return Fail(database.status());
  const absl::Status status = RunGenerator(flags, database->get());
  const absl::Status closed = (*database)->Close();
  if (!status.ok()) return Fail(status);
  return closed.ok() ? kExitOk : Fail(closed);
}

}  // namespace

void AddGenerateTool(CLI::App* app, int* exit_code) {
  auto flags = std::make_shared<GenerateFlags>();
  CLI::App* tool = app->add_subcommand("generate", "Make the data set for measurements");
  tool->add_option("--profiles", flags->dataset.num_profiles, "Number of profiles")->required();
  tool->add_option("--events", flags->dataset.num_events, "Number of events")->required();
  tool->add_option("--days", flags->dataset.days, "Events lie in so many days before the end")
      ->check(CLI::Range(1, 3650))
      ->capture_default_str();
  tool->add_option("--seed", flags->dataset.seed, "Equal seeds give equal data")
      ->capture_default_str();
  tool->add_option("--end", flags->end,
                   "Time of the last events; 2026-01-01T00:00:00Z if not given");
  CLI::Option_group* to = tool->add_option_group("to", "Where it goes");
  to->add_option("--data", flags->data, "Into a data directory");
  to->add_option("--csv", flags->csv, "As profiles.csv and events.csv in a directory");
  to->add_option("--ndjson", flags->ndjson, "As profiles.ndjson and events.ndjson in a directory");
  to->require_option(1);
  tool->callback([flags, exit_code] { *exit_code = Generate(*flags); });
}

}  // namespace roster::server
