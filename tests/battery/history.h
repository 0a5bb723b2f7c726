// SPDX-License-Identifier: Apache-2.0
//
// Random histories of a store, made from a seed: what clients do, and what happens to the store
// between. A history runs on a file system that may fail; a run without faults tells what state
// every LSN stands for. Thread rule: one thread.
#ifndef ROSTER_TESTS_BATTERY_HISTORY_H_
#define ROSTER_TESTS_BATTERY_HISTORY_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "roster/database.h"
#include "tests/disk/faulty_file_system.h"
#include "tests/engine/simulation.h"

namespace roster {

// One step of a history.
struct Step {
  enum class Kind : uint8_t {
    kWrite,    // `batches`, all in flight at once
    kAdvance,  // the wall clock goes on by advance_ms
    kRead,     // takes a view, which may make what is due happen
    kSnapshot,
    kReopen,
  };
  Kind kind = Kind::kWrite;
  std::vector<Batch> batches;
  int64_t advance_ms = 0;
};

// A history: steps one after the other.
using Steps = std::vector<Step>;

Steps MakeHistory(uint64_t seed, size_t num_steps);

// Small files, so that short histories go through many.
Options SmallFileOptions();

// How a write of a history ended.
struct WriteOutcome {
  absl::Status status;
  Lsn lsn;  // when the status is OK
};

// Whether the store took the write, or refused it for what it says: nothing is wrong with the
// store.
bool IsAnswered(const absl::Status& status);

// Runs a history. The store may fail at any point; what cannot be done is left out.
class Runner {
 public:
  Runner(FaultyFileSystem* files, const Options& options) : world_(files), options_(options) {}

  // Opens the store when it is not. False when that fails.
  bool Open();
  void Close() { db_ = nullptr; }
  // The outcomes of the step's writes; empty when it has none or the store cannot be opened.
  std::vector<WriteOutcome> Run(const Step& step);

  Database* db() { return db_.get(); }
  World& world() { return world_; }
  const absl::Status& open_status() const { return open_status_; }

 private:
  std::vector<WriteOutcome> Write(const std::vector<Batch>& batches);
  void RunOther(const Step& step);

  World world_;
  const Options options_;
  std::unique_ptr<Database> db_;
  absl::Status open_status_;
};

// The digest of the state after each commit of a history without faults.
std::map<Lsn, std::string> StatesOf(const Steps& history);

// The digest of an opened store, without making anything due happen.
std::string DigestOfStore(Database* db);

}  // namespace roster

#endif  // ROSTER_TESTS_BATTERY_HISTORY_H_
