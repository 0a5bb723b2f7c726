// SPDX-License-Identifier: Apache-2.0
//
// T3, T4: every truncation and every bit flip of every file of a small store, and sectors that are
// zeroed, doubled and exchanged. The store opens with exactly its state, or refuses, names the
// file and changes nothing. Source: DURABILITY.md P5, P6, "The battery".
#include <catch2/catch.hpp>
#include <random>

#include "roster/error.h"
#include "storage/base/text.h"
#include "tests/battery/history.h"
#include "tests/battery/size.h"
#include "tests/seed.h"

namespace roster {
namespace {

constexpr size_t kSector = 512;

// A store of several log files and two snapshots, closed well: everything in it was acknowledged.
class Store {
 public:
  explicit Store(uint64_t seed) {
    const Steps history = MakeHistory(seed, 30);
    Runner runner(&files_, SmallFileOptions());
    for (const Step& step : history) runner.Run(step);
    REQUIRE(runner.Open());
    REQUIRE(runner.db()->Snapshot().ok());
    for (const Step& step : MakeHistory(seed + 1, 6)) runner.Run(step);
    REQUIRE(runner.Open());
    lsn_ = runner.db()->GetStats().lsn;
    digest_ = DigestOfStore(runner.db());
    runner.Close();
    original_ = files_.Files();
  }

  const std::map<std::string, std::string>& files() const { return original_; }

  // Opens the store with one file as it is given.
  void Check(const std::string& path, const std::string& bytes) {
    const auto files = files_.Clone();
    files->SetFile(path, bytes);
    Runner runner(files.get(), SmallFileOptions());
    if (runner.Open()) {
      REQUIRE(runner.db()->GetStats().lsn == lsn_);
      REQUIRE(DigestOfStore(runner.db()) == digest_);
      ++num_opened;
      return;
    }
    ++num_refused;
    INFO(runner.open_status().ToString());
    // A bit of the version or of the features makes a file that is newer, not damaged.
    const ErrorCode code = ErrorCodeOf(runner.open_status());
    REQUIRE((code == ErrorCode::kCorrupt || code == ErrorCode::kErr));
    const std::string name = path.substr(path.rfind('/') + 1);
    const std::string_view message = StdView(runner.open_status().message());
    REQUIRE(message.find(name) != std::string_view::npos);
    auto now = files->Files();
    now[path] = original_.at(path);
    REQUIRE(now == original_);
  }

  uint64_t num_opened = 0;
  uint64_t num_refused = 0;

 private:
  FaultyFileSystem files_;
  std::map<std::string, std::string> original_;
  Lsn lsn_;
  std::string digest_;
};

// The damage of a number to a file: there are `per_byte` for each of its bytes.
using Damage = std::string (*)(const std::string& bytes, uint64_t number);

std::string Truncate(const std::string& bytes, uint64_t number) { return bytes.substr(0, number); }

std::string FlipBit(const std::string& bytes, uint64_t number) {
  std::string damaged = bytes;
  damaged[number / 8] = static_cast<char>(damaged[number / 8] ^ (1 << (number % 8)));
  return damaged;
}

// Tries every damage of every file, or so many of each file that `wanted` come together, unless 0.
void TryDamages(const char* name, uint64_t per_byte, uint64_t wanted, Damage damage) {
  Tally tally(name);
  const uint64_t seed = TestSeed();
  Store store(seed);
  uint64_t total = 0;
  for (const auto& [path, bytes] : store.files()) total += bytes.size() * per_byte;
  const uint64_t stride = wanted == 0 ? 1 : std::max<uint64_t>(1, total / wanted);
  std::mt19937_64 random(seed);
  for (const auto& [path, bytes] : store.files()) {
    for (uint64_t n = random() % stride; n < bytes.size() * per_byte; n += stride) {
      INFO("seed " << seed << ", " << path << ", damage " << n << ", byte " << n / per_byte);
      store.Check(path, damage(bytes, n));
      ++tally.done;
    }
  }
  tally.wanted = tally.done;
  tally.note = ", " + std::to_string(store.num_refused) + " refused, " +
               std::to_string(store.num_opened) + " without loss";
}

// ROSTER_SIZE=0: every one.
TEST_CASE("T3: every truncation of every file", "[T3]") {
  TryDamages("T3 truncations", 1, BatterySize(1'000), Truncate);
}

TEST_CASE("T4: every bit flip of every file", "[T4]") {
  TryDamages("T4 bit flips", 8, BatterySize(2'000), FlipBit);
}

TEST_CASE("T4: sectors zeroed, doubled and exchanged", "[T4]") {
  Tally tally("T4 sectors");
  const uint64_t seed = TestSeed();
  INFO("seed " << seed);
  Store store(seed);
  for (const auto& [path, bytes] : store.files()) {
    for (size_t at = 0; at + kSector <= bytes.size(); at += kSector) {
      INFO(path << ", sector at " << at);
      std::string zeroed = bytes;
      zeroed.replace(at, kSector, kSector, '\0');
      store.Check(path, zeroed);
      ++tally.done;
      if (at + 2 * kSector > bytes.size()) continue;
      std::string doubled = bytes;
      doubled.replace(at + kSector, kSector, bytes, at, kSector);
      store.Check(path, doubled);
      std::string exchanged = doubled;
      exchanged.replace(at, kSector, bytes, at + kSector, kSector);
      store.Check(path, exchanged);
      tally.done += 2;
    }
  }
  tally.wanted = tally.done;
}

}  // namespace
}  // namespace roster
