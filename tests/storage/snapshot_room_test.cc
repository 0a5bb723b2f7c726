// SPDX-License-Identifier: Apache-2.0
//
// What a snapshot asks of memory: no more than it holds, whatever it says, and for a proof no more
// than a part of it at a time.
#include <malloc.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "roster/error.h"
#include "storage/base/bytes.h"
#include "storage/base/text.h"
#include "storage/store_chunks.h"
#include "tests/disk/faulty_file_system.h"
#include "tests/disk/hooked_file_system.h"
#include "tests/memory/store_builder.h"
#include "tests/storage/random_changes.h"
#include "tests/storage/rewrite_snapshot.h"
#include "tests/storage/store_file.h"

namespace roster {
namespace {

const std::string kPath = "/data/state.snap";

// That are allocated now. A sanitizer's allocator does not count here.
int64_t HeapBytes() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<int64_t>(info.uordblks + info.hblkhd);
}

TEST_CASE("a proof keeps the texts of one trait or event type at a time", "[store_snapshot]") {
  constexpr int64_t kTexts = 300;
  constexpr int64_t kTextBytes = 16'000;
  FaultyFileSystem files;
  REQUIRE(files.CreateDir("/data").ok());
  int64_t num_dictionaries = 1;  // that of the names
  {
    StoreBuilder b;
    const NamespaceId space = b.Namespace("email");
    std::vector<TraitId> traits;
    std::vector<EventTypeId> events;
    for (const char* name : {"a", "b", "c", "d"}) {
      traits.push_back(b.Trait(name, ValueType::kText));
      events.push_back(b.Event(name));
      b.Property(events.back(), "text", ValueType::kText);
      num_dictionaries += 2;
    }
    for (int64_t i = 0; i < kTexts; ++i) {
      const std::string text = std::to_string(i) + std::string(kTextBytes, 'x');
      const ProfileId profile = b.Profile();
      const IdentityId next{static_cast<uint32_t>(i)};
      b.Apply(AttachIdentity{profile, next, space, text, {}});
      for (const TraitId trait : traits) b.Set(profile, trait, text, 1);
      for (const EventTypeId event : events) b.Add(profile, event, 1, 1, {{{1}, text}});
    }
    REQUIRE(SaveStore(&files, kPath, b.store).ok());
  }
  HookedFileSystem hooked(&files);
  const auto reader = SnapshotReader::Open(&hooked, kPath).value();
  const int64_t before = HeapBytes();
  int64_t most = 0;
  hooked.on_read = [&](const std::string&) { most = std::max(most, HeapBytes() - before); };
  REQUIRE(ProveStore(*reader, nullptr).value() == reader->digest());
  CHECK(most < num_dictionaries * kTexts * kTextBytes / 2);
}

// A whole chunk of numbers that begins with some.
void PutChunk(std::vector<int64_t> values, std::string* out) {
  values.resize(kChunkRows);
  PutInts(PackedInts::Of(values), out);
}

// A store of two profiles with a file that says it has so many chunks of rows, and of ids that each
// have the answer `answer`.
class HollowFile {
 public:
  static constexpr uint64_t kNumChunks = 4096;

  explicit HollowFile(int64_t answer) {
    REQUIRE(files.CreateDir("/data").ok());
    StoreBuilder b;
    const NamespaceId space = b.Namespace("email");
    b.Apply(AttachIdentity{b.Profile(), {0}, space, "jo", {}});
    b.Profile();
    REQUIRE(SaveStore(&files, kPath, b.store).ok());
    RewriteSnapshot(&files, kPath, [&](const std::string& name, std::string raw) {
      const std::string more(kNumChunks - 1, '\0');
      if (name == "store/trait/0/cells/0" || name == "store/trait/3/cells/0") return raw + more;
      if (name == "store/head") return Head(raw);
      std::string numbers(1, '\0');  // from the first chunk on
      if (name == "store/identities/rows/0") {
        PutChunk({1}, &numbers);
        PutInts(PackedInts::Of({0}), &numbers);
        return numbers;
      }
      if (name != "store/ids/0" && name != "store/rows/0") return raw;
      PutChunk({1, 2}, &numbers);
      for (uint64_t c = 1; c < kNumChunks; ++c) {
        const bool ids = name == "store/ids/0";
        PutChunk(std::vector<int64_t>(kChunkRows, ids ? answer : 0), &numbers);
      }
      return numbers;
    });
  }

