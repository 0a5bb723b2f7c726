// SPDX-License-Identifier: Apache-2.0
//
// Makes tests/golden/versionN.bin and versionN_people.bin, small data directories as this version
// writes them, and tests/fuzz/snapshot/small_store, the sections of a small snapshot for the fuzz
// target:
//
//   make_golden GOLDEN PEOPLE FUZZ_INPUT
//
// Run it once for a version that is about to be released; what it wrote then stays for ever.
#include <cstdint>
#include <fstream>
#include <iostream>
#include <vector>

#include "storage/base/check.h"
#include "storage/disk/log_directory.h"
#include "storage/memory/people/own_names.h"
#include "storage/mutation.h"
#include "tests/disk/faulty_file_system.h"
#include "tests/disk/seeded_random.h"
#include "tests/storage/golden_files.h"
#include "tests/storage/snapshot_input.h"
#include "tests/storage/store_file.h"

namespace roster {
namespace {

constexpr ValueType kTypes[] = {ValueType::kText,    ValueType::kInteger,  ValueType::kNumber,
                                ValueType::kBoolean, ValueType::kDate,     ValueType::kTimestamp,
                                ValueType::kDecimal, ValueType::kTextList, ValueType::kJson};

Value ValueOf(ValueType type, int64_t n) {
  const std::string text = "text " + std::to_string(n);
  switch (type) {
    case ValueType::kText:
      return text;
    case ValueType::kInteger:
      return n * 1'000'000'007 - 5;
    case ValueType::kNumber:
      return static_cast<double>(n) / 7;
    case ValueType::kBoolean:
      return n % 2 == 0;
    case ValueType::kDate:
      return Date{static_cast<int32_t>(n * 100 - 40)};
    case ValueType::kTimestamp:
      return Timestamp{n - 7};
    case ValueType::kDecimal:
      return Decimal{n * 125, 2};
    case ValueType::kTextList:
      return TextList{text, "b"};
    default:
      return Json{"{\"n\":" + std::to_string(n) + "}"};
  }
}

Mutation SetOf(uint64_t profile, uint16_t trait, Value value, int64_t time, IdentityId origin) {
  SetTrait set;
  set.profile = {profile};
  set.trait = {trait};
  set.value = std::move(value);
  set.time = {time};
  set.origin = origin;
  return set;
}

// Commits of one mutation each, written to a log as the engine does.
class Writer {
 public:
  explicit Writer(FileSystem* fs) : fs_(fs), random_(1) {
    LogDirectoryOptions options;
    options.preallocate_bytes = kWalFileHeaderBytes;
    options.zero_ahead_bytes = 0;
    options.rotate_bytes = kWalFileHeaderBytes + 3000;
    log_ = LogDirectory::Open(fs_, &random_, "/store", options).value();
    auto reader = log_->Reader().value();
    ROSTER_CHECK(!reader->Next().value());
    ROSTER_CHECK(log_->StartWriting(reader->end()).ok());
  }

  void Apply(const Mutation& mutation) {
    const absl::Status fits = store.Check(mutation);
    if (!fits.ok()) std::cerr << fits << "\n";
    ROSTER_CHECK(fits.ok());
    store.Apply(mutation, &changes_);
    std::string payload;
    EncodeCommitHeader({}, &payload);
    EncodeMutation(mutation, &payload);
    ROSTER_CHECK(log_->Reserve(payload.size()).ok());
    const auto lsn = log_->AppendCommit(payload, store.clock());
    ROSTER_CHECK(lsn.ok() && log_->Write().ok() && log_->Sync().ok());
    store.FinishCommit(*lsn);
  }

  void Snapshot() {
    const ReadView view = store.TakeView(store.clock());
    const auto writer = SnapshotWriter::Create(fs_, log_->SnapshotTempPath(view.lsn()),
                                               {log_->manifest().uuid, view.lsn(), view.clock()});
    ROSTER_CHECK(WriteStoreSections(view, store.Pending(), writer->get()).ok());
    ROSTER_CHECK((*writer)->Finish(DigestOf(view)).ok());
    ROSTER_CHECK(log_->PublishSnapshot(view.lsn(), 2).ok());
  }

