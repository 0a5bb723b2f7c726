// SPDX-License-Identifier: Apache-2.0
//
// The container of a snapshot: what was written comes back, anything else is refused by file and
// offset, and a writer that fails leaves the directory as it was.
#include <catch2/catch.hpp>

#include "roster/error.h"
#include "storage/base/bytes.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/disk/file_names.h"
#include "storage/disk/snapshot_reader.h"
#include "storage/disk/snapshot_writer.h"
#include "tests/disk/faulty_file_system.h"
#include "tests/disk/seeded_random.h"
#include "tests/seed.h"

namespace roster {
namespace {

const std::string kPath = "/data/snapshot.snap";

struct NamedContent {
  std::string name;
  std::string raw;
};

SnapshotHeader SmallHeader() {
  SnapshotHeader header;
  header.uuid.bytes = {1, 2, 3};
  header.lsn = Lsn{17};
  header.clock = Timestamp{-5};
  return header;
}

std::string RandomBytes(SeededRandom* random, size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random->Next());
  return bytes;
}

std::vector<NamedContent> SmallContent() {
  SeededRandom random(3);
  return {
      {"text", std::string(700, 'a') + "end"}, {"empty", ""}, {"noise", RandomBytes(&random, 40)}};
}

// Hands each section over in pieces of `piece` bytes.
absl::Status WriteFile(FileSystem* fs, const std::string& path,
                       const std::vector<NamedContent>& content, size_t piece) {
  ROSTER_ASSIGN_OR_RETURN(const auto writer, SnapshotWriter::Create(fs, path, SmallHeader()));
  for (const NamedContent& section : content) {
    writer->BeginSection(section.name);
    for (size_t at = 0; at < section.raw.size(); at += piece) {
      ROSTER_RETURN_IF_ERROR(writer->Append(std::string_view(section.raw).substr(at, piece)));
    }
    ROSTER_RETURN_IF_ERROR(writer->EndSection());
  }
  return writer->Finish({7, 9});
}

absl::StatusOr<std::vector<NamedContent>> ReadFile(FileSystem* fs, const std::string& path) {
  ROSTER_ASSIGN_OR_RETURN(const auto reader, SnapshotReader::Open(fs, path));
  std::vector<NamedContent> content;
  for (const SnapshotSection& section : reader->sections()) {
    ROSTER_ASSIGN_OR_RETURN(std::string raw, reader->Read(section));
    content.push_back({section.name, std::move(raw)});
  }
  return content;
}

void CheckSame(const std::vector<NamedContent>& a, const std::vector<NamedContent>& b) {
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i].name == b[i].name);
    REQUIRE((a[i].raw == b[i].raw));
  }
}

// Whether the file is refused as damage that names it and a place in it, by both ways of reading.
void CheckRefused(FileSystem* fs) {
  for (const absl::Status& status :
       {ReadFile(fs, kPath).status(), VerifySnapshotFile(fs, kPath, nullptr)}) {
    INFO(status.ToString());
    REQUIRE(ErrorCodeOf(status) == ErrorCode::kCorrupt);
    REQUIRE(StdView(status.message()).find(kPath) != std::string_view::npos);
    REQUIRE(StdView(status.message()).find("offset ") != std::string_view::npos);
  }
}

TEST_CASE("sections come back as they were written, in whatever pieces", "[snapshot]") {
  const uint64_t seed = TestSeed();
  SeededRandom random(seed);
  std::vector<NamedContent> content = SmallContent();
  const uint64_t block = kSnapshotBlockBytes;
  for (const uint64_t size : {block - 1, block, block + 1, 3 * block, random.Below(5 * block)}) {
    std::string raw = RandomBytes(&random, size);
    if (random.Below(2) == 0)
      std::fill(raw.begin(), raw.begin() + static_cast<long>(size / 2), 'z');
    content.push_back({StrCat("large/", content.size()), std::move(raw)});
  }
  const size_t piece = GENERATE(size_t{1000}, size_t{1 << 20}, size_t{3'000'000}, size_t{1} << 30);
  FaultyFileSystem fs;
  REQUIRE(fs.CreateDir("/data").ok());
  REQUIRE(WriteFile(&fs, kPath, content, piece).ok());
  const auto reader = SnapshotReader::Open(&fs, kPath);
  REQUIRE(reader.ok());
  REQUIRE((*reader)->header() == SmallHeader());
  REQUIRE((*reader)->digest() == StateDigest{7, 9});
  REQUIRE((*reader)->file_bytes() == fs.GetFile(kPath).size());
  REQUIRE((*reader)->Find("noise")->raw_bytes == 40);
  REQUIRE((*reader)->Find("none") == nullptr);
  CheckSame(*ReadFile(&fs, kPath), content);
  uint64_t last_done = 0;
  REQUIRE(VerifySnapshotFile(&fs, kPath, [&](uint64_t done, uint64_t total) {
            REQUIRE(done >= last_done);
            REQUIRE(total == fs.GetFile(kPath).size());
            last_done = done;
          }).ok());
  REQUIRE(last_done == fs.GetFile(kPath).size());
}

TEST_CASE("a snapshot is never written over a file", "[snapshot]") {
  FaultyFileSystem fs;
  fs.SetFile(kPath, "something");
  REQUIRE(ErrorCodeOf(WriteFile(&fs, kPath, {}, 1)) == ErrorCode::kExists);
  REQUIRE(fs.GetFile(kPath) == "something");
  REQUIRE(absl::IsNotFound(SnapshotReader::Open(&fs, "/data/none").status()));
}

