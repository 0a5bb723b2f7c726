// SPDX-License-Identifier: Apache-2.0
//
// How much a test of the battery does: a slice in every run, more by ROSTER_SIZE, and what it
// says at its end. Thread rule: one thread.
#ifndef ROSTER_TESTS_BATTERY_SIZE_H_
#define ROSTER_TESTS_BATTERY_SIZE_H_

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace roster {

// ROSTER_SIZE, otherwise `slice`.
inline uint64_t BatterySize(uint64_t slice) {
  const char* const size = std::getenv("ROSTER_SIZE");
  return size == nullptr ? slice : std::strtoull(size, nullptr, 10);
}

// Prints a row of the table in tests/README.md when it ends.
class Tally {
 public:
  explicit Tally(std::string row) : row_(std::move(row)) {}
  ~Tally() {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start_;
    std::printf("%s: %llu of %llu checked in %.0f s%s\n", row_.c_str(),
                static_cast<unsigned long long>(done), static_cast<unsigned long long>(wanted),
                took.count(), note.c_str());
  }
  uint64_t wanted = 0;
  uint64_t done = 0;
  std::string note;

 private:
  const std::string row_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace roster

#endif  // ROSTER_TESTS_BATTERY_SIZE_H_
