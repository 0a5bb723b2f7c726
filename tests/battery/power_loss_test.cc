// SPDX-License-Identifier: Apache-2.0
//
// T2: the power fails after any call to the file system, with many outcomes of what the disk then
// holds; now and then once more while the store recovers. What was acknowledged is there, and the
// state is the one that its LSN stands for. Source: DURABILITY.md "The battery".
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "tests/battery/history.h"
#include "tests/battery/size.h"
#include "tests/seed.h"

namespace roster {
namespace {

constexpr size_t kSteps = 24;
constexpr int kImages = 6;  // of each point in time

struct Interrupted {
  Lsn acked;
  uint64_t num_calls = 0;
};

// Runs the history until the power fails behind call number `call`.
Interrupted RunUntil(FaultyFileSystem* files, const Steps& history, uint64_t call) {
  Interrupted result;
  files->PowerOffAfter(call);
  Runner runner(files, SmallFileOptions());
  // As StatesOf does: it moves the clock.
  const auto look = [&] {
    if (runner.Open()) runner.db()->GetStats();
  };
  look();
  for (const Step& step : history) {
    for (const WriteOutcome& outcome : runner.Run(step)) {
      if (outcome.status.ok()) result.acked = std::max(result.acked, outcome.lsn);
    }
    if (files->num_calls() > call) break;
    look();
  }
  result.num_calls = files->num_calls();
  return result;
}

class Checker {
 public:
  Checker(const Steps& history, uint64_t seed)
      : history_(history), states_(StatesOf(history)), random_(seed) {}

  // The image opens with what was acknowledged, in a state that was, and takes writes.
  void Check(FaultyFileSystem* image, Lsn acked) {
    Runner runner(image, SmallFileOptions());
    const bool opened = runner.Open();
    INFO(runner.open_status().ToString());
    REQUIRE(opened);
    const Lsn lsn = runner.db()->GetStats().lsn;
    INFO("acknowledged LSN " << acked.value << ", recovered LSN " << lsn.value);
    REQUIRE(lsn >= acked);
    const auto state = states_.find(lsn);
    REQUIRE(state != states_.end());
    REQUIRE(DigestOfStore(runner.db()) == state->second);
    const Step again = history_[random_() % history_.size()];
    for (const WriteOutcome& outcome : runner.Run(again)) {
      INFO(outcome.status.ToString());
      REQUIRE(IsAnswered(outcome.status));
    }
  }

  // The same after the power failed once more while the image was opened.
  void CheckTwice(const FaultyFileSystem& image, Lsn acked) {
    const auto first = image.Clone();
    first->PowerOffAfter(random_() % 60);
    Runner(first.get(), SmallFileOptions()).Open();
    const auto second = first->CrashImage(random_());
    Check(second.get(), acked);
  }

 private:
  const Steps& history_;
  const std::map<Lsn, std::string> states_;
  std::mt19937_64 random_;
};

TEST_CASE("T2: power loss at every call to the file system", "[T2]") {
  Tally tally("T2 crash images");
  tally.wanted = BatterySize(1'500);
  std::mt19937_64 random(TestSeed());
  uint64_t num_histories = 0;
  while (tally.done < tally.wanted) {
    const uint64_t seed = random();
    const Steps history = MakeHistory(seed, kSteps);
    ++num_histories;
    Checker checker(history, seed);
    FaultyFileSystem whole;
    const uint64_t num_calls = RunUntil(&whole, history, UINT64_MAX).num_calls;
    // A small run takes some calls of each history, a large one all.
    const uint64_t stride = std::max<uint64_t>(1, num_calls * kImages * 4 / tally.wanted);
    for (uint64_t call = random() % stride; call <= num_calls; call += stride) {
      FaultyFileSystem files;
      const Lsn acked = RunUntil(&files, history, call).acked;
      for (int i = 0; i < kImages && tally.done < tally.wanted; ++i, ++tally.done) {
        const uint64_t image_seed = random();
        INFO("history " << seed << ", power off after call " << call << ", image " << image_seed);
        const auto image = files.CrashImage(image_seed);
        if (i == 0) {
          checker.CheckTwice(*image, acked);
        } else {
          checker.Check(image.get(), acked);
        }
      }
    }
  }
  tally.note = ", " + std::to_string(num_histories) + " histories";
}

}  // namespace
}  // namespace roster
