// SPDX-License-Identifier: Apache-2.0
//
// What file_system.h says, of the real file system and of the tests' one; and what a power failure
// does to the latter.
#include "storage/disk/file_system.h"

#include <catch2/catch.hpp>

#include <set>

#include "roster/error.h"
#include "tests/disk/faulty_file_system.h"
#include "tests/disk/temp_dir.h"

namespace roster {
namespace {

std::string ReadAt(File* file, uint64_t offset, size_t size) {
  std::string bytes(size, '?');
  bytes.resize(*file->Read(offset, bytes));
  return bytes;
}

void CheckFiles(FileSystem* fs, const std::string& dir) {
  REQUIRE(absl::IsNotFound(fs->Open(dir + "/a", OpenMode::kRead).status()));
  REQUIRE(absl::IsNotFound(fs->Open(dir + "/no/a", OpenMode::kCreateExclusive).status()));
  auto file = *fs->Open(dir + "/a", OpenMode::kCreateExclusive);
  REQUIRE(ErrorCodeOf(fs->Open(dir + "/a", OpenMode::kCreateExclusive).status()) ==
          ErrorCode::kExists);
  REQUIRE(file->Write(0, "hello").ok());
  REQUIRE(file->Write(7, "world").ok());
  REQUIRE(ReadAt(file.get(), 0, 100) == std::string("hello\0\0world", 12));
  REQUIRE(ReadAt(file.get(), 8, 2) == "or");
  REQUIRE(ReadAt(file.get(), 12, 5).empty());
  REQUIRE(*file->Size() == 12);
  REQUIRE(file->Allocate(20).ok());
  REQUIRE(file->Allocate(15).ok());
  REQUIRE(*file->Size() == 20);
  REQUIRE(ReadAt(file.get(), 10, 100) == std::string("ld\0\0\0\0\0\0\0\0", 10));
  REQUIRE(file->Truncate(5).ok());
  REQUIRE(file->Sync().ok());
  REQUIRE(file->Close().ok());
  REQUIRE(*ReadWholeFile(fs, dir + "/a", 100) == "hello");
  REQUIRE(ErrorCodeOf(ReadWholeFile(fs, dir + "/a", 4).status()) == ErrorCode::kLimit);
  auto writable = *fs->Open(dir + "/a", OpenMode::kReadWrite);
  REQUIRE(writable->Write(0, "J").ok());
  REQUIRE(*ReadWholeFile(fs, dir + "/a", 100) == "Jello");
}

void CheckNames(FileSystem* fs, const std::string& dir) {
  REQUIRE(fs->CreateDir(dir + "/sub").ok());
  REQUIRE(fs->CreateDir(dir + "/sub").ok());
  const std::string sub = dir + "/sub";
  REQUIRE(fs->List(sub)->empty());
  REQUIRE(absl::IsNotFound(fs->List(dir + "/other").status()));
  REQUIRE(fs->Open(sub + "/b", OpenMode::kCreateExclusive).ok());
  REQUIRE(fs->Open(sub + "/a", OpenMode::kCreateExclusive).ok());
  REQUIRE(*fs->List(sub) == std::vector<std::string>{"a", "b"});
  REQUIRE(fs->Rename(sub + "/a", sub + "/b").ok());
  REQUIRE(absl::IsNotFound(fs->Rename(sub + "/a", sub + "/c")));
  REQUIRE(*fs->List(sub) == std::vector<std::string>{"b"});
  REQUIRE(*fs->Exists(sub + "/b"));
  REQUIRE(!*fs->Exists(sub + "/a"));
  REQUIRE(*fs->Exists(sub));
  REQUIRE(fs->SyncDir(sub).ok());
  REQUIRE(fs->Remove(sub + "/b").ok());
  REQUIRE(absl::IsNotFound(fs->Remove(sub + "/b")));
  REQUIRE(*fs->FreeSpace(sub) > 0);
}

void CheckLock(FileSystem* fs, const std::string& dir) {
  auto lock = fs->Lock(dir + "/LOCK");
  REQUIRE(lock.ok());
  REQUIRE(ErrorCodeOf(fs->Lock(dir + "/LOCK").status()) == ErrorCode::kLocked);
  lock->reset();
  REQUIRE(fs->Lock(dir + "/LOCK").ok());
}

TEST_CASE("the real file system keeps the contract") {
  TempDir dir;
  CheckFiles(RealFileSystem(), dir.path());
  CheckNames(RealFileSystem(), dir.path());
  CheckLock(RealFileSystem(), dir.path());
}

TEST_CASE("a full device is DISKFULL") {
  const auto full = RealFileSystem()->Open("/dev/full", OpenMode::kReadWrite);
  if (!full.ok()) return;  // not everywhere
  REQUIRE(ErrorCodeOf((*full)->Write(0, "x")) == ErrorCode::kDiskFull);
}

TEST_CASE("the file system of the tests keeps the contract") {
  FaultyFileSystem fs;
  REQUIRE(fs.CreateDir("/d").ok());
  CheckFiles(&fs, "/d");
  CheckNames(&fs, "/d");
  CheckLock(&fs, "/d");
}

TEST_CASE("unsynced sectors are lost, kept or torn, synced ones stay") {
  FaultyFileSystem fs;
  REQUIRE(fs.CreateDir("/d").ok());
  auto file = *fs.Open("/d/a", OpenMode::kCreateExclusive);
  REQUIRE(fs.SyncDir("/d").ok());
  REQUIRE(file->Write(0, std::string(2048, 'o')).ok());
  REQUIRE(file->Sync().ok());
  REQUIRE(file->Write(600, std::string(1400, 'n')).ok());
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const std::string bytes = fs.CrashImage(seed)->GetFile("/d/a");
    REQUIRE(bytes.size() == 2048);
    REQUIRE(bytes.substr(0, 600) == std::string(600, 'o'));
    std::string pattern;
    for (size_t sector = 1; sector < 4; ++sector) {
      const size_t start = std::max<size_t>(sector * 512, 600);
      const size_t end = std::min<size_t>((sector + 1) * 512, 2000);
      const std::string piece = bytes.substr(start, end - start);
      REQUIRE(piece == std::string(piece.size(), piece[0]));
      pattern += piece[0];
    }
    seen.insert(pattern);
  }
  REQUIRE(seen.size() == 8);
  REQUIRE(fs.CrashImage(5)->GetFile("/d/a") == fs.CrashImage(5)->GetFile("/d/a"));
}

TEST_CASE("names that were not synced are lost or kept; a rename is whole") {
  FaultyFileSystem fs;
  REQUIRE(fs.CreateDir("/d").ok());
  fs.SetFile("/d/current", "old");
  auto file = *fs.Open("/d/temp", OpenMode::kCreateExclusive);
  REQUIRE(file->Write(0, "new").ok());
  REQUIRE(file->Sync().ok());
  REQUIRE(fs.Rename("/d/temp", "/d/current").ok());
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const auto image = fs.CrashImage(seed);
    seen.insert(image->GetFile("/d/current") + (image->Files().contains("/d/temp") ? "+" : ""));
  }
  REQUIRE(seen == std::set<std::string>{"old", "old+", "new"});
  REQUIRE(fs.SyncDir("/d").ok());
  for (uint64_t seed = 0; seed < 100; ++seed) {
    REQUIRE(fs.CrashImage(seed)->GetFile("/d/current") == "new");
  }
}

