// SPDX-License-Identifier: Apache-2.0
//
// The program `roster`: one subcommand per tool.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "server/tools/tools.h"
#include "server/version.h"

namespace {

// Names what was typed and is not known, in its order. A misspelt word also lacks what it was to
// be, and of the two CLI11 says only what is missing.
int UsageError(const CLI::App& app, const CLI::ParseError& error) {
  std::vector<std::string> unknown = app.remaining(true);
  const int code = error.get_exit_code();
  const bool may_be_misspelt = code == static_cast<int>(CLI::ExitCodes::RequiredError) ||
                               code == static_cast<int>(CLI::ExitCodes::ExtrasError);
  if (!may_be_misspelt || unknown.empty()) return app.exit(error);
  std::reverse(unknown.begin(), unknown.end());  // ExtrasError turns them round
  return app.exit(CLI::ExtrasError("roster", std::move(unknown)));
}

}  // namespace

int main(int argc, char** argv) {
  // A client that goes away is an error of its connection, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  // So is a file that may not grow: the error of a write.
  std::signal(SIGXFSZ, SIG_IGN);
  CLI::App app("Roster, an in-memory profile engine", "roster");
  app.set_version_flag("--version", std::string(roster::server::kVersion));
  app.require_subcommand(1);
  int exit_code = roster::server::kExitOk;
  roster::server::AddServeTool(&app, &exit_code);
  roster::server::AddImportTool(&app, &exit_code);
  roster::server::AddGenerateTool(&app, &exit_code);
  roster::server::AddQueryTool(&app, &exit_code);
  roster::server::AddMaintenanceTools(&app, &exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return UsageError(app, error) == 0 ? roster::server::kExitOk : roster::server::kExitUsage;
  }
  return exit_code;
}
