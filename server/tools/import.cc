// SPDX-License-Identifier: Apache-2.0
//
// `roster import`: a delimited file into a data directory, by a mapping file, flags, or both.
#include "roster/import.h"

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "roster/error.h"
#include "server/tools/progress.h"
#include "server/tools/store.h"
#include "server/tools/tools.h"

namespace roster::server {
namespace {

struct ImportFlags {
  Options store;
  std::string file;
  std::string data;
  std::string mapping_file;
  std::vector<std::string> maps;
  std::string delimiter;
  std::string header;
  std::string event;
  size_t max_errors = 20;
  bool strict = false;
};

std::atomic<bool> interrupted = false;

void OnInterrupt(int) { interrupted = true; }

// The mapping file with the flags as lines behind it: a flag is the same as its line there.
absl::StatusOr<std::string> MappingText(const ImportFlags& flags) {
  std::string text;
  if (!flags.mapping_file.empty()) {
    std::ifstream file(flags.mapping_file);
    if (!file) {
      return MakeError(ErrorCode::kErr, "cannot read the mapping file " + flags.mapping_file);
    }
    std::ostringstream content;
    content << file.rdbuf();
    text = content.str() + "\n";
  }
  if (!flags.delimiter.empty()) text += "delimiter " + flags.delimiter + "\n";
  if (!flags.header.empty()) text += "header " + flags.header + "\n";
  if (!flags.event.empty()) text += "event " + flags.event + "\n";
  for (const std::string& map : flags.maps) text += map + "\n";
  return text;
}

void PrintReport(const ImportReport& report, double seconds) {
  std::printf("%s rows: %s imported, %s known before, %s wrong; %s new profiles\n",
              WithCommas(report.num_rows).c_str(), WithCommas(report.num_imported).c_str(),
              WithCommas(report.num_duplicates).c_str(), WithCommas(report.num_wrong).c_str(),
              WithCommas(report.num_created).c_str());
  if (!report.columns.empty()) std::printf("columns:\n");
  for (const std::string& column : report.columns) std::printf("  %s\n", column.c_str());
  if (!report.errors.empty()) std::printf("wrong rows:\n");
  for (const RowError& error : report.errors) {
    std::printf("  line %s: %s\n", WithCommas(error.line).c_str(), error.reason.c_str());
  }
  if (report.num_wrong > report.errors.size()) {
    std::printf("  and %s more\n", WithCommas(report.num_wrong - report.errors.size()).c_str());
  }
  if (report.num_warnings > 0) std::printf("left out of rows that went in:\n");
  for (const RowError& warning : report.warnings) {
    std::printf("  line %s: %s\n", WithCommas(warning.line).c_str(), warning.reason.c_str());
  }
  if (report.num_warnings > report.warnings.size()) {
    std::printf("  and %s more\n",
                WithCommas(report.num_warnings - report.warnings.size()).c_str());
  }
  const double rate = seconds > 0 ? static_cast<double>(report.num_rows) / seconds : 0;
  std::printf("%.2f s, %s rows/s\n", seconds, WithCommas(static_cast<uint64_t>(rate)).c_str());
}

int Fail(const absl::Status& status, int exit_code) {
  std::fprintf(stderr, "roster import: %s\n", ErrorText(status).c_str());
  return exit_code;
}

int RunImport(Database* database, const ImportFlags& flags, const ImportMapping& mapping) {
  absl::StatusOr<ImportReport> report;
  double seconds = 0;
  {
    Progress progress("importing", Progress::StderrIsTerminal());
    std::signal(SIGINT, OnInterrupt);
    ImportOptions options;
    options.max_errors = flags.max_errors;
    options.progress = [&progress](double part) {
      progress.Update(part);
      return !interrupted;
    };
    report = ImportFile(database, flags.file, mapping, options);
    seconds = progress.Seconds();
  }
  if (!report.ok()) return Fail(report.status(), ExitCodeFor(report.status()));
  PrintReport(*report, seconds);
  if (interrupted) std::printf("stopped; the same import again does the rest\n");
  std::fflush(stdout);  // what follows is to be the last line also where both go to one file
  if (report->num_wrong > 0) {
    std::fprintf(stderr, "roster import: wrong rows: %s\n", WithCommas(report->num_wrong).c_str());
  }
  if (interrupted) return kExitError;
  const bool nothing = report->num_imported + report->num_duplicates == 0;
  return report->num_wrong > 0 && (nothing || flags.strict) ? kExitError : kExitOk;
}

int Import(const ImportFlags& flags) {
  const absl::StatusOr<std::string> text = MappingText(flags);
  if (!text.ok()) return Fail(text.status(), kExitUsage);
  const absl::StatusOr<ImportMapping> mapping = ParseImportMapping(*text);
  if (!mapping.ok()) return Fail(mapping.status(), kExitUsage);
  absl::StatusOr<std::unique_ptr<Database>> database = Database::Open(flags.data, flags.store);
  if (!database.ok()) return Fail(database.status(), ExitCodeFor(database.status()));
  const int exit_code = RunImport(database->get(), flags, *mapping);
  const absl::Status closed = (*database)->Close();
  return closed.ok() ? exit_code : Fail(closed, ExitCodeFor(closed));
}

}  // namespace

void AddImportTool(CLI::App* app, int* exit_code) {
  auto flags = std::make_shared<ImportFlags>();
  CLI::App* tool = app->add_subcommand("import", "Import a delimited file into a data directory");
  tool->add_option("file", flags->file, "File to import")->required();
  tool->add_option("--data", flags->data, "Data directory, created when missing")->required();
  tool->add_option(
          "--region", flags->store.default_region,
          "Where telephone numbers without a calling code are from (ISO 3166), or none; as "
          "when the store was last open if not given")
      ->type_name("NL");
  tool->add_option("--mapping", flags->mapping_file, "File that says what the columns are");
  tool->add_option("--map", flags->maps,
                   "What one column is, as a line of the mapping file: 'COLUMN = identity "
                   "NAMESPACE | trait [NAME] [TYPE] | property [NAME] [TYPE] | time [FORMAT] | "
                   "skip'")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  tool->add_option("--delimiter", flags->delimiter, "blank, comma, tab, semicolon, pipe or a byte");
  tool->add_option("--header", flags->header, "Whether the first row names the columns")
      ->check(CLI::IsMember({"yes", "no"}));
  tool->add_option("--event", flags->event, "Rows are events of this type");
  tool->add_option("--max-errors", flags->max_errors, "Wrong rows to show")->capture_default_str();
  tool->add_flag("--strict", flags->strict, "Exit with 1 when any row was wrong");
  tool->callback([flags, exit_code] { *exit_code = Import(*flags); });
}

}  // namespace roster::server
