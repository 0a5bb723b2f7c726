// SPDX-License-Identifier: Apache-2.0
//
// A snapshot that an enemy wrote is refused or makes a store that works; nothing else. The input
// is the raw content of sections (snapshot_input.h); the harness makes a file of it, so that every
// checksum holds. The input is also tried as a file.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <set>
#include <string>

#include "roster/error.h"
#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "tests/disk/faulty_file_system.h"
#include "tests/storage/snapshot_input.h"
#include "tests/storage/store_file.h"

namespace {

using roster::ByteReader;

const std::string kPath = "/data/fuzz.snap";

constexpr size_t kNumNames = std::size(roster::kFuzzedSections);

void CheckFile(roster::FaultyFileSystem* fs) {
  roster::Store store;
  roster::InlineExecutor executor;
  const absl::Status status = roster::OpenStore(fs, kPath, &executor, &store);
  // What is proved is what is loaded.
  if (const auto reader = roster::SnapshotReader::Open(fs, kPath); reader.ok()) {
    const auto proved = roster::ProveStore(**reader, nullptr);
    ROSTER_CHECK(proved.ok() == status.ok());
    if (proved.ok()) ROSTER_CHECK(*proved == roster::DigestOf(store));
  }
  if (!status.ok()) {
    const roster::ErrorCode code = roster::ErrorCodeOf(status);
    ROSTER_CHECK(code == roster::ErrorCode::kCorrupt || code == roster::ErrorCode::kErr);
    return;
  }
  // What was believed can be read, changed and saved again, and is then the same.
  const roster::State& state = store.state();
  for (uint32_t r = 0; r < state.num_rows(); ++r) {
    for (const auto& column : state.columns) column->Get({r});
    for (const auto& events : state.partitions) events->EventsOf({r});
  }
  const roster::StateDigest digest = roster::DigestOf(store);
  ROSTER_CHECK(fs->Remove(kPath).ok());
  ROSTER_CHECK(roster::SaveStore(fs, kPath, store).ok());
  roster::Store again;
  ROSTER_CHECK(roster::OpenStore(fs, kPath, &executor, &again).ok());
  ROSTER_CHECK(roster::DigestOf(again) == digest);
  roster::ChangeSet changes;
  store.Apply(roster::Advance{{INT64_MAX}}, &changes);
  if (state.FindProfile({1}) && state.FindProfile({2}) &&
      *state.FindProfile({1}) != *state.FindProfile({2})) {
    store.Apply(roster::MergeProfiles{{1}, {2}, {5}}, &changes);
  }
  // What is derived, and what takes apart.
  for (uint32_t i = 0; i < state.identities.size(); ++i) {
    if (state.identities.IsAttached({i})) store.MarksOf({i});
    store.IsShared({i});
  }
  for (uint64_t id = 1; id <= std::min<uint64_t>(state.profiles.size(), 8); ++id) {
    for (const roster::Mutation& mutation :
         {roster::Mutation(roster::UnmergeProfile{{id}}),
          roster::Mutation(roster::MoveRecords{{id}, {1}, {0}, {0}, {100}}),
          roster::Mutation(roster::MoveIdentity{{static_cast<uint32_t>(id)}, {1}})}) {
      if (store.Check(mutation).ok()) store.Apply(mutation, &changes);
    }
  }
  roster::DigestOf(store);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  roster::FaultyFileSystem fs;
  fs.SetFile(kPath, std::string(input));
  CheckFile(&fs);
  ROSTER_CHECK(fs.Remove(kPath).ok());

  const auto writer = roster::SnapshotWriter::Create(&fs, kPath, {{}, {1}, {}}).value();
  ByteReader in(input);
  std::set<size_t> used;
  while (!in.at_end() && !in.failed()) {
    const size_t name = in.Byte() % kNumNames;
    const uint64_t length = std::min<uint64_t>(in.Fixed<uint16_t>(), in.remaining());
    const std::string_view raw = in.Bytes(length);
    if (!used.insert(name).second) continue;
    writer->BeginSection(roster::kFuzzedSections[name]);
    ROSTER_CHECK(writer->Append(raw).ok());
    ROSTER_CHECK(writer->EndSection().ok());
  }
  ROSTER_CHECK(writer->Finish({}).ok());
  CheckFile(&fs);
  return 0;
}
