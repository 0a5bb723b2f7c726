// SPDX-License-Identifier: Apache-2.0
//
// The bytes of headers and frames.
#include "storage/disk/wal_format.h"

#include <catch2/catch.hpp>

#include "roster/error.h"
#include "storage/disk/file_names.h"
#include "tests/disk/seeded_random.h"
#include "tests/seed.h"

namespace roster {
namespace {

WalFileHeader SampleHeader() {
  WalFileHeader header;
  header.uuid.bytes = {1, 2, 3};
  header.number = 7;
  header.base_lsn = Lsn{99};
  header.epoch = 0x0123456789abcdef;
  header.previous_chain = {5, 6};
  header.clock_ceiling = Timestamp{-4};
  return header;
}

TEST_CASE("a log header reads as it was written, and every bit of it counts") {
  const WalFileHeader header = SampleHeader();
  const std::string bytes = EncodeWalFileHeader(header);
  REQUIRE(bytes.size() == kWalFileHeaderBytes);
  REQUIRE(*DecodeWalFileHeader(bytes) == header);
  REQUIRE(ErrorCodeOf(DecodeWalFileHeader(bytes.substr(1)).status()) == ErrorCode::kCorrupt);
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] ^= static_cast<char>(1 << bit % 8);
    REQUIRE(ErrorCodeOf(DecodeWalFileHeader(flipped).status()) == ErrorCode::kCorrupt);
  }
}

TEST_CASE("a frame holds at its offset of its file only") {
  WalFrameHeader header;
  header.last_of_commit = false;
  header.lsn = Lsn{100};
  header.clock_ceiling = Timestamp{123456789};
  header.durable_offset = 4096;
  WalChain chain = WalFileChain(SampleHeader());
  const WalChain before = chain;
  std::string bytes;
  AppendWalFrame(header, "payload", 42, 5000, &chain, &bytes);
  REQUIRE(bytes.size() == kWalFrameHeaderBytes + 7);
  const auto decoded = DecodeWalFrameHeader(bytes, 42, 5000);
  REQUIRE(decoded.has_value());
  REQUIRE(decoded->payload_bytes == 7);
  REQUIRE(!decoded->last_of_commit);
  REQUIRE(decoded->lsn == Lsn{100});
  REQUIRE(decoded->clock_ceiling == Timestamp{123456789});
  REQUIRE(decoded->durable_offset == 4096);
  REQUIRE(decoded->chain == chain);
  REQUIRE(WalFrameChain(before, bytes, "payload") == chain);
  REQUIRE(WalFrameChain(before, bytes, "Payload") != chain);
  REQUIRE(WalFrameChain(chain, bytes, "payload") != chain);
  REQUIRE(!DecodeWalFrameHeader(bytes, 42, 5001));
  REQUIRE(!DecodeWalFrameHeader(bytes, 43, 5000));
  for (size_t bit = 0; bit < 8 * kWalFrameHeaderBytes; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] ^= static_cast<char>(1 << bit % 8);
    REQUIRE(!DecodeWalFrameHeader(flipped, 42, 5000));
  }
}

TEST_CASE("zeros are never a frame") {
  const std::string zeros(kWalFrameHeaderBytes, '\0');
  SeededRandom random(TestSeed());
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(!DecodeWalFrameHeader(zeros, random.Next(), random.Next()));
  }
}

TEST_CASE("a commit takes what its frames take") {
  REQUIRE(WalCommitBytes(0, 100) == 56);
  REQUIRE(WalCommitBytes(100, 100) == 156);
  REQUIRE(WalCommitBytes(101, 100) == 101 + 2 * 56);
}

TEST_CASE("hexadecimal text has one spelling") {
  const WalChain chain{0x0123456789abcdef, 0xfedcba9876543210};
  REQUIRE(ChainToHex(chain) == "fedcba98765432100123456789abcdef");
  REQUIRE(ChainFromHex("fedcba98765432100123456789abcdef") == chain);
  REQUIRE(!ChainFromHex("FEDCBA98765432100123456789ABCDEF"));
  REQUIRE(!ChainFromHex("fedcba98765432100123456789abcde"));
  REQUIRE(UuidFromHex(UuidToHex(SampleHeader().uuid)) == SampleHeader().uuid);
}

TEST_CASE("names of log files have one spelling") {
  REQUIRE(LogFileName(1) == "wal-00000001.log");
  REQUIRE(LogFileName(1234567890123) == "wal-1234567890123.log");
  REQUIRE(ParseLogFileName("wal-00000042.log") == 42);
  REQUIRE(ParseLogFileName("wal-1234567890123.log") == 1234567890123);
  for (const char* name : {"wal-1.log", "wal-000000001.log", "wal-0000000x.log", "wal-.log",
                           "wal-00000001.log.tmp", "wal-99999999999999999999999.log"}) {
    REQUIRE(!ParseLogFileName(name));
  }
  REQUIRE(IsSnapshotName("snapshot-12-a.snap"));
  REQUIRE(!IsSnapshotName("snapshot-../x.snap"));
  REQUIRE(!IsSnapshotName("snapshot-.snap"));
}

}  // namespace
}  // namespace roster
