// SPDX-License-Identifier: Apache-2.0
//
// Progress of long work: a bar that moves on a terminal, a line per tenth otherwise; on stderr, so
// that what a tool says on stdout stays clean. Thread rule: one thread.
#ifndef ROSTER_SERVER_TOOLS_PROGRESS_H_
#define ROSTER_SERVER_TOOLS_PROGRESS_H_

#include <chrono>
#include <string>

namespace roster::server {

class Progress {
 public:
  // `what`: "importing". `is_terminal`: usually of stderr.
  Progress(std::string what, bool is_terminal);
  // Ends the bar's line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Shows the part done, 0 to 1. Cost: little when not much has changed.
  void Update(double part);
  double Seconds() const;

  static bool StderrIsTerminal();

 private:
  void DrawBar(double part);

  const std::string what_;
  const bool is_terminal_;
  const std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point drawn_;
  int tenths_ = 0;
  bool bar_open_ = false;
};

}  // namespace roster::server

#endif  // ROSTER_SERVER_TOOLS_PROGRESS_H_
