// SPDX-License-Identifier: Apache-2.0
//
// The durable mark: slots in turn, torn or lost ones.
#include "storage/disk/wal_mark.h"

#include <catch2/catch.hpp>

#include "roster/error.h"
#include "storage/disk/file_names.h"
#include "tests/disk/faulty_file_system.h"
#include "tests/seed.h"

namespace roster {
namespace {

constexpr char kDir[] = "/d";
const StoreUuid kUuid{{1, 2, 3}};

WalMarkRecord Record(uint64_t n) { return {1, 1000 * n, Lsn{n}, Timestamp{int64_t(n)}}; }

TEST_CASE("the newest record is read") {
  FaultyFileSystem fs;
  REQUIRE(fs.CreateDir(kDir).ok());
  REQUIRE(absl::IsNotFound(ReadWalMark(&fs, kDir, kUuid).status()));
  auto mark = WalMark::Create(&fs, kDir, kUuid, Record(0));
  REQUIRE(mark.ok());
  REQUIRE(*ReadWalMark(&fs, kDir, kUuid) == Record(0));
  for (uint64_t n = 1; n < 6; ++n) {
    REQUIRE((*mark)->Write(Record(n)).ok());
    REQUIRE(*ReadWalMark(&fs, kDir, kUuid) == Record(n));
    if (n == 3) mark = WalMark::Open(&fs, kDir, kUuid);
  }
  REQUIRE(ErrorCodeOf(WalMark::Create(&fs, kDir, kUuid, Record(0)).status()) == ErrorCode::kExists);
}

TEST_CASE("a mark of another store is not this one's") {
  FaultyFileSystem fs;
  REQUIRE(fs.CreateDir(kDir).ok());
  REQUIRE(WalMark::Create(&fs, kDir, kUuid, Record(0)).ok());
  REQUIRE(ErrorCodeOf(ReadWalMark(&fs, kDir, StoreUuid{{9}}).status()) == ErrorCode::kCorrupt);
}

TEST_CASE("a torn slot leaves the record before") {
  FaultyFileSystem fs;
  REQUIRE(fs.CreateDir(kDir).ok());
  auto mark = WalMark::Create(&fs, kDir, kUuid, Record(0));
  REQUIRE((*mark)->Write(Record(1)).ok());
  const std::string path = std::string(kDir) + "/wal.mark";
  const std::string before = fs.GetFile(path);
  REQUIRE((*mark)->Write(Record(2)).ok());
  const std::string after = fs.GetFile(path);
  size_t first = 0;
  while (before[first] == after[first]) ++first;
  for (size_t kept = first / 4096 * 4096; kept <= first / 4096 * 4096 + 64; ++kept) {
    fs.SetFile(path, after.substr(0, kept) + before.substr(kept));
    const auto read = ReadWalMark(&fs, kDir, kUuid);
    REQUIRE(read.ok());
    REQUIRE((*read == Record(1) || *read == Record(2)));
    // And writing on does not touch the slot that is left.
    auto again = WalMark::Open(&fs, kDir, kUuid);
    REQUIRE((*again)->Write(Record(7)).ok());
    REQUIRE(*ReadWalMark(&fs, kDir, kUuid) == Record(7));
  }
}

TEST_CASE("after a power failure the mark is one that was written, not below the last synced") {
  const uint64_t seed = TestSeed();
  for (uint64_t outcome = 0; outcome < 200; ++outcome) {
    FaultyFileSystem fs;
    REQUIRE(fs.CreateDir(kDir).ok());
    auto mark = WalMark::Create(&fs, kDir, kUuid, Record(0));
    REQUIRE(fs.SyncDir(kDir).ok());
    REQUIRE((*mark)->Write(Record(1)).ok());
    REQUIRE((*mark)->Write(Record(2)).ok());
    REQUIRE((*mark)->Sync().ok());
    for (uint64_t n = 3; n < 3 + outcome % 5; ++n) REQUIRE((*mark)->Write(Record(n)).ok());
    const auto read = ReadWalMark(fs.CrashImage(seed + outcome).get(), kDir, kUuid);
    REQUIRE(read.ok());
    REQUIRE(read->durable_lsn >= Lsn{2});
    REQUIRE(*read == Record(read->durable_lsn.value));
  }
}

}  // namespace
}  // namespace roster