TEST_CASE("a failed sync orphans what was written: a later one does not save it") {
  FaultyFileSystem fs;
  REQUIRE(fs.CreateDir("/d").ok());
  auto file = *fs.Open("/d/a", OpenMode::kCreateExclusive);
  REQUIRE(fs.SyncDir("/d").ok());
  REQUIRE(file->Write(0, "lost").ok());
  fs.FailNext(FileCall::kSync, Fault::kIoError);
  REQUIRE(!file->Sync().ok());
  REQUIRE(file->Write(1024, "kept").ok());
  REQUIRE(file->Sync().ok());
  REQUIRE(ReadAt(file.get(), 0, 4) == "lost");
  bool lost = false;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const std::string bytes = fs.CrashImage(seed)->GetFile("/d/a");
    REQUIRE(bytes.substr(1024) == "kept");
    lost |= bytes[0] == '\0';
  }
  REQUIRE(lost);
  REQUIRE(file->Write(0, "lost").ok());  // written again it is like any other
  REQUIRE(file->Sync().ok());
  for (uint64_t seed = 0; seed < 50; ++seed) {
    REQUIRE(fs.CrashImage(seed)->GetFile("/d/a").starts_with("lost"));
  }
}

TEST_CASE("calls are counted and fail by number, by kind, once or for good") {
  FaultyFileSystem fs;
  REQUIRE(fs.CreateDir("/d").ok());
  auto file = *fs.Open("/d/a", OpenMode::kCreateExclusive);
  REQUIRE(fs.num_calls() == 2);
  fs.FailCall(4, Fault::kIoError, false);
  REQUIRE(file->Write(0, "abcd").ok());
  REQUIRE(ErrorCodeOf(file->Write(4, "efgh")) == ErrorCode::kErr);
  REQUIRE(fs.GetFile("/d/a") == "abcdef");
  REQUIRE(file->Write(4, "efgh").ok());
  fs.FailNext(FileCall::kSync, Fault::kDiskFull, true);
  REQUIRE(file->Write(0, "x").ok());
  REQUIRE(ErrorCodeOf(file->Sync()) == ErrorCode::kDiskFull);
  REQUIRE(ErrorCodeOf(file->Sync()) == ErrorCode::kDiskFull);
  fs.ClearFaults();
  REQUIRE(file->Sync().ok());
  REQUIRE(fs.num_calls(FileCall::kSync) == 3);
  fs.PowerOffAfter(fs.num_calls() + 1);
  REQUIRE(file->Write(0, "y").ok());
  REQUIRE(!file->Write(0, "z").ok());
  REQUIRE(fs.GetFile("/d/a")[0] == 'y');
}

TEST_CASE("space runs out and returns") {
  FaultyFileSystem fs;
  REQUIRE(fs.CreateDir("/d").ok());
  auto file = *fs.Open("/d/a", OpenMode::kCreateExclusive);
  fs.SetCapacity(10);
  REQUIRE(file->Allocate(8).ok());
  REQUIRE(file->Write(0, "12345678").ok());
  REQUIRE(ErrorCodeOf(file->Allocate(11)) == ErrorCode::kDiskFull);
  REQUIRE(ErrorCodeOf(file->Write(8, "9abc")) == ErrorCode::kDiskFull);
  REQUIRE(*fs.FreeSpace("/d") == 0);  // half of it was written
  REQUIRE(file->Truncate(2).ok());
  REQUIRE(*fs.FreeSpace("/d") == 8);
}

}  // namespace
}  // namespace roster
