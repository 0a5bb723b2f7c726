// SPDX-License-Identifier: Apache-2.0
//
// Every truncation and every bit flip of a small store's files: what was acknowledged and vouched
// for is never silently shorter or different, what was not is cut.
#include <catch2/catch.hpp>

#include "roster/error.h"
#include "storage/base/text.h"
#include "storage/disk/file_names.h"
#include "tests/disk/log_harness.h"

namespace roster {
namespace {

const std::string kMarkPath = JoinPath(kStoreDir, kMarkName);
const std::string kManifestPath = JoinPath(kStoreDir, kManifestName);

// A store of two log files; the second one holds three groups, the last of which only the mark
// vouches for.
class SmallStore {
 public:
  SmallStore() : writer_(&fs_, 7) {
    REQUIRE(writer_.Open().ok());
    REQUIRE(writer_.WriteGroup({"first", std::string(250, 'a'), ""}).ok());
    first_path_ = CurrentLogPath(writer_.log());
    writer_.Close();
    REQUIRE(writer_.Open().ok());
    path_ = CurrentLogPath(writer_.log());
    REQUIRE(path_ != first_path_);
    early_mark_ = fs_.GetFile(kMarkPath);
    AddGroup({"second", std::string(220, 'b')});
    AddGroup({"third"});
    AddGroup({"fourth", "fifth"});
    REQUIRE(writer_.log().SyncMark({}).ok());
    writer_.Close();
    commits_ = writer_.expectation().appended;
    files_ = fs_.Files();
  }

  FaultyFileSystem* fs() { return &fs_; }
  const std::string& path() const { return path_; }
  const std::string& first_path() const { return first_path_; }
  // A mark as it may be a second after: it vouches for nothing in the second file.
  void LoseMark() { fs_.SetFile(kMarkPath, early_mark_); }
  // Where the groups of the second file start, and where the last one ends.
  const std::vector<uint64_t>& boundaries() const { return boundaries_; }
  const std::vector<LoggedCommit>& commits() const { return commits_; }
  // How many commits end at or before an offset of the second file, groups by groups.
  size_t CommitsIn(uint64_t offset) const {
    size_t n = 3;
    const size_t sizes[] = {2, 1, 2};
    for (size_t i = 0; i < 3; ++i) n += boundaries_[i + 1] <= offset ? sizes[i] : 0;
    return n;
  }
  // Puts the file back, having checked that reading changed nothing.
  void Restore(const std::string& path, const std::string& as_damaged) {
    REQUIRE(fs_.GetFile(path) == as_damaged);
    fs_.SetFile(path, files_.at(path));
  }
  const std::string& Original(const std::string& path) const { return files_.at(path); }
  bool Untouched() const {
    auto now = fs_.Files();
    now[kMarkPath] = files_.at(kMarkPath);
    return now == files_;
  }

 private:
  void AddGroup(const std::vector<std::string>& commits) {
    if (boundaries_.empty()) boundaries_.push_back(kWalFileHeaderBytes);
    REQUIRE(writer_.WriteGroup(commits).ok());
    uint64_t end = boundaries_.back();
    for (const std::string& bytes : commits) end += WalCommitBytes(bytes.size(), 100);
    boundaries_.push_back(end);
  }