  Store store;

 private:
  FileSystem* const fs_;
  SeededRandom random_;
  std::unique_ptr<LogDirectory> log_;
  ChangeSet changes_;
};

std::string Packed(FaultyFileSystem* fs, const Store& store) {
  GoldenFiles files = fs->Files();
  files.erase("/store/LOCK");
  std::cout << "digest " << DigestToHex(DigestOf(store)) << " at LSN " << store.lsn().value << "\n";
  return PackGolden(files);
}

void Declare(Writer* out) {
  out->Apply(DeclareNamespace{{"email", NamespaceKind::kPerson, 1, 5}});
  out->Apply(DeclareNamespace{{"device", NamespaceKind::kDevice, 3, 9}});
  out->Apply(DeclareEvent{"order"});
  out->Apply(DeclareEvent{"visit"});
  for (size_t t = 0; t < std::size(kTypes); ++t) {
    const uint8_t scale = kTypes[t] == ValueType::kDecimal ? 2 : 0;
    out->Apply(DeclareTrait{"trait" + std::to_string(t), kTypes[t], scale});
    out->Apply(DeclareProperty{{0}, "property" + std::to_string(t), kTypes[t], scale});
  }
  out->Apply(Advance{{1000}});
}

// What profiles `first` to `last` are and do.
void Live(Writer* out, uint64_t first, uint64_t last) {
  for (uint64_t id = first; id <= last; ++id) {
    const auto n = static_cast<int64_t>(id);
    out->Apply(CreateProfile{{id}, {n * 10}, "golden"});
    const IdentityId self{static_cast<uint32_t>(out->store.state().identities.size())};
    out->Apply(AttachIdentity{
        {id}, self, {static_cast<uint16_t>(id % 2)}, "who" + std::to_string(id), {n * 10}});
    for (size_t t = 0; t < std::size(kTypes); ++t) {
      if ((id + t) % 3 == 0) continue;
      Value value;
      if ((id + t) % 7 != 1) value = ValueOf(kTypes[t], n + t);
      out->Apply(SetOf(id, static_cast<uint16_t>(4 + t), std::move(value), n * 11, self));
    }
    for (uint64_t e = 0; e < id % 5; ++e) {
      AddEvent event{{id}, {static_cast<uint16_t>(e % 2)}, {id * 100 + e}, {n * 12}, self, {}};
      if (e % 2 == 0) {
        const auto p = static_cast<uint16_t>(1 + (id + e) % std::size(kTypes));
        event.properties.push_back({{p}, ValueOf(kTypes[p - 1], n)});
      }
      out->Apply(event);
    }
  }
}

// The store's own types, as the engine declares them when they are first needed. Ids: see Declare.
struct OwnTypes {
  EventTypeId texts;  // records of the first trait
  EventTypeId merges;
  EventTypeId devices;
};

OwnTypes DeclareOwn(Writer* out) {
  uint16_t next = 0;
  const auto own = [&](std::string name,
                       std::vector<std::pair<std::string, ValueType>> properties) {
    next = static_cast<uint16_t>(out->store.state().partitions.size());
    out->Apply(DeclareEvent{std::move(name)});
    properties.emplace_back(kHomeProperty, ValueType::kInteger);
    for (auto& [property, type] : properties) out->Apply(DeclareProperty{{next}, property, type});
    return EventTypeId{next};
  };
  OwnTypes types;
  types.texts = own(TraitRecordsName("trait0"), {{"value", ValueType::kText}});
  types.merges = own(std::string(kMergeRecords), {{"survivor", ValueType::kInteger},
                                                  {"loser_created_at", ValueType::kTimestamp},
                                                  {"loser_created_via", ValueType::kText},
                                                  {"survivor_created_at", ValueType::kTimestamp},
                                                  {"survivor_created_via", ValueType::kText}});
  types.devices = own(std::string(kDeviceRecords), {{"mark", ValueType::kInteger}});
  out->Apply(DeclareProperty{{0}, std::string(kHomeProperty), ValueType::kInteger});
  return types;
}

void Join(Writer* out, const OwnTypes& types, uint64_t loser, uint64_t survivor) {
  const auto n = static_cast<int64_t>(survivor);
  out->Apply(AddEvent{{survivor},
                      types.merges,
                      {loser},
                      {900},
                      kNoOrigin,
                      {{kMergeSurvivor, n},
                       {kMergeLoserCreated, Timestamp{static_cast<int64_t>(loser) * 10}},
                       {kMergeLoserVia, std::string("golden")},
                       {kMergeSurvivorCreated, Timestamp{n * 10}},
                       {kMergeSurvivorVia, std::string("golden")}}});
  out->Apply(MergeProfiles{{loser}, {survivor}, {900}});
}

// What people do to each other, of every kind, with profiles `first` to `first` + 5.
void People(Writer* out, const OwnTypes& types, uint64_t first) {
  Live(out, first, first + 5);
  const auto identity = [&](uint64_t profile) {
    const State& state = out->store.state();
    return state.identities.OfRow(*state.FindProfile({profile})).front();
  };
  const TraitId text{4};
  for (int64_t i = 0; i < 4; ++i) {
    out->Apply(
        SetOf(first + 1, text.value, ValueOf(ValueType::kText, i), 990 - i, identity(first)));
  }
  TraitInfo info;
  info.display = "First trait";
  info.policy = TraitPolicy::kEarliest;
  info.indexed = true;
  out->Apply(AlterTrait{text, info});
  out->Apply(AlterNamespace{{1}, {"device", NamespaceKind::kDevice, 4, 7}});
  out->Apply(Define{"goal/ordered", "did order"});
  out->Apply(Define{"goal/visited", "did visit"});
  out->Apply(Define{"goal/visited", ""});
  Join(out, types, first, first + 1);
  Join(out, types, first + 1, first + 2);
  Join(out, types, first + 3, first + 2);
  const IdentityId device = identity(first + 4);
  out->Apply(
      AddEvent{{first + 2}, types.devices, {first}, {905}, device, {{kDeviceMark, int64_t{0}}}});
  out->Apply(
      AddEvent{{first + 4}, types.devices, {first}, {910}, device, {{kDeviceMark, int64_t{1}}}});
  out->Apply(AddEvent{{first + 4}, {0}, {first}, {908}, device, {}});
  out->Apply(MoveRecords{{first + 4}, {first + 2}, device, {905}, {910}});
  const IdentityId former = identity(first + 5);
  const IdentityName name = out->store.state().identities.NameOf(former);
  const NamespaceId space = name.name_space;
  const std::string value(name.value);
  out->Apply(MoveIdentity{former, {first + 5}, IdentityStanding::kFormer});
  const auto next = static_cast<uint32_t>(out->store.state().identities.size());
  out->Apply(AttachIdentity{{first + 4}, {next}, space, value, {920}});
  out->Apply(MoveIdentity{identity(first + 4), {first + 4}, IdentityStanding::kRetired});
  out->Apply(AddEvent{{first + 4}, {1}, {first + 500}, {930}, kNoOrigin, {}});
  out->Apply(RemoveRecord{{first + 4}, {1}, {first + 500}});
  out->Apply(SetRetention{types.texts, 86'400'000});
  out->Apply(UnmergeProfile{{first + 3}});
}

std::string MakePeople() {
  FaultyFileSystem fs;
  Writer writer(&fs);
  Declare(&writer);
  const OwnTypes types = DeclareOwn(&writer);
  People(&writer, types, 1);
  writer.Snapshot();
  People(&writer, types, 7);
  writer.Apply(UnmergeProfile{{2}});
  writer.Snapshot();
  People(&writer, types, 13);
  writer.Apply(UnmergeProfile{{14}});
  return Packed(&fs, writer.store);
}

void Save(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  ROSTER_CHECK(file.good());
}

std::string MakeGolden() {
  FaultyFileSystem fs;
  Writer writer(&fs);
  Declare(&writer);
  Live(&writer, 1, 12);
  writer.Apply(MergeProfiles{{3}, {4}, {500}});
  writer.Apply(SetOf(5, 4, "seen later", 5000, kNoOrigin));
  writer.Apply(EraseProfile{{6}});
  writer.Apply(SetRetention{{1}, 86'400'000});
  writer.Apply(ExpireEvents{{1}, {0}});
  writer.Snapshot();
  Live(&writer, 13, 16);
  writer.Apply(MergeProfiles{{4}, {13}, {700}});
  writer.Snapshot();
  Live(&writer, 17, 20);
  writer.Apply(EraseProfile{{14}});
  const IdentityId again{static_cast<uint32_t>(writer.store.state().identities.size())};
  writer.Apply(AttachIdentity{{1}, again, {0}, "who6", {800}});
  writer.Apply(Advance{{6000}});
  return Packed(&fs, writer.store);
}

std::string MakeFuzzInput() {
  Store store;
  ChangeSet changes;
  const auto apply = [&](const Mutation& mutation) { store.Apply(mutation, &changes); };
  apply(DeclareNamespace{{"email", NamespaceKind::kPerson, 1, 5}});
  apply(DeclareTrait{"plan", ValueType::kText, 0});
  apply(DeclareTrait{"labels", ValueType::kTextList, 0});
  apply(DeclareTrait{"age", ValueType::kInteger, 0});
  apply(DeclareEvent{"order"});
  apply(DeclareProperty{{0}, "topic", ValueType::kText, 0});
  apply(DeclareProperty{{0}, "count", ValueType::kInteger, 0});
  apply(Advance{{100}});
  for (uint64_t id = 1; id <= 4; ++id) {
    const auto n = static_cast<int64_t>(id);
    const auto number = static_cast<uint32_t>(id - 1);
    apply(CreateProfile{{id}, {n}, "fuzz"});
    apply(AttachIdentity{{id}, {number}, {0}, "who" + std::to_string(id), {n}});
    apply(SetOf(id, 4, "plan" + std::to_string(id % 2), n, {number}));
    apply(SetOf(id, 5, TextList{"a", "b"}, n, {number}));
    apply(SetOf(id, 6, n == 2 ? Value() : Value(n), n, {number}));
    apply(AddEvent{{id}, {0}, {7}, {n}, {number}, {{{1}, std::string("shoes")}, {{2}, n}}});
    apply(AddEvent{{id}, {0}, {8}, {n + 200}, kNoOrigin, {}});
  }
  apply(DeclareProperty{{0}, std::string(kHomeProperty), ValueType::kInteger, 0});
  apply(DeclareEvent{TraitRecordsName("plan")});
  apply(DeclareProperty{{1}, "value", ValueType::kText, 0});
  apply(SetOf(1, 4, std::string("another"), 3, {0}));
  apply(DeclareEvent{std::string(kMergeRecords)});
  apply(AddEvent{{3}, {2}, {2}, {50}, kNoOrigin, {}});
  apply(MergeProfiles{{2}, {3}, {50}});
  apply(MoveIdentity{{3}, {4}, IdentityStanding::kFormer});
  apply(AttachIdentity{{1}, {4}, {0}, "who4", {60}});
  TraitInfo info;
  info.policy = TraitPolicy::kMax;
  apply(AlterTrait{{6}, info});
  apply(Define{"goal/a", "plan = 1"});
  FaultyFileSystem fs;
  ROSTER_CHECK(fs.CreateDir("/data").ok());
  ROSTER_CHECK(SaveStore(&fs, "/data/small", store).ok());
  const auto reader = SnapshotReader::Open(&fs, "/data/small").value();
  std::string input;
  ByteWriter out(&input);
  for (size_t i = 0; i < std::size(kFuzzedSections); ++i) {
    const SnapshotSection* section = reader->Find(kFuzzedSections[i]);
    if (section == nullptr) continue;
    const std::string raw = reader->Read(*section).value();
    out.Byte(static_cast<uint8_t>(i));
    out.Fixed(static_cast<uint16_t>(raw.size()));
    input += raw;
  }
  return input;
}

}  // namespace
}  // namespace roster

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: make_golden GOLDEN PEOPLE FUZZ_INPUT\n";
    return 2;
  }
  roster::Save(argv[1], roster::MakeGolden());
  roster::Save(argv[2], roster::MakePeople());
  roster::Save(argv[3], roster::MakeFuzzInput());
  return 0;
}
