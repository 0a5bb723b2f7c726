// SPDX-License-Identifier: Apache-2.0
//
// One log file: groups, reservations, and what a failure does to the writer.
#include "storage/disk/wal_writer.h"

#include <catch2/catch.hpp>

#include "roster/error.h"
#include "storage/disk/file_names.h"
#include "tests/disk/faulty_file_system.h"

namespace roster {
namespace {

constexpr char kDir[] = "/d";
const std::string kPath = JoinPath(kDir, LogFileName(1));

WalOptions SampleOptions() {
  WalOptions options;
  options.number = 1;
  options.base_lsn = Lsn{10};
  options.epoch = 77;
  options.preallocate_bytes = 6000;
  options.zero_ahead_bytes = 512;
  return options;
}

struct Fixture {
  Fixture() {
    REQUIRE(fs.CreateDir(kDir).ok());
    writer = *WalWriter::Create(&fs, kDir, SampleOptions());
  }
  FaultyFileSystem fs;
  std::unique_ptr<WalWriter> writer;
};

TEST_CASE("a new file is durable with its name, its header and its space") {
  Fixture f;
  const std::string bytes = f.fs.CrashImage(0)->GetFile(kPath);
  REQUIRE(bytes.size() == 6000);
  REQUIRE(DecodeWalFileHeader(bytes)->base_lsn == Lsn{10});
  REQUIRE(ErrorCodeOf(WalWriter::Create(&f.fs, kDir, SampleOptions()).status()) ==
          ErrorCode::kExists);
}

TEST_CASE("a file that cannot be made leaves nothing") {
  for (const FileCall call :
       {FileCall::kAllocate, FileCall::kWrite, FileCall::kSync, FileCall::kSyncDir}) {
    FaultyFileSystem fs;
    REQUIRE(fs.CreateDir(kDir).ok());
    fs.FailNext(call, Fault::kDiskFull);
    REQUIRE(ErrorCodeOf(WalWriter::Create(&fs, kDir, SampleOptions()).status()) ==
            ErrorCode::kDiskFull);
    REQUIRE(fs.Files().empty());
  }
}

TEST_CASE("LSNs go on from the base; a group reaches the file with Write, the disk with Sync") {
  Fixture f;
  REQUIRE(*f.writer->Append("a", {}) == Lsn{11});
  REQUIRE(*f.writer->AppendCommit("b", {}) == Lsn{12});
  f.writer->CheckInvariants();
  const uint64_t writes = f.fs.num_calls(FileCall::kWrite);
  REQUIRE(!DecodeWalFrameHeader(f.fs.GetFile(kPath).substr(4096), 77, 4096));
  REQUIRE(*f.writer->Sync() == Lsn{10});  // nothing was written yet
  REQUIRE(f.writer->Write().ok());
  REQUIRE(f.fs.num_calls(FileCall::kWrite) == writes + 2);  // the group, and zeros ahead
  REQUIRE(DecodeWalFrameHeader(f.fs.GetFile(kPath).substr(4096), 77, 4096)->lsn == Lsn{11});
  REQUIRE(f.writer->durable().lsn == Lsn{10});
  REQUIRE(*f.writer->Sync() == Lsn{12});
  REQUIRE(f.writer->durable().lsn == Lsn{12});
  REQUIRE(f.writer->durable().offset == f.writer->end().offset);
  // Nothing new is nothing to sync; the next group knows what is durable.
  const uint64_t syncs = f.fs.num_calls(FileCall::kSync);
  REQUIRE(*f.writer->Sync() == Lsn{12});
  REQUIRE(f.fs.num_calls(FileCall::kSync) == syncs);
  const uint64_t offset = f.writer->end().offset;
  REQUIRE(f.writer->Append("c", {}).ok());
  REQUIRE(f.writer->Write().ok());
  const auto header = DecodeWalFrameHeader(f.fs.GetFile(kPath).substr(offset), 77, offset);
  REQUIRE(header->durable_offset == offset);
  f.writer->CheckInvariants();
}

TEST_CASE("what fits in a frame is one; the largest is 16 MiB") {
  FaultyFileSystem fs;
  REQUIRE(fs.CreateDir(kDir).ok());
  const auto writer = *WalWriter::Create(&fs, kDir, SampleOptions());
  const std::string large(kWalMaxPayloadBytes, 'x');
  REQUIRE(*writer->AppendCommit(large, {}) == Lsn{11});
  REQUIRE(*writer->AppendCommit(large + "y", {}) == Lsn{13});
}

TEST_CASE("a reservation that the disk refuses leaves the writer whole") {
  Fixture f;
  f.fs.SetCapacity(6000);
  REQUIRE(f.writer->Reserve(6000 - 4096 - 56).ok());
  REQUIRE(ErrorCodeOf(f.writer->Reserve(6000 - 4096 - 55)) == ErrorCode::kDiskFull);
  REQUIRE(f.writer->Append("small", {}).ok());
  REQUIRE(f.writer->Write().ok());
  REQUIRE(*f.writer->Sync() == Lsn{11});
  f.fs.SetCapacity(100000);
  REQUIRE(f.writer->Reserve(20000).ok());
  REQUIRE(f.fs.GetFile(kPath).size() >= 20000);
}

TEST_CASE("a failure of write or sync breaks the writer for good") {
  Fixture f;
  REQUIRE(f.writer->Append("a", {}).ok());
  const FileCall call = GENERATE(FileCall::kWrite, FileCall::kSync);
  f.fs.FailNext(call, Fault::kIoError);
  const absl::Status written = f.writer->Write();
  REQUIRE(written.ok() == (call == FileCall::kSync));
  REQUIRE(ErrorCodeOf(f.writer->Sync().status()) == ErrorCode::kReadOnly);
  const uint64_t calls = f.fs.num_calls();
  REQUIRE(ErrorCodeOf(f.writer->Append("b", {}).status()) == ErrorCode::kReadOnly);
  REQUIRE(ErrorCodeOf(f.writer->Reserve(1)) == ErrorCode::kReadOnly);
  REQUIRE(ErrorCodeOf(f.writer->Write()) == ErrorCode::kReadOnly);
  REQUIRE(ErrorCodeOf(f.writer->Sync().status()) == ErrorCode::kReadOnly);
  REQUIRE(f.fs.num_calls() == calls);
  REQUIRE(f.writer->durable().lsn == Lsn{10});
}

}  // namespace
}  // namespace roster
