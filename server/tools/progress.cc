// SPDX-License-Identifier: Apache-2.0
//
// Draws progress.
#include "server/tools/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace roster::server {
namespace {

constexpr int kBarWidth = 40;
constexpr std::chrono::milliseconds kRedraw{100};

}  // namespace

Progress::Progress(std::string what, bool is_terminal)
    : what_(std::move(what)),
      is_terminal_(is_terminal),
      start_(std::chrono::steady_clock::now()),
      drawn_(start_) {}

Progress::~Progress() {
  if (bar_open_) std::fputc('\n', stderr);
}

double Progress::Seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Progress::Update(double part) {
  part = std::clamp(part, 0.0, 1.0);
  if (is_terminal_) {
    const auto now = std::chrono::steady_clock::now();
    if (bar_open_ && part < 1.0 && now - drawn_ < kRedraw) return;
    drawn_ = now;
    return DrawBar(part);
  }
  const int tenths = static_cast<int>(part * 10);
  if (tenths <= tenths_) return;
  tenths_ = tenths;
  std::fprintf(stderr, "%s: %d%% after %.1f s\n", what_.c_str(), tenths * 10, Seconds());
}

void Progress::DrawBar(double part) {
  const int full = static_cast<int>(part * kBarWidth);
  const std::string bar = std::string(full, '#') + std::string(kBarWidth - full, '.');
  std::fprintf(stderr, "\r%s [%s] %3d%% %.1f s ", what_.c_str(), bar.c_str(),
               static_cast<int>(part * 100), Seconds());
  std::fflush(stderr);
  bar_open_ = true;
}

bool Progress::StderrIsTerminal() { return isatty(STDERR_FILENO) == 1; }

}  // namespace roster::server
