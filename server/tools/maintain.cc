// SPDX-License-Identifier: Apache-2.0
//
// The operator's tools for the files of a store: check, verify, dump, restore, salvage. Each says
// what it found on stdout, how far it is on stderr, and ends with 4 when data is damaged.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include "roster/error.h"
#include "roster/json.h"
#include "roster/maintenance.h"
#include "server/tools/dump_file.h"
#include "server/tools/progress.h"
#include "server/tools/store.h"
#include "server/tools/tools.h"

namespace roster::server {
namespace {

// A bar for each step of the work.
class Steps {
 public:
  ProgressFn Fn() {
    return [this](const WorkProgress& progress) { Show(progress); };
  }

 private:
  void Show(const WorkProgress& progress) {
    if (progress.step != step_) {
      step_ = progress.step;
      bar_.emplace(step_, Progress::StderrIsTerminal());
    }
    if (progress.total == 0) return;
    bar_->Update(static_cast<double>(progress.done) / static_cast<double>(progress.total));
  }

  std::string step_;
  std::optional<Progress> bar_;
};

int Fail(const char* tool, const absl::Status& status) {
  std::fprintf(stderr, "roster %s: %s\n", tool, ErrorText(status).c_str());
  return ExitCodeFor(status);
}

void PrintState(const StoreReport& report) {
  std::printf("state    LSN %llu, clock %s\n", static_cast<unsigned long long>(report.lsn.value),
              FormatTimestamp(report.clock).c_str());
  if (!report.digest.empty()) {
    std::printf("holds    %s profiles, %s events, %s identities\n",
                WithCommas(report.num_profiles).c_str(), WithCommas(report.num_events).c_str(),
                WithCommas(report.num_identities).c_str());
    std::printf("digest   %s\n", report.digest.c_str());
  }
}

int PrintReport(const StoreReport& report) {
  for (const FileReport& file : report.files) {
    const char* const verdict = file.damaged ? "DAMAGED" : "ok";
    std::printf("%-8s %s, %s bytes%s%s\n", verdict, file.name.c_str(),
                WithCommas(file.bytes).c_str(), file.finding.empty() ? "" : ": ",
                file.finding.c_str());
  }
  if (!report.damaged() || !report.digest.empty()) {
    PrintState(report);
  } else {
    std::printf("state    not loaded; the files speak of LSN %llu at most\n",
                static_cast<unsigned long long>(report.lsn.value));
  }
  std::printf("log      %s commits", WithCommas(report.num_commits).c_str());
  if (report.torn_bytes > 0) {
    std::printf("; behind them %s bytes of what was never acknowledged",
                WithCommas(report.torn_bytes).c_str());
  }
  std::printf("\n");
  if (report.oldest) {
    std::printf("restore  from LSN %llu on\n",
                static_cast<unsigned long long>(report.oldest->value));
  }
  return report.damaged() ? kExitDamaged : kExitOk;
}

int Made(const char* tool, const absl::StatusOr<StoreReport>& report, const std::string& to) {
  if (!report.ok()) return Fail(tool, report.status());
  std::printf("made     %s\n", to.c_str());
  PrintState(*report);
  return kExitOk;
}

struct Flags {
  std::string data;
  std::string from;
  std::string to;
  std::string dump;
  std::string out;
  std::string time;
  uint64_t lsn = 0;
  bool accept_loss = false;
};

int Check(const Flags& flags, bool load) {
  Steps steps;
  const auto report =
      load ? VerifyStore(flags.data, steps.Fn()) : CheckStore(flags.data, steps.Fn());
  return report.ok() ? PrintReport(*report) : Fail(load ? "verify" : "check", report.status());
}

// Errors: ERR when what is made would lie in the directory that it is made of.
absl::Status CheckApart(const std::string& from, const std::string& made) {
  std::error_code error;
  const auto source = std::filesystem::weakly_canonical(from, error);
  if (error) return absl::OkStatus();  // then it cannot be opened either
  const auto result = std::filesystem::weakly_canonical(made, error);
  if (error) return absl::OkStatus();
  const auto [left, below] =
      std::mismatch(source.begin(), source.end(), result.begin(), result.end());
  if (left != source.end() || below == result.end()) return absl::OkStatus();
  return MakeError(ErrorCode::kErr, "it would lie in the directory that it is made of: " + made);
}

int Dump(const Flags& flags) {
  const absl::Status apart = CheckApart(flags.data, flags.out);
  if (!flags.out.empty() && !apart.ok()) return Fail("dump", apart);
  absl::StatusOr<DumpFile> file = DumpFile::Open(flags.out);
  if (!file.ok()) return Fail("dump", file.status());
  Steps steps;
  absl::Status status = DumpStore(
      flags.data, [&](std::string_view line) { return file->Add(line); }, steps.Fn());
  if (status.ok()) status = file->Publish();
  return status.ok() ? kExitOk : Fail("dump", status);
}

int RestoreFromDump(const Flags& flags) {
  std::ifstream file;
  if (flags.dump != "-") file.open(flags.dump, std::ios::binary);
  std::istream& in = flags.dump == "-" ? std::cin : file;
  if (!in) {
    return Fail("restore", MakeError(ErrorCode::kErr, "the dump cannot be opened: " + flags.dump));
  }
  Steps steps;
  const auto next = [&]() -> absl::StatusOr<std::optional<std::string>> {
    std::string line;
    if (std::getline(in, line)) return std::optional<std::string>(std::move(line));
    if (in.bad()) return MakeError(ErrorCode::kErr, "the dump cannot be read");
    return std::optional<std::string>();
  };
  const auto report = RestoreDump(next, flags.to, steps.Fn());
  const int code = Made("restore", report, flags.to);
  // What the dump does not say as it was written is damage to it.
  const bool damaged = !report.ok() && ErrorCodeOf(report.status()) == ErrorCode::kParse;
  return damaged ? kExitDamaged : code;
}

int Restore(const Flags& flags, const CLI::App& tool) {
  if (!flags.dump.empty()) return RestoreFromDump(flags);
  if (const absl::Status apart = CheckApart(flags.from, flags.to); !apart.ok()) {
    return Fail("restore", apart);
  }
  RestorePoint point;
  if (tool.count("--to-lsn") > 0) point.lsn = Lsn{flags.lsn};
  if (!flags.time.empty()) {
    const absl::StatusOr<Timestamp> time = ParseTimestamp(flags.time);
    if (!time.ok()) {
      Fail("restore", time.status());
      return kExitUsage;
    }
    point.time = *time;
  }
  Steps steps;
  return Made("restore", RestoreStore(flags.from, flags.to, point, steps.Fn()), flags.to);
}

int Salvage(const Flags& flags) {
  if (const absl::Status apart = CheckApart(flags.from, flags.to); !apart.ok()) {
    return Fail("salvage", apart);
  }
  Steps steps;
  const auto report = SalvageStore(flags.from, flags.to, flags.accept_loss, steps.Fn());
  if (!report.ok()) return Fail("salvage", report.status());
  for (const Loss& loss : report->losses) {
    std::printf("lost     %s: %s\n", loss.file.c_str(), loss.what.c_str());
  }
  if (report->losses.empty()) std::printf("lost     nothing\n");
  return Made("salvage", report->store, flags.to);
}

}  // namespace

void AddMaintenanceTools(CLI::App* app, int* exit_code) {
  auto flags = std::make_shared<Flags>();
  CLI::App* check = app->add_subcommand("check", "Check every checksum of a store's files");
  check->add_option("data", flags->data, "Data directory or backup; not served")->required();
  check->callback([flags, exit_code] { *exit_code = Check(*flags, false); });

  CLI::App* verify = app->add_subcommand("verify", "Check a store's files and load them for trial");
  verify->add_option("data", flags->data, "Data directory or backup; not served")->required();
  verify->callback([flags, exit_code] { *exit_code = Check(*flags, true); });

  CLI::App* dump = app->add_subcommand("dump", "Write the whole state as lines of JSON");
  dump->add_option("data", flags->data, "Data directory or backup; not served")->required();
  dump->add_option("--out", flags->out, "File to write; standard output if not given");
  dump->callback([flags, exit_code] { *exit_code = Dump(*flags); });

  CLI::App* restore = app->add_subcommand("restore", "Make a new data directory of an older state");
  CLI::Option_group* source = restore->add_option_group("source");
  source->add_option("--from", flags->from, "Data directory or backup; not served");
  CLI::Option* from_dump =
      source->add_option("--dump", flags->dump, "Lines of `roster dump`; - for standard input");
  source->require_option(1);
  restore->add_option("--to", flags->to, "The directory to make")->required();
  CLI::Option_group* point = restore->add_option_group("point");
  point->add_option("--to-lsn", flags->lsn, "The state at this LSN; the newest if not given")
      ->excludes(from_dump);  // a dump is one state
  point->add_option("--to-time", flags->time, "The last state at or before this time")
      ->excludes(from_dump);
  point->require_option(0, 1);
  restore->callback([flags, restore, exit_code] { *exit_code = Restore(*flags, *restore); });

  CLI::App* salvage = app->add_subcommand("salvage", "Make a new data directory of a damaged one");
  salvage->add_option("--from", flags->from, "The damaged data directory; it stays as it is")
      ->required();
  salvage->add_option("--to", flags->to, "The directory to make")->required();
  salvage->add_flag("--accept-loss", flags->accept_loss, "Make it even if something is lost");
  salvage->callback([flags, exit_code] { *exit_code = Salvage(*flags); });
}

}  // namespace roster::server
