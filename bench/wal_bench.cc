// SPDX-License-Identifier: Apache-2.0
//
// How many commits a second become durable through the log, one sync per commit, for commits of 1,
// 100 and 1,000 events' size, and how near is that to a bare pwrite and fdatasync of as many bytes
// into space written before, on the same device? ROSTER_BENCH_DIR names a directory on the device
// to measure; otherwise it is the one of temporary files.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "storage/base/environment.h"
#include "storage/disk/log_directory.h"

namespace roster {
namespace {

constexpr size_t kEventBytes = 80;  // of an encoded event with its id and three properties
constexpr off_t kRawFileBytes = 64 << 20;

class BenchDir {
 public:
  BenchDir() {
    const char* given = std::getenv("ROSTER_BENCH_DIR");
    const std::filesystem::path parent =
        given != nullptr ? given : std::filesystem::temp_directory_path();
    path_ = (parent / "roster-wal-XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr) std::abort();
  }
  BenchDir(const BenchDir&) = delete;
  BenchDir& operator=(const BenchDir&) = delete;
  ~BenchDir() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void ReportRates(benchmark::State& state) {
  const auto events = static_cast<double>(state.range(0));
  const auto syncs = static_cast<double>(state.iterations());
  state.counters["syncs/s"] = benchmark::Counter(syncs, benchmark::Counter::kIsRate);
  state.counters["events/s"] = benchmark::Counter(syncs * events, benchmark::Counter::kIsRate);
}

void RawFdatasync(benchmark::State& state) {
  const BenchDir dir;
  const std::string bytes(static_cast<size_t>(state.range(0)) * kEventBytes, 'x');
  const int file = open((dir.path() + "/raw").c_str(), O_RDWR | O_CREAT, 0600);
  const std::string zeros(1 << 20, '\0');
  for (off_t at = 0; at < kRawFileBytes; at += static_cast<off_t>(zeros.size())) {
    if (pwrite(file, zeros.data(), zeros.size(), at) < 0) state.SkipWithError("cannot write");
  }
  fsync(file);
  off_t offset = 0;
  while (state.KeepRunning()) {
    if (offset + static_cast<off_t>(bytes.size()) > kRawFileBytes) offset = 0;
    if (pwrite(file, bytes.data(), bytes.size(), offset) < 0 || fdatasync(file) != 0) {
      state.SkipWithError("cannot write");
      break;
    }
    offset += static_cast<off_t>(bytes.size());
  }
  close(file);
  ReportRates(state);
}
BENCHMARK(RawFdatasync)->Arg(1)->Arg(100)->Arg(1000)->UseRealTime();

std::unique_ptr<LogDirectory> OpenLog(const std::string& path,
                                      const LogDirectoryOptions& options = {}) {
  auto log = LogDirectory::Open(RealFileSystem(), SystemRandom(), path, options);
  if (!log.ok()) return nullptr;
  const auto reader = (*log)->Reader();
  if (!reader.ok() || !(*reader)->Next().ok()) return nullptr;
  if (!(*log)->StartWriting((*reader)->end()).ok()) return nullptr;
  return *std::move(log);
}

bool CommitDurably(LogDirectory* log, const std::string& payload) {
  return log->Reserve(payload.size()).ok() && log->AppendCommit(payload, {}).ok() &&
         log->Write().ok() && log->Sync().ok();
}

void AppendAndSync(benchmark::State& state, const LogDirectoryOptions& options) {
  const BenchDir dir;
  const auto log = OpenLog(dir.path(), options);
  const std::string payload(static_cast<size_t>(state.range(0)) * kEventBytes, 'x');
  if (log == nullptr) state.SkipWithError("cannot open");
  while (state.KeepRunning()) {
    if (!CommitDurably(log.get(), payload)) {
      state.SkipWithError("cannot write");
      break;
    }
  }
  ReportRates(state);
}

void LogAppendSync(benchmark::State& state) { AppendAndSync(state, {}); }
BENCHMARK(LogAppendSync)->Arg(1)->Arg(100)->Arg(1000)->UseRealTime();

// The same into space that is reserved but was never written: what zeros ahead of the frames bring.
void LogAppendSyncUnwritten(benchmark::State& state) {
  LogDirectoryOptions options;
  options.zero_ahead_bytes = 0;
  AppendAndSync(state, options);
}
BENCHMARK(LogAppendSyncUnwritten)->Arg(1)->Arg(100)->UseRealTime();

// The same without the device: what framing, checksums and the calls into the kernel cost.
void LogAppendWrite(benchmark::State& state) {
  const BenchDir dir;
  const auto log = OpenLog(dir.path());
  const std::string payload(static_cast<size_t>(state.range(0)) * kEventBytes, 'x');
  if (log == nullptr) state.SkipWithError("cannot open");
  while (state.KeepRunning()) {
    if (!log->Reserve(payload.size()).ok() || !log->AppendCommit(payload, {}).ok() ||
        !log->Write().ok()) {
      state.SkipWithError("cannot write");
      break;
    }
  }
  ReportRates(state);
}
BENCHMARK(LogAppendWrite)->Arg(1)->Arg(100)->UseRealTime();

}  // namespace
}  // namespace roster

BENCHMARK_MAIN();
