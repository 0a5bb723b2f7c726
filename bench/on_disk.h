// SPDX-License-Identifier: Apache-2.0
//
// For benchmarks of what is durable: folders that go away again on the disk to measure, which is
// ROSTER_BENCH_FOLDER's, or where temporary files go. The figures name it. Thread rule: one thread.
#ifndef ROSTER_BENCH_ON_DISK_H_
#define ROSTER_BENCH_ON_DISK_H_

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "storage/base/environment.h"

namespace roster {

inline std::filesystem::path BenchDisk() {
  const char* const folder = std::getenv("ROSTER_BENCH_FOLDER");
  return folder == nullptr ? std::filesystem::temp_directory_path() : folder;
}

class BenchFolder {
 public:
  BenchFolder() : path_(BenchDisk() / ("roster-bench-" + std::to_string(SystemRandom()->Next()))) {}
  ~BenchFolder() { std::filesystem::remove_all(path_); }
  BenchFolder(const BenchFolder&) = delete;
  BenchFolder& operator=(const BenchFolder&) = delete;

  std::string path() const { return path_.string(); }

 private:
  const std::filesystem::path path_;
};

// In place of BENCHMARK_MAIN, which refuses the options that are those of the script beside it.
inline int RunOnDisk(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  benchmark::AddCustomContext("folder", BenchDisk().string());
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace roster

#endif  // ROSTER_BENCH_ON_DISK_H_