  FaultyFileSystem files;

 private:
  static std::string Head(const std::string& raw) {
    ByteReader in(raw);
    in.Varint();
    in.Varint();
    std::string head;
    ByteWriter(&head).Varint(kNumChunks * kChunkRows);
    ByteWriter(&head).Varint(kNumChunks * kChunkRows);
    return head + raw.substr(in.position());
  }
};

TEST_CASE("rows and ids of nobody take no memory, however many they are", "[store_snapshot]") {
  HollowFile hollow(0);
  const auto reader = SnapshotReader::Open(&hollow.files, kPath).value();
  REQUIRE(reader->file_bytes() < 20'000);
  Store store;
  InlineExecutor executor;
  const int64_t before = HeapBytes();
  const absl::Status loaded = LoadStore(*reader, &executor, &store);
  INFO(loaded.ToString());
  REQUIRE(loaded.ok());
  CHECK(HeapBytes() - before < (16 << 20));
  REQUIRE(ProveStore(*reader, nullptr).value() == reader->digest());
  REQUIRE(DigestOf(store) == reader->digest());
  CHECK(store.state().profiles.MemoryBytes() < (1 << 20));

  // Ids go on behind them, and their rows are given again.
  const ProfileId next{HollowFile::kNumChunks * kChunkRows + 1};
  ChangeSet changes;
  for (uint64_t i = 0; i < kChunkRows; ++i) {
    const CreateProfile create{{next.value + i}, {5}, "test"};
    REQUIRE(store.Check(create).ok());
    store.Apply(create, &changes);
  }
  CHECK(store.state().num_rows() == HollowFile::kNumChunks * kChunkRows);
  CHECK(store.state().num_profiles == 2 + kChunkRows);
  CHECK(store.state().FindProfile(next) == RowId{2});
  CHECK(store.state().FindProfile({next.value + kChunkRows - 1}) == RowId{kChunkRows + 1});
  const NamespaceId space{0};
  ApplyTo(&store, AttachIdentity{{next.value + kChunkRows - 1}, {1}, space, "ann", {}});
  CHECK(store.state().FindIdentity(space, "ann") == RowId{kChunkRows + 1});
  CHECK(HeapBytes() - before < (20 << 20));
}

TEST_CASE("ids that are all merged into one are not believed without limit", "[store_snapshot]") {
  HollowFile hollow(1);
  const auto reader = SnapshotReader::Open(&hollow.files, kPath).value();
  Store store;
  InlineExecutor executor;
  const absl::Status loaded = LoadStore(*reader, &executor, &store);
  INFO(loaded.ToString());
  CHECK(ErrorCodeOf(loaded) == ErrorCode::kCorrupt);
  CHECK(StdView(loaded.message()).find("more alike than can be") != std::string_view::npos);
  CHECK(ErrorCodeOf(ProveStore(*reader, nullptr).status()) == ErrorCode::kCorrupt);
}

TEST_CASE("a head or schema that packs better than any is refused before it is read",
          "[store_snapshot]") {
  const std::string target = GENERATE("store/head", "store/schema");
  FaultyFileSystem files;
  REQUIRE(files.CreateDir("/data").ok());
  REQUIRE(SaveStore(&files, kPath, Store()).ok());
  RewriteSnapshot(&files, kPath, [&](const std::string& name, const std::string& raw) {
    return name == target ? raw + std::string(65 << 20, '\0') : raw;
  });
  const auto reader = SnapshotReader::Open(&files, kPath).value();
  Store store;
  InlineExecutor executor;
  for (const absl::Status& status :
       {LoadStore(*reader, &executor, &store), ProveStore(*reader, nullptr).status()}) {
    INFO(status.ToString());
    CHECK(ErrorCodeOf(status) == ErrorCode::kCorrupt);
    CHECK(StdView(status.message()).find("larger than it can be") != std::string_view::npos);
  }
}

}  // namespace
}  // namespace roster
