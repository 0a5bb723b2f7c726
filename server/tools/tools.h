// SPDX-License-Identifier: Apache-2.0
//
// The commands of the program `roster`; each file of this folder adds its own to the command line.
// Thread rule: called once by main.
#ifndef ROSTER_SERVER_TOOLS_TOOLS_H_
#define ROSTER_SERVER_TOOLS_TOOLS_H_

namespace CLI {  // NOLINT(readability-identifier-naming): the library is called so
class App;
}

namespace roster::server {

// What the program returns to the shell. Source: PROTOCOL.md "Exit codes".
enum ExitCode : int {
  kExitOk = 0,
  kExitError = 1,
  kExitUsage = 2,
  kExitCannotConnect = 3,
  kExitDamaged = 4,
  kExitTimeout = 5,
};

// Each adds a subcommand that puts its exit code into `*exit_code` when it ran.
// Lifetime: `exit_code` outlives `app`.
void AddServeTool(CLI::App* app, int* exit_code);
void AddImportTool(CLI::App* app, int* exit_code);
void AddGenerateTool(CLI::App* app, int* exit_code);
void AddQueryTool(CLI::App* app, int* exit_code);
// check, verify, dump, restore and salvage.
void AddMaintenanceTools(CLI::App* app, int* exit_code);

}  // namespace roster::server

#endif  // ROSTER_SERVER_TOOLS_TOOLS_H_
