// SPDX-License-Identifier: Apache-2.0
//
// T5, T6: any call to the file system fails, once or from then on, with an I/O error or a full
// disk, also while the store recovers. What was acknowledged is there afterwards, what was refused
// is not, what is unknown is there up to some write and not beyond. Source: DURABILITY.md.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "roster/error.h"
#include "tests/battery/history.h"
#include "tests/battery/size.h"
#include "tests/seed.h"

namespace roster {
namespace {

constexpr size_t kSteps = 20;

// A write, and when it was made. One without items is of the store itself: what a view finds due
// by time alone.
struct Write {
  Batch batch;
  int64_t at_ms = 0;
};

// What a store must hold: a second store, without faults, that is fed with what the first took.
class Expected {
 public:
  Expected() : runner_(&files_, SmallFileOptions()) { REQUIRE(runner_.Open()); }

  void Take(const Write& write) {
    runner_.world().clock.now_ms = write.at_ms;
    Step step;
    step.batches = {write.batch};
    for (const WriteOutcome& outcome : runner_.Run(step)) REQUIRE(IsAnswered(outcome.status));
  }
  // Whether the state is what was taken, or that and the first of the unknown writes; takes those.
  bool Settle(const std::string& digest, std::vector<Write>* unknown) {
    size_t used = 0;
    while (DigestOfStore(runner_.db()) != digest) {
      if (used == unknown->size()) return false;
      Take((*unknown)[used++]);
    }
    unknown->clear();
    return true;
  }

 private:
  FaultyFileSystem files_;
  Runner runner_;
};

class FaultRun {
 public:
  FaultRun(FaultyFileSystem* files, bool resumes)
      : files_(files), runner_(files, SmallFileOptions()), resumes_(resumes) {}

  void Run(const Steps& history) {
    for (const Step& step : history) {
      if (step.kind == Step::Kind::kReopen) {
        runner_.Close();
        continue;  // the next step opens it, and settles what was unknown
      }
      if (!OpenAndSettle()) continue;
      const std::string before = DigestOfStore(runner_.db());
      const std::vector<WriteOutcome> outcomes = runner_.Run(step);
      const int64_t now_ms = runner_.world().clock.now_ms;
      for (size_t i = 0; i < outcomes.size(); ++i) {
        Note({step.batches[i], now_ms}, outcomes[i].status);
      }
      // Something was due. Whether it is durable no answer tells.
      const bool was_due = step.batches.empty() && DigestOfStore(runner_.db()) != before;
      if (was_due) unknown_.push_back({{}, now_ms});
      if (resumes_ && runner_.db()->GetStats().read_only) Resume();
    }
  }

  // Without faults, and after the machine went down as well.
  void Check(uint64_t seed) {
    const auto image = files_->CrashImage(seed);
    runner_.Close();
    files_->ClearFaults();
    const std::vector<Write> unknown = unknown_;
    REQUIRE(OpenAndSettle());
    Runner after_crash(image.get(), SmallFileOptions());
    const bool opened = after_crash.Open();
    INFO(after_crash.open_status().ToString());
    REQUIRE(opened);
    // A machine that goes down may lose more of the unknown than a process that ends.
    if (unknown.empty()) REQUIRE(DigestOfStore(after_crash.db()) == DigestOfStore(runner_.db()));
  }

 private:
  void Note(const Write& write, const absl::Status& status) {
    if (status.ok()) {
      TakeDue();
      expected_.Take(write);
    } else if (ErrorCodeOf(status) == ErrorCode::kUnknown) {
      unknown_.push_back(write);
    } else {
      const ErrorCode code = ErrorCodeOf(status);
      // Room for it could not be had, or the log has failed before.
      const bool refused = IsAnswered(status) || code == ErrorCode::kReadOnly ||
                           code == ErrorCode::kDiskFull || absl::IsInternal(status);
      INFO(status.ToString());
      REQUIRE(refused);
    }
  }

  bool OpenAndSettle() {
    if (runner_.db() != nullptr) return true;
    if (!runner_.Open()) return false;
    INFO(unknown_.size() << " writes are unknown");
    REQUIRE(expected_.Settle(DigestOfStore(runner_.db()), &unknown_));
    return true;
  }

  // What clients wrote and was unknown is durable when it succeeds.
  void Resume() {
    if (!runner_.db()->Resume().ok()) return;
    const auto is_due = [](const Write& write) { return write.batch.items.empty(); };
    const auto end = std::find_if_not(unknown_.rbegin(), unknown_.rend(), is_due).base();
    for (auto write = unknown_.begin(); write != end; ++write) expected_.Take(*write);
    unknown_.erase(unknown_.begin(), end);
    REQUIRE(expected_.Settle(DigestOfStore(runner_.db()), &unknown_));
  }

  // A write that is acknowledged has what was due before it.
  void TakeDue() {
    for (const Write& due : unknown_) {
      REQUIRE(due.batch.items.empty());
      expected_.Take(due);
    }
    unknown_.clear();
  }

  FaultyFileSystem* const files_;
  Runner runner_;
  const bool resumes_;
  Expected expected_;
  std::vector<Write> unknown_;
};

uint64_t NumCalls(const Steps& history) {
  FaultyFileSystem files;
  FaultRun run(&files, false);
  run.Run(history);
  run.Check(0);
  return files.num_calls();
}

TEST_CASE("T5, T6: every call to the file system fails", "[T5]") {
  Tally tally("T5 T6 failing calls");
  tally.wanted = BatterySize(400);
  std::mt19937_64 random(TestSeed());
  uint64_t num_histories = 0;
  while (tally.done < tally.wanted) {
    const uint64_t seed = random();
    const Steps history = MakeHistory(seed, kSteps);
    ++num_histories;
    const uint64_t num_calls = NumCalls(history);
    const uint64_t stride = std::max<uint64_t>(1, num_calls * 16 / tally.wanted);
    for (uint64_t call = 1 + random() % stride; call <= num_calls; call += stride) {
      for (const Fault fault : {Fault::kIoError, Fault::kDiskFull}) {
        for (const bool from_then_on : {false, true}) {
          const bool resumes = random() % 2 == 0;
          INFO("history " << seed << ", call " << call << (from_then_on ? " and all after" : "")
                          << (fault == Fault::kDiskFull ? ", disk full" : ", I/O error")
                          << (resumes ? ", with RESUME" : ""));
          FaultyFileSystem files;
          files.FailCall(call, fault, from_then_on);
          FaultRun run(&files, resumes);
          run.Run(history);
          run.Check(random());
          ++tally.done;
        }
      }
    }
  }
  tally.note = ", " + std::to_string(num_histories) + " histories";
}

}  // namespace
}  // namespace roster
