// SPDX-License-Identifier: Apache-2.0
//
// T17: backups while serving, verified; and restores to random LSNs and times. Each has the state
// that its LSN stands for. Source: DURABILITY.md P8, P9, "The battery".
#include <catch2/catch.hpp>
#include <random>

#include "engine/maintenance/load.h"
#include "tests/battery/history.h"
#include "tests/battery/size.h"
#include "tests/seed.h"

namespace roster {
namespace {

constexpr size_t kSteps = 40;

class RestoreTrial {
 public:
  explicit RestoreTrial(uint64_t seed)
      : random_(seed),
        history_(MakeHistory(seed, kSteps)),
        states_(StatesOf(history_)),
        runner_(&files_, SmallFileOptions()) {}

  void Run() {
    Look();
    for (const Step& step : history_) {
      runner_.Run(step);
      Look();
      if (random_() % 8 == 0) Backup();
      NoteTime(step);
    }
    runner_.Close();
    CheckBackups();
    CheckRestores();
  }

 private:
  Stats Look() {
    REQUIRE(runner_.Open());
    return runner_.db()->GetStats();
  }

  void Backup() {
    const std::string to = "backup-" + std::to_string(backups_.size());
    const auto made = runner_.db()->Backup(to);
    INFO(made.status().ToString());
    REQUIRE(made.ok());
    backups_[to] = made->lsn;
  }

  // The moments at which the clock is about to leave everything behind that was written so far.
  void NoteTime(const Step& step) {
    const Stats stats = Look();
    if (step.kind == Step::Kind::kAdvance && last_ && stats.clock > last_->clock) {
      times_[last_->clock] = last_->lsn;
    }
    last_ = stats;
  }

  void CheckBackups() {
    for (const auto& [directory, lsn] : backups_) {
      INFO(directory << " at LSN " << lsn.value);
      const auto report = VerifyStore(runner_.world().environment(), directory, {});
      INFO(report.status().ToString());
      REQUIRE(report.ok());
      REQUIRE_FALSE(report->damaged());
      REQUIRE(report->digest == states_.at(lsn));
    }
  }

  void CheckRestores() {
    const auto whole = VerifyStore(runner_.world().environment(), "data", {});
    INFO(whole.status().ToString());
    REQUIRE(whole.ok());
    REQUIRE_FALSE(whole->damaged());
    REQUIRE(whole->digest == states_.at(whole->lsn));
    REQUIRE(whole->oldest.has_value());
    for (const auto& [lsn, digest] : states_) {
      if (lsn < *whole->oldest || lsn == Lsn{} || random_() % 6 != 0) continue;
      CheckRestore({.lsn = lsn, .time = {}}, lsn, digest);
    }
    for (const auto& [time, lsn] : times_) {
      if (lsn >= *whole->oldest) CheckRestore({.lsn = {}, .time = time}, lsn, states_.at(lsn));
    }
  }

  void CheckRestore(const RestorePoint& point, Lsn lsn, const std::string& digest) {
    const std::string to = "restored-" + std::to_string(num_restored++);
    INFO("to LSN " << lsn.value << (point.time ? ", by its time" : ""));
    const auto report = RestoreStore(runner_.world().environment(), "data", to, point, {});
    INFO(report.status().ToString());
    REQUIRE(report.ok());
    REQUIRE(report->lsn == lsn);
    REQUIRE(report->digest == digest);
  }

  std::mt19937_64 random_;
  const Steps history_;
  const std::map<Lsn, std::string> states_;
  FaultyFileSystem files_;
  Runner runner_;
  std::map<std::string, Lsn> backups_;
  std::map<Timestamp, Lsn> times_;
  std::optional<Stats> last_;

 public:
  uint64_t num_restored = 0;
};

TEST_CASE("T17: backups, and restores to any LSN and time", "[T17]") {
  Tally tally("T17 histories");
  tally.wanted = BatterySize(12);
  std::mt19937_64 random(TestSeed());
  uint64_t num_restored = 0;
  for (; tally.done < tally.wanted; ++tally.done) {
    const uint64_t seed = random();
    INFO("history " << seed);
    RestoreTrial trial(seed);
    trial.Run();
    num_restored += trial.num_restored;
  }
  tally.note = ", " + std::to_string(num_restored) + " restores";
}

}  // namespace
}  // namespace roster