TEST_CASE("every truncation and every bit flip of a snapshot is refused", "[snapshot]") {
  FaultyFileSystem fs;
  REQUIRE(fs.CreateDir("/data").ok());
  REQUIRE(WriteFile(&fs, kPath, SmallContent(), 100).ok());
  const std::string good = fs.GetFile(kPath);
  REQUIRE(good.size() < 1000);
  for (size_t size = 0; size < good.size(); ++size) {
    INFO("cut at " << size);
    fs.SetFile(kPath, good.substr(0, size));
    CheckRefused(&fs);
  }
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    INFO("bit " << bit);
    std::string bytes = good;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    fs.SetFile(kPath, bytes);
    CheckRefused(&fs);
  }
  for (const std::string& more : {std::string("x"), std::string(1, '\0'), good}) {
    fs.SetFile(kPath, good + more);
    CheckRefused(&fs);
  }
  fs.SetFile(kPath, good);
  CheckSame(*ReadFile(&fs, kPath), SmallContent());
}

TEST_CASE("blocks that stand in the wrong place or file are refused", "[snapshot]") {
  FaultyFileSystem fs;
  REQUIRE(fs.CreateDir("/data").ok());
  SeededRandom random(5);
  const std::vector<NamedContent> content = {{"a", RandomBytes(&random, 100)},
                                             {"b", RandomBytes(&random, 100)}};
  REQUIRE(WriteFile(&fs, kPath, content, 100).ok());
  std::string bytes = fs.GetFile(kPath);
  const auto reader = *SnapshotReader::Open(&fs, kPath);
  const uint64_t a = reader->sections()[0].offset;
  const uint64_t b = reader->sections()[1].offset;
  SECTION("exchanged with another of the file") {
    for (uint64_t i = 0; i < b - a; ++i) std::swap(bytes[a + i], bytes[b + i]);
  }
  SECTION("from the same place of another snapshot") {
    const std::vector<NamedContent> other = {{"a", RandomBytes(&random, 100)}, content[1]};
    REQUIRE(WriteFile(&fs, "/data/other", other, 100).ok());
    bytes.replace(a, b - a, fs.GetFile("/data/other").substr(a, b - a));
  }
  SECTION("the end of another snapshot") {
    const uint64_t table = b + (b - a);
    REQUIRE(WriteFile(&fs, "/data/other", {content[1], content[0]}, 100).ok());
    bytes.replace(table, std::string::npos, fs.GetFile("/data/other").substr(table));
  }
  fs.SetFile(kPath, bytes);
  CheckRefused(&fs);
}

TEST_CASE("a newer format is refused as such, before anything else is looked at", "[snapshot]") {
  FaultyFileSystem fs;
  REQUIRE(fs.CreateDir("/data").ok());
  REQUIRE(WriteFile(&fs, kPath, SmallContent(), 100).ok());
  std::string bytes = fs.GetFile(kPath);
  const size_t field = GENERATE(8, 16);  // format version, feature bits
  bytes[field] = 2;
  std::string header = bytes.substr(0, kSnapshotHeaderBytes - sizeof(SnapshotChecksum));
  ByteWriter(&header).Fixed(SnapshotChecksumOf(header));
  fs.SetFile(kPath, header);  // whatever follows in such a version
  const absl::Status status = SnapshotReader::Open(&fs, kPath).status();
  INFO(status.ToString());
  REQUIRE(ErrorCodeOf(status) == ErrorCode::kErr);
  REQUIRE(StdView(status.message()).find(kPath) != std::string_view::npos);
  REQUIRE(fs.GetFile(kPath) == header);
}

TEST_CASE("a writer says every failure, and says it again", "[snapshot]") {
  SeededRandom random(9);
  // Enough for several writes and a sync on the way.
  const std::vector<NamedContent> content = {{"a", RandomBytes(&random, 9'500'000)},
                                             {"b", "small"}};
  FaultyFileSystem counted;
  REQUIRE(counted.CreateDir("/data").ok());
  const uint64_t before = counted.num_calls();
  REQUIRE(WriteFile(&counted, kPath, content, 1 << 20).ok());
  REQUIRE(counted.num_calls(FileCall::kSync) == 2);
  const Fault fault = GENERATE(Fault::kIoError, Fault::kDiskFull);
  for (uint64_t call = before + 1; call <= counted.num_calls(); ++call) {
    INFO("call " << call);
    FaultyFileSystem fs;
    REQUIRE(fs.CreateDir("/data").ok());
    fs.FailCall(call, fault, false);
    const absl::Status status = WriteFile(&fs, kPath, content, 1 << 20);
    REQUIRE_FALSE(status.ok());
    REQUIRE((ErrorCodeOf(status) == ErrorCode::kDiskFull) == (fault == Fault::kDiskFull));
  }
}

TEST_CASE("names of snapshot files", "[snapshot]") {
  CHECK(SnapshotFileName(17) == "snapshot-00000000000000000017.snap");
  CHECK(SnapshotTempName(~uint64_t{0}) == "snapshot-18446744073709551615.tmp");
  CHECK(IsSnapshotFileName(SnapshotFileName(17)));
  CHECK(IsSnapshotName(SnapshotFileName(17)));
  CHECK(IsEngineFile(SnapshotFileName(17)));
  CHECK(IsSnapshotTempName(SnapshotTempName(17)));
  CHECK_FALSE(IsSnapshotFileName(SnapshotTempName(17)));
  CHECK_FALSE(IsSnapshotFileName("snapshot-17.snap"));
  CHECK_FALSE(IsSnapshotTempName("snapshot-0000000000000000001x.tmp"));
}

}  // namespace
}  // namespace roster
