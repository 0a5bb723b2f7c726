// SPDX-License-Identifier: Apache-2.0
//
// A store goes through a file and is the same store: what it shows, and how it goes on.
#include "storage/store_snapshot.h"

#include <catch2/catch.hpp>
#include <set>

#include "roster/error.h"
#include "storage/base/bytes.h"
#include "storage/base/text.h"
#include "tests/disk/faulty_file_system.h"
#include "tests/memory/store_builder.h"
#include "tests/seed.h"
#include "tests/storage/random_changes.h"
#include "tests/storage/rewrite_snapshot.h"
#include "tests/storage/store_file.h"

namespace roster {
namespace {

const std::string kPath = "/data/state.snap";

// Through a file and back.
void CheckReloads(FaultyFileSystem* fs, const Store& store, Store* loaded,
                  Executor* executor = ThreadExecutor()) {
  if (fs->Exists(kPath).value()) REQUIRE(fs->Remove(kPath).ok());
  const absl::Status saved = SaveStore(fs, kPath, store);
  INFO(saved.ToString());
  REQUIRE(saved.ok());
  const absl::Status opened = OpenStore(fs, kPath, executor, loaded);
  INFO(opened.ToString());
  REQUIRE(opened.ok());
  REQUIRE(loaded->lsn() == store.lsn());
  REQUIRE(loaded->clock() == store.clock());
  REQUIRE(loaded->Pending().seen_later.size() == store.Pending().seen_later.size());
  REQUIRE(DigestOf(*loaded) == DigestOf(store));
  REQUIRE(DevicesOf(*loaded) == DevicesOf(store));
  const auto reader = SnapshotReader::Open(fs, kPath).value();
  REQUIRE(reader->digest() == DigestOf(store));
  REQUIRE(ProveStore(*reader, nullptr).value() == reader->digest());
}

std::map<uint64_t, std::string> PictureOf(const Store& store) {
  return roster::PictureOf(store.TakeView(store.clock()));
}

TEST_CASE("an empty store, and one with declarations only", "[store_snapshot]") {
  FaultyFileSystem fs;
  REQUIRE(fs.CreateDir("/data").ok());
  Store store;
  {
    Store loaded;
    CheckReloads(&fs, store, &loaded);
  }
  for (const Mutation& mutation : RandomChanges(1).Declarations()) ApplyTo(&store, mutation);
  Store loaded;
  CheckReloads(&fs, store, &loaded);
  REQUIRE(loaded.state().columns.size() == store.state().columns.size());
}

TEST_CASE("values at the ends of what 64 bits hold", "[store_snapshot]") {
  FaultyFileSystem fs;
  REQUIRE(fs.CreateDir("/data").ok());
  for (const int64_t edge : {INT64_MAX, INT64_MIN, INT64_MAX - 70'000, INT64_MIN + 300}) {
    StoreBuilder b;
    const TraitId trait = b.Trait("n", ValueType::kInteger);
    const EventTypeId event = b.Event("e");
    const PropertyId property = b.Property(event, "p", ValueType::kInteger);
    for (int64_t i = 0; i < 3; ++i) {
      const int64_t value = edge < 0 ? edge + i * 90 : edge - i * 90;
      const ProfileId profile = b.Profile();
      b.Set(profile, trait, value);
      b.Add(profile, event, 7, 1000, {{property, value}});
    }
    Store loaded;
    CheckReloads(&fs, b.store, &loaded);
  }
}

TEST_CASE("a store that has erased most of its people", "[store_snapshot]") {
  FaultyFileSystem fs;
  REQUIRE(fs.CreateDir("/data").ok());
  StoreBuilder b;
  const NamespaceId space = b.Namespace("email");
  const auto attach = [&](ProfileId profile, const std::string& value) {
    const IdentityId next{static_cast<uint32_t>(b.store.state().identities.size())};
    b.Apply(AttachIdentity{profile, next, space, value, {}});
  };
  for (int i = 0; i < 3000; ++i) attach(b.Profile(), "somebody" + std::to_string(i));
  for (uint64_t id = 1; id < 3000; ++id) b.Apply(EraseProfile{{id}});
  Store loaded;
  CheckReloads(&fs, b.store, &loaded);
  attach({3000}, "another");
  ApplyTo(&loaded, AttachIdentity{{3000}, {3000}, space, "another", {}});
  REQUIRE(DigestOf(loaded) == DigestOf(b.store));
}

TEST_CASE("a random store comes back, and goes on as if nothing had been", "[store_snapshot]") {
  const uint64_t seed = TestSeed();
  std::set<size_t> kinds;
  for (uint64_t round = 0; round < 6; ++round) {
    INFO("seed " << seed << ", round " << round);
    RandomChanges changes(seed + round);
    Store store;
    for (const Mutation& mutation : changes.Declarations()) ApplyTo(&store, mutation);
    if (round % 2 == 0) store.SealInBackground();
    // Some over several chunks of rows.
    const uint32_t num_first = round % 3 == 0 ? 2 * kChunkRows - 20 : 3;
    for (uint32_t i = 0; i < num_first; ++i) ApplyTo(&store, changes.Create(store));
    for (int i = 0; i < 4000; ++i) ApplyTo(&store, changes.Next(store));

    FaultyFileSystem fs;
    REQUIRE(fs.CreateDir("/data").ok());
    Store loaded;
    CheckReloads(&fs, store, &loaded);
    REQUIRE((PictureOf(loaded) == PictureOf(store)));
    for (int i = 0; i < 4000; ++i) {
      const Mutation mutation = changes.Next(store);
      kinds.insert(mutation.index());
      ApplyTo(&store, mutation);
      ApplyTo(&loaded, mutation);
    }
    REQUIRE(DigestOf(loaded) == DigestOf(store));
    REQUIRE(DevicesOf(loaded) == DevicesOf(store));
    REQUIRE((PictureOf(loaded) == PictureOf(store)));
    Store again;
    InlineExecutor one_thread;
    CheckReloads(&fs, loaded, &again, &one_thread);
    REQUIRE((PictureOf(again) == PictureOf(store)));
  }
  CHECK(kinds.size() == std::variant_size_v<Mutation> - 1);  // of all, but new namespaces
}

TEST_CASE("a view is written while the writer goes on", "[store_snapshot]") {
  RandomChanges changes(TestSeed());
  Store store;
  for (const Mutation& mutation : changes.Declarations()) ApplyTo(&store, mutation);
  for (int i = 0; i < 3000; ++i) ApplyTo(&store, changes.Next(store));
  const ReadView view = store.TakeView(store.clock());
  const StorePending pending = store.Pending();
  const auto picture = roster::PictureOf(view);
  for (int i = 0; i < 3000; ++i) ApplyTo(&store, changes.Next(store));

  FaultyFileSystem fs;
  REQUIRE(fs.CreateDir("/data").ok());
  const auto writer = SnapshotWriter::Create(&fs, kPath, {{}, view.lsn(), view.clock()});
  REQUIRE(WriteStoreSections(view, pending, writer->get()).ok());
  REQUIRE((*writer)->Finish(DigestOf(view)).ok());
  Store loaded;
  REQUIRE(OpenStore(&fs, kPath, ThreadExecutor(), &loaded).ok());
  REQUIRE((PictureOf(loaded) == picture));
}

// The raw content of all sections of a file.
std::string AllContent(FileSystem* fs) {
  const auto reader = *SnapshotReader::Open(fs, kPath);
  std::string all;
  for (const SnapshotSection& section : reader->sections()) all += *reader->Read(section);
  return all;
}

TEST_CASE("texts that nothing shows any more are not in the file", "[store_snapshot]") {
  StoreBuilder b;
  const TraitId plan = b.Trait("plan", ValueType::kText);
  const TraitId labels = b.Trait("labels", ValueType::kTextList);
  const EventTypeId order = b.Event("order");
  const PropertyId topic = b.Property(order, "topic", ValueType::kText);
  const ProfileId jo = b.Profile();
  const ProfileId ann = b.Profile();
  b.Set(jo, plan, "canary one", 1);
  b.Set(jo, plan, "kept plan", 2);
  b.Set(ann, plan, "canary two", 1);
  b.Set(ann, plan, {}, 2);
  b.Set(jo, labels, TextList{"canary three"}, 1);
  b.Set(jo, labels, TextList{"kept label"}, 2);
  b.Add(jo, order, 1, 5, {{topic, "kept topic"}});
  const ReadView view = b.store.TakeView({9});
  b.Add(jo, order, 2, 6, {{topic, "canary four"}});  // newer than the view

  FaultyFileSystem fs;
  REQUIRE(fs.CreateDir("/data").ok());
  const auto writer = SnapshotWriter::Create(&fs, kPath, {{}, view.lsn(), {}});
  REQUIRE(WriteStoreSections(view, b.store.Pending(), writer->get()).ok());
  REQUIRE((*writer)->Finish(DigestOf(view)).ok());
  const std::string all = AllContent(&fs);
  REQUIRE(all.find("canary") == std::string::npos);
  for (const char* kept : {"kept plan", "kept label", "kept topic"}) {
    REQUIRE(all.find(kept) != std::string::npos);
  }
  Store loaded;
  REQUIRE(OpenStore(&fs, kPath, ThreadExecutor(), &loaded).ok());
  REQUIRE(loaded.state().column(plan).type().dictionary->size() == 1);
}

void Rewrite(FileSystem* fs,
             const std::function<std::optional<std::string>(const std::string& name,
                                                            std::string raw)>& change) {
  RewriteSnapshot(fs, kPath, change);
}

// Proving it and loading it give the same verdict and, if any, the same state.
void CheckProof(FileSystem* fs, const absl::Status& loaded, const Store& store) {
  const auto reader = SnapshotReader::Open(fs, kPath);
  REQUIRE(reader.ok());
  const absl::StatusOr<StateDigest> proved = ProveStore(**reader, nullptr);
  INFO("loaded: " << loaded.ToString() << "; proved: " << proved.status().ToString());
  REQUIRE(ErrorCodeOf(proved.status()) == ErrorCodeOf(loaded));
  if (loaded.ok()) REQUIRE(*proved == DigestOf(store));
}

void SaveRandom(FaultyFileSystem* fs, uint64_t seed, int num_changes) {
  RandomChanges changes(seed);
  Store store;
  for (const Mutation& mutation : changes.Declarations()) ApplyTo(&store, mutation);
  for (int i = 0; i < num_changes; ++i) ApplyTo(&store, changes.Next(store));
  REQUIRE(fs->CreateDir("/data").ok());
  REQUIRE(SaveStore(fs, kPath, store).ok());
}

std::vector<std::string> SectionNames(FileSystem* fs) {
  std::vector<std::string> names;
  const auto reader = *SnapshotReader::Open(fs, kPath);
  for (const SnapshotSection& section : reader->sections()) names.push_back(section.name);
  return names;
}

TEST_CASE("a section that is missing, and one that nobody knows, are refused", "[store_snapshot]") {
  FaultyFileSystem original;
  SaveRandom(&original, 3, 600);
  for (const std::string& gone : SectionNames(&original)) {
    // A trait or event type without any chunk is whole too.
    if (gone.ends_with("cells/0") || gone.ends_with("blocks/0")) continue;
    INFO(gone);
    const auto fs = original.Clone();
    Rewrite(fs.get(), [&](const std::string& name, std::string raw) {
      return name == gone ? std::nullopt : std::optional(std::move(raw));
    });
    Store store;
    InlineExecutor executor;
    const absl::Status status = OpenStore(fs.get(), kPath, &executor, &store);
    INFO(status.ToString());
    REQUIRE(ErrorCodeOf(status) == ErrorCode::kCorrupt);
    REQUIRE(StdView(status.message()).find(kPath) != std::string_view::npos);
  }
  const auto reader = *SnapshotReader::Open(&original, kPath);
  const auto writer = *SnapshotWriter::Create(&original, "/data/more", reader->header());
  for (const SnapshotSection& section : reader->sections()) {
    writer->BeginSection(section.name);
    REQUIRE(writer->Append(*reader->Read(section)).ok());
    REQUIRE(writer->EndSection().ok());
  }
  const bool of_store = GENERATE(true, false);
  writer->BeginSection(of_store ? "store/lists/0" : "engine/definitions");
  REQUIRE(writer->EndSection().ok());
  REQUIRE(writer->Finish({}).ok());
  Store store;
  InlineExecutor executor;
  const absl::Status status = OpenStore(&original, "/data/more", &executor, &store);
  INFO(status.ToString());
  REQUIRE(status.ok() == !of_store);
  if (of_store) REQUIRE(ErrorCodeOf(status) == ErrorCode::kErr);
}

TEST_CASE("content that an enemy wrote is refused, or makes a store that works",
          "[store_snapshot]") {
  const uint64_t seed = TestSeed();
  std::mt19937_64 random(seed);
  FaultyFileSystem original;
  SaveRandom(&original, seed, 300);
  const std::vector<std::string> names = SectionNames(&original);
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    INFO("seed " << seed << ", round " << round);
    const auto fs = original.Clone();
    const std::string& target = names[random() % names.size()];
    INFO("section " << target);
    Rewrite(fs.get(), [&](const std::string& name, std::string raw) {
      if (name != target) return raw;
      for (uint64_t n = random() % 3; n != uint64_t{0} - 1 && !raw.empty(); --n) {
        const size_t at = random() % raw.size();
        switch (random() % 4) {
          case 0:
            raw[at] = static_cast<char>(random());
            break;
          case 1:
            raw.erase(at, 1 + random() % 9);
            break;
          case 2:
            raw.insert(at, std::string(1 + random() % 9, static_cast<char>(random())));
            break;
          default:
            raw[at] = static_cast<char>(raw[at] ^ (1 << (random() % 8)));
        }
      }
      return raw;
    });
    Store store;
    InlineExecutor executor;
    const absl::Status status = OpenStore(fs.get(), kPath, &executor, &store);
    CheckProof(fs.get(), status, store);
    if (!status.ok()) {
      INFO(status.ToString());
      // Of a schema that has lost a text, what is left of it looks like a newer program's.
      const bool newer =
          StdView(status.message()).find("of a newer version") != std::string_view::npos;
      REQUIRE(ErrorCodeOf(status) == (newer ? ErrorCode::kErr : ErrorCode::kCorrupt));
      REQUIRE(StdView(status.message()).find(kPath) != std::string_view::npos);
      ++refused;
      continue;
    }
    PictureOf(store);
    RandomChanges further(seed + 1);
    for (int i = 0; i < 30; ++i) {
      const Mutation mutation = further.Next(store);
      ChangeSet changes;
      if (store.Check(mutation).ok()) store.Apply(mutation, &changes);
    }
    DigestOf(store);
  }
  REQUIRE(refused > 500);
}

TEST_CASE("a file with another state, all of it in order, has another digest", "[store_snapshot]") {
  FaultyFileSystem fs;
  REQUIRE(fs.CreateDir("/data").ok());
  StoreBuilder b;
  const TraitId plan = b.Trait("plan", ValueType::kText);
  b.Set(b.Profile(), plan, "basic", 1);
  REQUIRE(SaveStore(&fs, kPath, b.store).ok());
  Rewrite(&fs, [&](const std::string& name, std::string raw) {
    if (name == StrCat("store/trait/", plan.value, "/texts/0")) raw.back() = 'k';
    return raw;
  });
  const auto reader = *SnapshotReader::Open(&fs, kPath);
  const absl::StatusOr<StateDigest> proved = ProveStore(*reader, nullptr);
  REQUIRE(proved.ok());
  REQUIRE_FALSE(*proved == reader->digest());
}

// Jo and Ann, of whom each has an email; Jo had another one, which is Ann's now.
void SaveFormer(FaultyFileSystem* fs) {
  StoreBuilder b;
  const NamespaceId space = b.Namespace("email");
  const ProfileId jo = b.Profile();
  const ProfileId ann = b.Profile();
  b.Apply(AttachIdentity{jo, {0}, space, "a", {}});
  b.Apply(MoveIdentity{{0}, jo, IdentityStanding::kFormer});
  b.Apply(AttachIdentity{ann, {1}, space, "a", {}});
  b.Apply(AttachIdentity{jo, {2}, space, "b", {}});
  REQUIRE(fs->CreateDir("/data").ok());
  REQUIRE(SaveStore(fs, kPath, b.store).ok());
}

TEST_CASE("standings and homes of identities are believed as far as they fit", "[store_snapshot]") {
  FaultyFileSystem original;
  SaveFormer(&original);
  const auto opened = [&](const std::string& homes) {
    const auto fs = original.Clone();
    Rewrite(fs.get(), [&](const std::string& name, std::string raw) {
      if (name == "store/identities/homes/0") raw = homes;
      return raw;
    });
    Store store;
    InlineExecutor executor;
    absl::Status status = OpenStore(fs.get(), kPath, &executor, &store);
    CheckProof(fs.get(), status, store);
    if (!status.ok()) CHECK(ErrorCodeOf(status) == ErrorCode::kCorrupt);
    return status;
  };
  const auto item = [](uint64_t number, uint8_t standing, uint64_t home) {
    std::string bytes(1, '\0');
    ByteWriter out(&bytes);
    out.Varint(number);
    out.Byte(standing);
    out.Varint(home);
    return bytes;
  };
  CHECK(opened(item(0, 2, 0)).ok());
  CHECK(opened(item(0, 2, 2)).ok());
  CHECK(opened(item(1, 2, 0)).ok());        // the other one is the former one
  CHECK_FALSE(opened(item(2, 2, 0)).ok());  // two of one name are held
  CHECK_FALSE(opened(item(0, 1, 0)).ok());
  CHECK_FALSE(opened(item(0, 0, 0)).ok());
  CHECK_FALSE(opened(item(0, 4, 0)).ok());
  CHECK_FALSE(opened(item(3, 2, 0)).ok());
  CHECK_FALSE(opened(item(0, 2, 3)).ok());
  CHECK_FALSE(opened(item(uint64_t{1} << 40, 2, 0)).ok());
  CHECK_FALSE(opened(item(0, 2, 0) + item(1, 1, 0).substr(1)).ok());  // more than the head says
  CHECK_FALSE(opened(std::string(1, '\0')).ok());
  CHECK_FALSE(opened("").ok());
  const std::string located(StdView(opened(item(0, 4, 0)).message()));
  CHECK(located.find("identities/homes/0") != std::string::npos);
  CHECK(located.find("offset") != std::string::npos);
}

TEST_CASE("a profile has more rows than ids", "[store_snapshot]") {
  FaultyFileSystem fs;
  REQUIRE(fs.CreateDir("/data").ok());
  StoreBuilder b;
  b.store.SealInBackground();
  const EventTypeId note = b.Event("note");
  const ProfileId jo = b.Profile();
  for (uint64_t id = 1; id < 9; ++id) b.Add(jo, note, id, 5);
  for (uint64_t id = 1; id < 9; ++id) b.Apply(RemoveRecord{jo, note, {id}});
  REQUIRE(b.store.state().num_rows() > 1);
  Store loaded;
  CheckReloads(&fs, b.store, &loaded);
}

TEST_CASE("writing and proving end early when they are told to", "[store_snapshot]") {
  FaultyFileSystem fs;
  SaveRandom(&fs, TestSeed(), 300);
  const auto reader = *SnapshotReader::Open(&fs, kPath);
  Work work;
  REQUIRE(ProveStore(*reader, &work).ok());
  REQUIRE(work.done() > 0);
  work.Stop();
  REQUIRE(ErrorCodeOf(ProveStore(*reader, &work).status()) == ErrorCode::kShutdown);
  Store store;
  REQUIRE(OpenStore(&fs, kPath, ThreadExecutor(), &store).ok());
  const auto writer = *SnapshotWriter::Create(&fs, "/data/more", {});
  const absl::Status written =
      WriteStoreSections(store.TakeView({}), store.Pending(), writer.get(), &work);
  REQUIRE(ErrorCodeOf(written) == ErrorCode::kShutdown);
}

// A head that is followed by no more than `names` and claims `num_identities`.
std::string HeadClaiming(uint64_t num_identities, const std::string& raw) {
  ByteReader in(raw);
  std::string head;
  ByteWriter out(&head);
  out.Varint(in.Varint());
  out.Varint(in.Varint());
  in.Varint();
  out.Varint(num_identities);
  head += raw.substr(in.position());
  return head;
}

TEST_CASE("a file asks for no memory that its names and rows do not need", "[store_snapshot]") {
  FaultyFileSystem original;
  REQUIRE(original.CreateDir("/data").ok());
  StoreBuilder b;
  b.Profile();
  b.Profile();
  REQUIRE(SaveStore(&original, kPath, b.store).ok());
  const auto refused = [&](FileSystem* fs) {
    Store store;
    InlineExecutor executor;
    const absl::Status status = OpenStore(fs, kPath, &executor, &store);
    CheckProof(fs, status, store);
    REQUIRE(ErrorCodeOf(status) == ErrorCode::kCorrupt);
    return std::string(StdView(status.message()));
  };
  {
    // Four billion identities, and other sections that are long enough for them.
    const auto fs = original.Clone();
    Rewrite(fs.get(), [&](const std::string& name, std::string raw) {
      if (name == "store/head") raw = HeadClaiming(4'000'000'000, raw);
      if (name == "store/schema") raw += std::string(8 << 20, '\0');
      return raw;
    });
    refused(fs.get());
  }
  {
    // Names that are many, all alike and hardly take place in the file: refused before any room is
    // made for their rows.
    const auto fs = original.Clone();
    RewriteSnapshot(fs.get(), kPath, [&](const std::string& name, std::string raw) {
      if (name == "store/head") raw = HeadClaiming(200 << 20, raw);
      return raw;
    });
    const auto reader = *SnapshotReader::Open(fs.get(), kPath);
    const auto writer = *SnapshotWriter::Create(fs.get(), "/data/more", reader->header());
    for (const SnapshotSection& section : reader->sections()) {
      writer->BeginSection(section.name);
      REQUIRE(writer->Append(*reader->Read(section)).ok());
      REQUIRE(writer->EndSection().ok());
    }
    writer->BeginSection("store/identities/names/0");
    const std::string zeros(1 << 20, '\0');
    for (int i = 0; i < 201; ++i) REQUIRE(writer->Append(zeros).ok());
    REQUIRE(writer->EndSection().ok());
    REQUIRE(writer->Finish(reader->digest()).ok());
    REQUIRE(fs->Rename("/data/more", kPath).ok());
    REQUIRE(refused(fs.get()).find("larger than it can be") != std::string::npos);
  }
  {
    // Cells of rows that hold nobody.
    const auto fs = original.Clone();
    Rewrite(fs.get(), [&](const std::string& name, std::string raw) {
      if (name == "store/trait/0/cells/0") {
        raw[2] = '\x07';  // the rows that were ever set; two are live
      }
      return raw;
    });
    refused(fs.get());
  }
}

}  // namespace
}  // namespace roster