  FaultyFileSystem fs_;
  LoggedStore writer_;
  std::string path_;
  std::string first_path_;
  std::string early_mark_;
  std::vector<uint64_t> boundaries_;
  std::vector<LoggedCommit> commits_;
  std::map<std::string, std::string> files_;
};

bool IsPrefix(const std::vector<LoggedCommit>& some, const std::vector<LoggedCommit>& all) {
  return some.size() <= all.size() && std::equal(some.begin(), some.end(), all.begin());
}

void RequireCorrupt(const absl::Status& status, const std::string& path) {
  INFO(status.ToString());
  REQUIRE(ErrorCodeOf(status) == ErrorCode::kCorrupt);
  const std::string name = path.substr(path.rfind('/') + 1);
  REQUIRE(StdView(status.message()).find(name) != std::string_view::npos);
  REQUIRE(StdView(status.message()).find("offset ") != std::string_view::npos);
  REQUIRE(StdView(status.message()).find("LSN ") != std::string_view::npos);
}

TEST_CASE("a log cut before the durable mark is refused, behind it is whole", "[damage]") {
  SmallStore store;
  const std::string original = store.Original(store.path());
  const uint64_t end = store.boundaries().back();
  for (uint64_t length = 0; length <= original.size(); ++length) {
    INFO("length " << length << " of " << original.size() << ", durable " << end);
    const std::string cut = original.substr(0, length);
    store.fs()->SetFile(store.path(), cut);
    const auto recovered = Recover(store.fs());
    if (length < end) {
      RequireCorrupt(recovered.status(), store.path());
    } else {
      REQUIRE(recovered.ok());
      REQUIRE((recovered->commits == store.commits()));
      REQUIRE(recovered->end.torn_bytes == 0);
    }
    store.Restore(store.path(), cut);
  }
  REQUIRE(store.Untouched());
}

TEST_CASE("a log cut behind the mark gives a prefix of the commits", "[damage]") {
  SmallStore store;
  store.LoseMark();
  const std::string original = store.Original(store.path());
  size_t fewest = store.commits().size();
  for (uint64_t length = kWalFileHeaderBytes; length <= original.size(); ++length) {
    INFO("length " << length);
    const std::string cut = original.substr(0, length);
    store.fs()->SetFile(store.path(), cut);
    const auto recovered = Recover(store.fs());
    REQUIRE(recovered.ok());
    REQUIRE(IsPrefix(recovered->commits, store.commits()));
    REQUIRE(recovered->commits.size() >= store.CommitsIn(length));
    const uint64_t kept = std::min(length, store.boundaries().back());
    REQUIRE(recovered->end.position.offset + recovered->end.torn_bytes <= kept);
    fewest = std::min(fewest, recovered->commits.size());
    store.Restore(store.path(), cut);
  }
  REQUIRE(fewest == 3);
  REQUIRE(store.Untouched());
}

TEST_CASE("a closed log that is cut is refused", "[damage]") {
  SmallStore store;
  store.LoseMark();
  const std::string original = store.Original(store.first_path());
  for (uint64_t length = 0; length <= original.size(); ++length) {
    const std::string cut = original.substr(0, length);
    store.fs()->SetFile(store.first_path(), cut);
    const auto recovered = Recover(store.fs());
    if (length < original.size()) {
      RequireCorrupt(recovered.status(), store.first_path());
    } else {
      REQUIRE(recovered.ok());
    }
    store.Restore(store.first_path(), cut);
  }
  store.fs()->Remove(store.first_path()).IgnoreError();
  RequireCorrupt(Recover(store.fs()).status(), store.first_path());
}

// Flips every bit of a file and calls `check` with the byte's offset and what was recovered.
template <typename Check>
void FlipEveryBit(SmallStore* store, const std::string& path, Check check) {
  const std::string original = store->fs()->GetFile(path);
  std::string flipped = original;
  for (uint64_t bit = 0; bit < 8 * original.size(); ++bit) {
    INFO(path << ", byte " << bit / 8 << ", bit " << bit % 8);
    flipped[bit / 8] ^= static_cast<char>(1 << bit % 8);
    store->fs()->SetFile(path, flipped);
    check(bit / 8, Recover(store->fs()));
    REQUIRE(store->fs()->GetFile(path) == flipped);
    flipped[bit / 8] = original[bit / 8];
  }
  store->fs()->SetFile(path, original);
  REQUIRE(store->Untouched());
}

TEST_CASE("a flipped bit before the durable mark is refused, behind it is cut", "[damage]") {
  SmallStore store;
  const uint64_t end = store.boundaries().back();
  FlipEveryBit(&store, store.path(), [&](uint64_t offset, const auto& recovered) {
    if (offset < end) {
      RequireCorrupt(recovered.status(), store.path());
    } else {
      REQUIRE(recovered.ok());
      REQUIRE((recovered->commits == store.commits()));
      REQUIRE(recovered->end.torn_bytes == offset + 1 - end);
    }
  });
}

TEST_CASE("a flipped bit that a later frame vouches for is refused without the mark", "[damage]") {
  SmallStore store;
  store.LoseMark();
  const uint64_t vouched = store.boundaries()[2];
  FlipEveryBit(&store, store.path(), [&](uint64_t offset, const auto& recovered) {
    if (offset < vouched) {
      RequireCorrupt(recovered.status(), store.path());
      if (offset >= kWalFileHeaderBytes) {
        REQUIRE(StdView(recovered.status().message()).find("behind it ") != std::string_view::npos);
      }
    } else {
      REQUIRE(recovered.ok());
      REQUIRE(IsPrefix(recovered->commits, store.commits()));
      REQUIRE(recovered->commits.size() >= store.CommitsIn(vouched));
      REQUIRE(recovered->end.torn_bytes > 0);
    }
  });
}

TEST_CASE("a flipped bit in a closed log is refused", "[damage]") {
  SmallStore store;
  store.LoseMark();
  FlipEveryBit(&store, store.first_path(), [&](uint64_t, const auto& recovered) {
    RequireCorrupt(recovered.status(), store.first_path());
  });
}

TEST_CASE("a flipped bit in the manifest is refused", "[damage]") {
  SmallStore store;
  FlipEveryBit(&store, kManifestPath, [&](uint64_t, const auto& recovered) {
    REQUIRE(ErrorCodeOf(recovered.status()) == ErrorCode::kCorrupt);
  });
}

TEST_CASE("a flipped bit in one slot of the mark is borne, the loss of both refused", "[damage]") {
  SmallStore store;
  FlipEveryBit(&store, kMarkPath, [&](uint64_t, const auto& recovered) {
    REQUIRE(recovered.ok());
    REQUIRE((recovered->commits == store.commits()));
  });
  store.fs()->SetFile(kMarkPath, std::string(8192, '\0'));
  REQUIRE(ErrorCodeOf(Recover(store.fs()).status()) == ErrorCode::kCorrupt);
  REQUIRE(store.fs()->Remove(kMarkPath).ok());
  const auto missing = Recover(store.fs());
  REQUIRE(ErrorCodeOf(missing.status()) == ErrorCode::kCorrupt);
  REQUIRE(StdView(missing.status().message()).find("wal.mark") != std::string_view::npos);
}

TEST_CASE("sectors zeroed, doubled or swapped are refused or behind the mark", "[damage]") {
  SmallStore store;
  const std::string original = store.Original(store.path());
  const uint64_t num_sectors = original.size() / 512;
  const uint64_t end = store.boundaries().back();
  for (uint64_t to = 0; to < num_sectors; ++to) {
    for (uint64_t from = 0; from <= num_sectors; ++from) {
      std::string damaged = original;
      // The number past the last stands for a sector of zeros.
      const std::string source =
          from == num_sectors ? std::string(512, '\0') : original.substr(from * 512, 512);
      damaged.replace(to * 512, 512, source);
      if (damaged == original) continue;
      INFO("sector " << to << " is now " << from);
      store.fs()->SetFile(store.path(), damaged);
      const auto recovered = Recover(store.fs());
      if (to * 512 < end) {
        RequireCorrupt(recovered.status(), store.path());
      } else {
        REQUIRE(recovered.ok());
        REQUIRE((recovered->commits == store.commits()));
      }
    }
  }
}

TEST_CASE("a log file in another's place, or of another store, is refused", "[damage]") {
  SmallStore store;
  store.LoseMark();
  store.fs()->SetFile(store.path(), store.Original(store.first_path()));
  RequireCorrupt(Recover(store.fs()).status(), store.path());
  // Valid headers that do not belong here, before frames that hold under them: none.
  WalFileHeader header = *DecodeWalFileHeader(store.Original(store.path()));
  SECTION("of another store") { header.uuid.bytes[0] ^= 1; }
  SECTION("with another number") { ++header.number; }
  SECTION("with another base") { ++header.base_lsn.value; }
  SECTION("behind another file") { header.previous_chain.low ^= 1; }
  store.fs()->SetFile(store.path(), EncodeWalFileHeader(header));
  RequireCorrupt(Recover(store.fs()).status(), store.path());
}

TEST_CASE("a closed log file that ends otherwise than the manifest says is refused", "[damage]") {
  SmallStore store;
  Manifest manifest = *ReadManifest(store.fs(), kStoreDir);
  ClosedLog& closed = *manifest.logs[0].closed;
  SECTION("another LSN") { --closed.end_lsn.value; }
  SECTION("another chain") { closed.chain.low ^= 1; }
  SECTION("another offset") { ++closed.end_offset; }
  store.fs()->SetFile(kManifestPath, EncodeManifest(manifest));
  RequireCorrupt(Recover(store.fs()).status(), store.first_path());
}

TEST_CASE("a frame whose LSN does not follow is not read", "[damage]") {
  SmallStore store;
  store.LoseMark();
  const WalFileHeader file = *DecodeWalFileHeader(store.Original(store.path()));
  for (const uint64_t step : {1, 2, 0}) {
    WalFrameHeader frame;
    frame.lsn = Lsn{file.base_lsn.value + step};
    WalChain chain = WalFileChain(file);
    std::string bytes = EncodeWalFileHeader(file);
    AppendWalFrame(frame, "made by hand", file.epoch, bytes.size(), &chain, &bytes);
    store.fs()->SetFile(store.path(), bytes);
    const auto recovered = Recover(store.fs());
    REQUIRE(recovered.ok());
    REQUIRE(recovered->commits.size() == (step == 1 ? 4u : 3u));
    REQUIRE((recovered->end.torn_bytes == 0) == (step == 1));
  }
}

TEST_CASE("a torn tail is remembered: the next openings do not judge it again", "[damage]") {
  SmallStore store;
  store.LoseMark();
  std::string torn = store.Original(store.path());
  torn[store.boundaries()[2] + 60] ^= 1;  // in the last group, which only the lost mark vouched for
  store.fs()->SetFile(store.path(), torn);
  SeededRandom random(3);
  for (int openings = 0; openings < 3; ++openings) {
    auto log = LogDirectory::Open(store.fs(), &random, kStoreDir, SmallOptions());
    REQUIRE(log.ok());
    const auto recovered = ReadAll(**log);
    REQUIRE(recovered.ok());
    REQUIRE(recovered->commits.size() == 6 + static_cast<size_t>(openings));
    REQUIRE((recovered->end.torn_bytes > 0) == (openings == 0));
    REQUIRE((*log)->StartWriting(recovered->end).ok());
    REQUIRE(store.fs()->GetFile(store.path()).size() == store.boundaries()[2]);
    REQUIRE((*log)->AppendCommit("more", {}).ok());
    REQUIRE((*log)->Write().ok());
    REQUIRE((*log)->Sync().ok());
  }
}

TEST_CASE("a mark that names more than the log has is refused", "[damage]") {
  SmallStore store;
  const auto manifest = ReadManifest(store.fs(), kStoreDir);
  REQUIRE(manifest.ok());
  auto mark = WalMark::Open(store.fs(), kStoreDir, manifest->uuid);
  REQUIRE(mark.ok());
  WalMarkRecord record = (*mark)->newest();
  SECTION("a later file") { ++record.file_number; }
  SECTION("a later offset") { ++record.durable_offset; }
  SECTION("a later LSN") { ++record.durable_lsn.value; }
  REQUIRE((*mark)->Write(record).ok());
  REQUIRE(ErrorCodeOf(Recover(store.fs()).status()) == ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace roster
