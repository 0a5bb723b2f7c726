// SPDX-License-Identifier: Apache-2.0
//
// T7: the memory limit is reached at every step of a history. Growing commands are refused before
// the log, reads go on, and what was refused left nothing behind. Source: DURABILITY.md P12.
#include <catch2/catch.hpp>
#include <random>

#include "roster/error.h"
#include "tests/battery/history.h"
#include "tests/battery/size.h"
#include "tests/seed.h"

namespace roster {
namespace {

constexpr size_t kSteps = 30;

uint64_t MemoryAfter(const Steps& history, size_t num_steps) {
  FaultyFileSystem files;
  Runner runner(&files, SmallFileOptions());
  for (size_t i = 0; i < num_steps; ++i) runner.Run(history[i]);
  REQUIRE(runner.Open());
  return runner.db()->GetStats().memory_bytes;
}

// Runs the history below a limit; returns how many writes it refused.
uint64_t RunBelow(const Steps& history, uint64_t limit) {
  FaultyFileSystem files;
  Options options = SmallFileOptions();
  options.memory_limit_bytes = limit;
  Runner limited(&files, options);
  FaultyFileSystem other_files;
  Runner expected(&other_files, SmallFileOptions());
  REQUIRE(limited.Open());
  REQUIRE(expected.Open());
  uint64_t num_refused = 0;
  for (const Step& step : history) {
    if (step.kind != Step::Kind::kWrite) {
      limited.Run(step);
      expected.Run(step);
      REQUIRE(limited.Open());
      continue;
    }
    for (const Batch& batch : step.batches) {
      REQUIRE(limited.Open());
      const Lsn before = limited.db()->GetStats().lsn;
      Step single;
      single.batches = {batch};
      const WriteOutcome outcome = limited.Run(single).at(0);
      if (ErrorCodeOf(outcome.status) == ErrorCode::kOutOfMemory) {
        ++num_refused;
        REQUIRE(limited.db()->GetStats().lsn == before);
      } else {
        REQUIRE(IsAnswered(outcome.status));
        expected.Run(single);
      }
      for (Runner* store : {&limited, &expected}) {  // what is due happens in both
        REQUIRE(store->db()->Execute("count", {}).ok());
      }
      REQUIRE(DigestOfStore(limited.db()) == DigestOfStore(expected.db()));
    }
  }
  REQUIRE(DigestOfStore(limited.db()) == DigestOfStore(expected.db()));
  limited.Close();
  Runner unlimited(&files, SmallFileOptions());
  REQUIRE(unlimited.Open());
  REQUIRE(DigestOfStore(unlimited.db()) == DigestOfStore(expected.db()));
  return num_refused;
}

TEST_CASE("T7: the memory limit at every step", "[T7]") {
  Tally tally("T7 memory limits");
  tally.wanted = BatterySize(60);
  std::mt19937_64 random(TestSeed());
  uint64_t num_refused = 0;
  while (tally.done < tally.wanted) {
    const uint64_t seed = random();
    const Steps history = MakeHistory(seed, kSteps);
    for (size_t step = 1; step <= kSteps && tally.done < tally.wanted; ++step, ++tally.done) {
      INFO("history " << seed << ", limit reached at step " << step);
      num_refused += RunBelow(history, MemoryAfter(history, step));
    }
  }
  REQUIRE(num_refused > 0);
  tally.note = ", " + std::to_string(num_refused) + " writes refused";
}

}  // namespace
}  // namespace roster
