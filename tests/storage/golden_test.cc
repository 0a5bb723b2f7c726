// SPDX-License-Identifier: Apache-2.0
//
// Files of earlier versions are opened for ever; those of newer ones are refused and not touched.
#include <catch2/catch.hpp>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <fstream>
#include <iterator>

#include "roster/error.h"
#include "storage/base/text.h"
#include "storage/disk/log_directory.h"
#include "storage/mutation.h"
#include "tests/disk/faulty_file_system.h"
#include "tests/disk/seeded_random.h"
#include "tests/storage/golden_files.h"
#include "tests/storage/store_file.h"

namespace roster {
namespace {

const std::string kDir = "/store";

struct Golden {
  std::string file;
  std::string digest;  // of the state at the end of the log
  uint64_t lsn;
};

const Golden kVersions[] = {{"version1.bin", "55c31af5aa6a3ff8793c5f720b2a75cc", 232},
                            {"version1_people.bin", "2ae4466f21b58031fb47eb8feeff25f6", 297}};

GoldenFiles ReadGolden(const std::string& name) {
  std::ifstream file(std::string(ROSTER_GOLDEN_DIR "/") + name, std::ios::binary);
  REQUIRE(file.good());
  return UnpackGolden(
      std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()));
}

void Put(const GoldenFiles& files, FaultyFileSystem* fs) {
  for (const auto& [path, bytes] : files) fs->SetFile(path, bytes);
}

// The state from one of the snapshots (or from none) and the log behind it.
absl::Status Recover(LogDirectory* log, FileSystem* fs, const SnapshotEntry* snapshot,
                     Store* store) {
  if (snapshot != nullptr) {
    ROSTER_RETURN_IF_ERROR(OpenStore(fs, log->SnapshotPath(*snapshot), ThreadExecutor(), store));
  }
  ROSTER_ASSIGN_OR_RETURN(const auto reader, log->Reader(store->lsn()));
  ChangeSet changes;
  while (true) {
    ROSTER_ASSIGN_OR_RETURN(const auto next, reader->Next());
    if (!next) break;
    ROSTER_ASSIGN_OR_RETURN(const Commit commit, DecodeCommit(next->bytes));
    for (const Mutation& mutation : commit.mutations) {
      ROSTER_RETURN_IF_ERROR(store->Check(mutation));
      store->Apply(mutation, &changes);
    }
    store->FinishCommit(next->last_lsn);
  }
  return log->StartWriting(reader->end());
}

absl::Status OpenNewest(FaultyFileSystem* fs, Store* store) {
  SeededRandom random(1);
  ROSTER_ASSIGN_OR_RETURN(const auto log, LogDirectory::Open(fs, &random, kDir, {}));
  const Manifest manifest = log->manifest();
  return Recover(log.get(), fs, manifest.snapshots.empty() ? nullptr : &manifest.snapshots.back(),
                 store);
}

TEST_CASE("the files of every version so far are opened", "[golden]") {
  for (const Golden& golden : kVersions) {
    INFO(golden.file);
    const GoldenFiles files = ReadGolden(golden.file);
    // From the newest snapshot, and from the one before and the log.
    for (size_t skipped = 0; skipped < 2; ++skipped) {
      FaultyFileSystem fs;
      Put(files, &fs);
      SeededRandom random(1);
      const auto log = *LogDirectory::Open(&fs, &random, kDir, {});
      const Manifest manifest = log->manifest();
      REQUIRE(manifest.snapshots.size() == 2);
      Store store;
      const absl::Status status = Recover(log.get(), &fs, &manifest.snapshots[1 - skipped], &store);
      INFO(status.ToString());
      REQUIRE(status.ok());
      CHECK(DigestToHex(DigestOf(store)) == golden.digest);
      CHECK(store.lsn().value == golden.lsn);
    }
  }
}

// A file of a store with one field raised, its checksum right again.
struct Raised {
  std::string what;
  std::string path;
  std::string bytes;
};

std::string WithChecksum(std::string bytes, size_t covered, uint64_t seed) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), covered, seed);
  std::memcpy(bytes.data() + covered, &hash.low64, sizeof(hash.low64));
  std::memcpy(bytes.data() + covered + 8, &hash.high64, sizeof(hash.high64));
  return bytes;
}

std::string RaisedManifest(std::string text, std::string_view from, std::string_view to) {
  text.resize(text.rfind("checksum "));
  text.replace(text.find(from), from.size(), to);
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return StrCat(text, "checksum ", ChainToHex({hash.low64, hash.high64}), "\n");
}

std::vector<Raised> AllRaised(const GoldenFiles& files) {
  std::vector<Raised> all;
  const std::string manifest_path = kDir + "/MANIFEST";
  const std::string& manifest = files.at(manifest_path);
  const StoreUuid uuid = DecodeManifest(manifest)->uuid;
  all.push_back({"manifest version", manifest_path,
                 RaisedManifest(manifest, "roster manifest 1", "roster manifest 2")});
  all.push_back(
      {"manifest feature", manifest_path, RaisedManifest(manifest, "features 0", "features 4")});
  for (const auto& [path, bytes] : files) {
    for (const size_t field : {8, 16}) {  // version and feature bits of log files and snapshots
      std::string raised = bytes;
      raised[field] = 4;
      const std::string what = field == 8 ? " version" : " feature";
      if (path.ends_with(".log")) all.push_back({path + what, path, WithChecksum(raised, 88, 0)});
      if (path.ends_with(".snap")) all.push_back({path + what, path, WithChecksum(raised, 56, 0)});
    }
    if (!path.ends_with("wal.mark")) continue;
    std::string raised = bytes;
    const uint64_t seed = XXH3_64bits(uuid.bytes.data(), uuid.bytes.size());
    for (const size_t slot : {0, 4096}) {
      std::string one = raised.substr(slot, 64);
      one[4] = 2;
      raised.replace(slot, 64, WithChecksum(one, 48, seed));
    }
    all.push_back({"mark version", path, raised});
  }
  return all;
}

TEST_CASE("files of a newer version are refused, and nothing changes", "[golden]") {
  const GoldenFiles files = ReadGolden(kVersions[std::size(kVersions) - 1].file);
  const std::vector<Raised> all = AllRaised(files);
  REQUIRE(all.size() > 8);
  int refused = 0;
  for (const Raised& raised : all) {
    INFO(raised.what);
    FaultyFileSystem fs;
    Put(files, &fs);
    fs.SetFile(raised.path, raised.bytes);
    auto before = fs.Files();
    before[kDir + "/LOCK"];
    Store store;
    const absl::Status status = OpenNewest(&fs, &store);
    INFO(status.ToString());
    // What is older than the newest snapshot is not read.
    if (status.ok()) continue;
    ++refused;
    REQUIRE(ErrorCodeOf(status) == ErrorCode::kErr);
    REQUIRE(fs.Files() == before);
  }
  REQUIRE(refused >= 7);  // manifest, mark, newest snapshot, newest log: each of them
}

}  // namespace
}  // namespace roster
