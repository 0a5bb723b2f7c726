// SPDX-License-Identifier: Apache-2.0
//
// LoadStore and ProveStore of store_snapshot.h. First the small sections and which rows live, then
// all others as jobs that know nothing of each other. What one says of another is checked where
// their results are joined: into the state, or to be proved into its digest alone.
#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "roster/error.h"
#include "storage/base/bytes.h"
#include "storage/base/load_jobs.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/loaded_parts.h"
#include "storage/memory/digest.h"
#include "storage/mutation.h"
#include "storage/store_chunks.h"
#include "storage/store_snapshot.h"

namespace roster {
namespace {

// Null when there are none.
using Cells = std::unique_ptr<ColumnChunk>;
using Block = std::shared_ptr<const SealedEvents>;

// A byte of texts takes longer than one of cells.
constexpr uint64_t kTextCost = 4;
constexpr uint64_t kBelieved = 64;  // how well names are packed that are given room at once
// How many ids may be said to have been merged into one profile with most of those beside them:
// these, and so many more for each byte of the file.
constexpr uint64_t kBelievedAlike = 16u << 20;
constexpr uint64_t kBelievedAlikePerByte = 1024;

constexpr std::string_view kNames = "identities/names";

bool IsTextList(std::string_view bytes) {
  ByteReader elements(bytes);
  while (!elements.at_end() && !elements.failed()) elements.Text();
  return !elements.failed();
}

class StoreLoader {
 public:
  // `work` may be null.
  StoreLoader(const SnapshotReader& reader, Store* store, Work* work)
      : reader_(reader), store_(store), work_(work) {}

  absl::Status Load(Executor* executor) {
    const auto together = [executor](LoadJobs* jobs) { return jobs->RunTogether(executor); };
    ROSTER_RETURN_IF_ERROR(Run(together));
    store_->Restore(std::move(state_), head_.pending, reader_.header().lsn);
    return absl::OkStatus();
  }

  // Nothing of a section is kept longer than the next ones need it.
  absl::StatusOr<StateDigest> Prove() {
    proof_.emplace(state_);
    ROSTER_RETURN_IF_ERROR(Run([](LoadJobs* jobs) { return jobs->RunInTurn(); }));
    return proof_->sum();
  }

 private:
  template <typename F>
  absl::Status Run(F&& run) {
    ROSTER_RETURN_IF_ERROR(LoadSchema());
    ROSTER_RETURN_IF_ERROR(LoadHead());
    PlanProfiles();
    // What their number asks for is not given before they are there.
    if (!NamesAreBelieved()) PlanNames();
    LoadJobs first = std::exchange(jobs_, {});
    if (NamesAreBelieved()) PlanNames();
    PlanChains();
    PlanTraits();
    PlanEvents();
    ROSTER_RETURN_IF_ERROR(CheckAllKnown());
    ROSTER_RETURN_IF_ERROR(run(&first));
    return run(&jobs_);
  }

  const SnapshotSection* Section(std::string_view name) {
    const SnapshotSection* section = reader_.Find(StrCat(kStoreSections, name));
    if (section != nullptr) ++num_known_;
    return section;
  }
  std::vector<const SnapshotSection*> Parts(std::string_view name) {
    std::vector<const SnapshotSection*> parts;
    while (const SnapshotSection* part = Section(StrCat(name, "/", parts.size()))) {
      parts.push_back(part);
    }
    return parts;
  }
  // Damage that is not of one section.
  absl::Status Wrong(std::string_view what) const {
    return MakeError(ErrorCode::kCorrupt,
                     StrCat("snapshot is damaged: ", what, ": file ", reader_.path()));
  }
  absl::Status Missing(std::string_view name) const {
    return Wrong(StrCat("section ", kStoreSections, name, " is missing"));
  }
  // A name that nothing here asked for holds what this program would lose.
  absl::Status CheckAllKnown() const {
    const auto ours = [](const SnapshotSection& s) { return s.name.starts_with(kStoreSections); };
    const auto& sections = reader_.sections();
    if (std::count_if(sections.begin(), sections.end(), ours) == num_known_) {
      return absl::OkStatus();
    }
    return MakeError(ErrorCode::kErr,
                     StrCat("snapshot has sections of a newer version: file ", reader_.path()));
  }
  // An error that a decoder gave, with its section.
  absl::Status Located(const SnapshotSection& section, const absl::Status& status) const {
    return reader_.Damage(section, StdView(status.message()));
  }

  absl::Status LoadSchema();
  absl::Status LoadHead();
  bool ReadHead(ByteReader* in);
  void PlanProfiles();
  template <typename T>
  void PlanNumbers(std::string_view name, uint64_t num, uint64_t limit, LoadedNumbers<T>* out);
  // Whether so many names can be in so few bytes of the file.
  bool NamesAreBelieved() const { return name_bytes_ / kBelieved <= stored_name_bytes_; }
  void PlanNames();
  void PlanChains();
  bool TakeChains(uint64_t index, ByteReader* in);
  absl::Status CheckCount(uint64_t got, uint64_t want, std::string_view what) const;
  void PlanTraits();
  void PlanEvents();
  void PlanTexts(std::string_view name, const CellType& type, uint32_t count);
  absl::Status JoinProfiles();
  absl::Status JoinRows();
  absl::Status JoinIds();
  absl::Status JoinIdentities();
  absl::Status JoinCells(const SnapshotSection& section, TraitId id, uint64_t c, Cells chunk);
  absl::Status EndTrait(TraitId id);
  absl::Status JoinBlock(const SnapshotSection& section, EventTypeId id, uint64_t c, Block block);

  // One job for all parts of a name, in order: item(index, reader) for each item of them, and
  // end() behind each part, while what the reader gave is still there.
  template <typename F, typename G>
  void PlanInOrder(std::string_view name, F&& item, G&& end,
                   const std::function<absl::Status()>& finish) {
    const std::vector<const SnapshotSection*> parts = Parts(name);
    uint64_t raw_bytes = 0;
    for (const SnapshotSection* part : parts) raw_bytes += part->raw_bytes;
    const auto run = [this, parts, item, end, finish]() -> absl::Status {
      uint64_t next = 0;
      const auto in_turn = [&](uint64_t index, ByteReader* in) {
        if (index != next++) return MakeError(ErrorCode::kCorrupt, "a part does not continue");
        return item(index, in);
      };
      for (const SnapshotSection* part : parts) {
        ROSTER_RETURN_IF_ERROR(ForEachItem(*part, in_turn, end));
      }
      return finish();
    };
    jobs_.Plan(raw_bytes * kTextCost, run, [] { return absl::OkStatus(); });
  }
  // The same for texts: take(texts) gets those of a part; false: they do not make sense.
  template <typename F>
  void PlanInterning(std::string_view name, F&& take, const std::function<absl::Status()>& finish) {
    const auto texts = std::make_shared<std::vector<std::string_view>>();
    PlanInOrder(
        name,
        [texts](uint64_t, ByteReader* in) {
          texts->push_back(in->Text());
          return absl::OkStatus();
        },
        [texts, take] {
          const bool good = take(*texts);
          texts->clear();
          return good ? absl::OkStatus()
                      : MakeError(ErrorCode::kCorrupt, "a text that is malformed or there twice");
        },
        finish);
  }
  // Calls item(index, reader) until the section is read to its end, then end().
  template <typename F, typename G>
  absl::Status ForEachItem(const SnapshotSection& section, F&& item, G&& end) const {
    if (work_ != nullptr) ROSTER_RETURN_IF_ERROR(work_->Check());
    ROSTER_ASSIGN_OR_RETURN(const std::string raw, reader_.Read(section));
    ByteReader in(raw);
    absl::Status status;
    for (uint64_t index = in.Varint(); status.ok() && !in.at_end() && !in.failed(); ++index) {
      status = item(index, &in);
    }
    if (status.ok() && in.failed()) status = MakeError(ErrorCode::kCorrupt, "it ends early");
    if (status.ok()) status = end();
    return status.ok() ? status : Located(section, status);
  }
  // A job for each part of a name: read(index, reader) gives a chunk, and take(section, index,
  // chunk) gets it; together the parts are one run of chunks from 0 on.
  template <typename T, typename F, typename G>
  void PlanParts(std::string_view name, F&& read, G&& take) {
    const auto next = std::make_shared<uint64_t>(0);
    for (const SnapshotSection* section : Parts(name)) {
      const auto part = std::make_shared<LoadedPart<T>>(LoadedPart<T>{section, 0, {}});
      const auto run = [this, part, read] {
        const auto item = [&](uint64_t index, ByteReader* in) -> absl::Status {
          if (part->chunks.empty()) part->first = index;
          if (index >= NumChunks(head_.num_rows)) {
            return MakeError(ErrorCode::kCorrupt, "a chunk behind the last row");
          }
          ROSTER_ASSIGN_OR_RETURN(T chunk, read(index, in));
          part->chunks.push_back(std::move(chunk));
          return Step(work_);
        };
        return ForEachItem(*part->section, item, [] { return absl::OkStatus(); });
      };
      const auto join = [this, part, next, take]() -> absl::Status {
        if (part->first != *next) {
          return reader_.Damage(*part->section, "a part does not continue");
        }
        for (T& chunk : part->chunks) {
          ROSTER_RETURN_IF_ERROR(take(*part->section, (*next)++, std::move(chunk)));
        }
        return absl::OkStatus();
      };
      jobs_.Plan(section->raw_bytes, run, join);
    }
  }
  ChunkLimits LimitsOf(uint64_t chunk) const {
    const uint64_t behind = head_.num_rows - chunk * kChunkRows;
    return {static_cast<uint32_t>(std::min<uint64_t>(behind, kChunkRows)), head_.num_identities,
            &state_.live.chunk(chunk)};
  }

  const SnapshotReader& reader_;
  Store* const store_;
  Work* const work_;
  State state_;  // the store's own, with its schema, and then all the rest
  LoadedHead head_;
  int64_t num_known_ = 0;  // sections of the store that were asked for
  LoadJobs jobs_;
  std::optional<StateDigester> proof_;  // nothing where the state is to be kept

  LoadedNumbers<uint32_t> answers_;  // by id - 1: the row + 1
  LoadedNumbers<uint64_t> owners_;   // by row: the profile, 0 when it is not live
  uint64_t name_bytes_ = 0;          // of the names of identities, as the table says
  uint64_t stored_name_bytes_ = 0;
  uint64_t num_names_ = 0;        // identities read so far
  uint64_t num_named_ = 0;        // those that are not detached
  uint64_t num_placed_ = 0;       // those with a row
  uint64_t num_cell_chunks_ = 0;  // joined so far, of the trait that is being joined
};

absl::Status StoreLoader::LoadSchema() {
  const SnapshotSection* section = Section("schema");
  if (section == nullptr) return Missing("schema");
  ROSTER_ASSIGN_OR_RETURN(const std::string raw, reader_.Read(*section));
  const absl::StatusOr<Commit> commit = DecodeCommit(raw);
  if (!commit.ok()) return Located(*section, commit.status());
  ChangeSet changes;
  for (const Mutation& mutation : commit->mutations) {
    const bool declares = std::holds_alternative<DeclareTrait>(mutation) ||
                          std::holds_alternative<DeclareEvent>(mutation) ||
                          std::holds_alternative<DeclareProperty>(mutation) ||
                          std::holds_alternative<DeclareNamespace>(mutation) ||
                          std::holds_alternative<SetRetention>(mutation) ||
                          std::holds_alternative<ExpireEvents>(mutation);
    if (!declares) return reader_.Damage(*section, "something else than declarations");
    const absl::Status fits = store_->Check(mutation);
    if (!fits.ok()) return Located(*section, fits);
    store_->Apply(mutation, &changes);
  }
  state_ = store_->state();
  if (proof_) *store_ = Store();  // or it would keep all that is let go of
  if (proof_) proof_->AddSchema();
  return absl::OkStatus();
}

absl::Status StoreLoader::LoadHead() {
  const SnapshotSection* section = Section("head");
  if (section == nullptr) return Missing("head");
  ROSTER_ASSIGN_OR_RETURN(const std::string raw, reader_.Read(*section));
  ByteReader in(raw);
  // A name takes a byte at least; room is made for all at once.
  for (const SnapshotSection* names : Parts(kNames)) {
    name_bytes_ += names->raw_bytes;
    stored_name_bytes_ += names->stored_bytes;
    --num_known_;  // it is asked for again
  }
  if (!ReadHead(&in) || in.failed() || !in.at_end() || head_.num_identities > name_bytes_) {
    return reader_.Damage(*section, "it contradicts the schema or itself");
  }
  return absl::OkStatus();
}

bool StoreLoader::ReadHead(ByteReader* in) {
  head_.num_ids = in->Varint();
  head_.num_rows = in->Varint();
  head_.num_identities = in->Varint();
  if (head_.num_ids > Profiles::kMaxIds || head_.num_rows > head_.num_ids) return false;
  if (head_.num_identities >= kNoOrigin.value) return false;
  if (in->Varint() != state_.columns.size()) return false;
  for (size_t t = 0; t < state_.columns.size(); ++t) {
    head_.trait_texts.push_back(static_cast<uint32_t>(in->Varint()));
  }
  if (in->Varint() != state_.partitions.size()) return false;
  for (const Cow<EventPartition>& events : state_.partitions) {
    if (in->Varint() != events->properties().size()) return false;
    std::vector<uint32_t>& counts = head_.property_texts.emplace_back();
    for (size_t p = 0; p < events->properties().size(); ++p) {
      counts.push_back(static_cast<uint32_t>(in->Varint()));
    }
  }
  head_.pending.clock.ms = in->Signed();
  const uint64_t num_pending = in->Varint();
  if (num_pending > in->remaining()) return false;
  Timestamp last = head_.pending.clock;
  for (uint64_t i = 0; i < num_pending; ++i) {
    const Timestamp time{in->Signed()};
    const ProfileId profile{in->Varint()};
    if (time <= head_.pending.clock || time < last) return false;
    last = time;
    head_.pending.seen_later.Add(time, profile);
  }
  return true;
}

// What is to be found at the end of all parts of a name.
absl::Status StoreLoader::CheckCount(uint64_t got, uint64_t want, std::string_view what) const {
  if (got == want) return absl::OkStatus();
  return Wrong(StrCat(got, " ", what, " instead of ", want));
}

template <typename T>
void StoreLoader::PlanNumbers(std::string_view name, uint64_t num, uint64_t limit,
                              LoadedNumbers<T>* out) {
  const uint64_t believed = kBelievedAlike + kBelievedAlikePerByte * reader_.file_bytes();
  PlanInOrder(
      name, [=](uint64_t, ByteReader* in) { return out->Take(num, limit, believed, in); },
      [] { return absl::OkStatus(); },
      [=, this] {
        return CheckCount(out->num_chunks(), NumChunks(num), StrCat("chunks of ", name));
      });
}

void StoreLoader::PlanProfiles() {
  PlanNumbers("ids", head_.num_ids, head_.num_rows + 1, &answers_);
  PlanNumbers("rows", head_.num_rows, head_.num_ids + 1, &owners_);
  jobs_.PlanJoin([this] { return JoinProfiles(); });
}

void StoreLoader::PlanNames() {
  PlanInterning(
      kNames,
      [this](const std::vector<std::string_view>& names) {
        if (num_names_ == 0 && NamesAreBelieved()) {
          state_.identities.ReserveNames(head_.num_identities);
        }
        num_names_ += names.size();
        num_named_ += names.size() - static_cast<size_t>(std::ranges::count(names, ""));
        return state_.identities.LoadNames(names, state_.schema->namespaces().size());
      },
      [this] { return CheckCount(num_names_, head_.num_identities, "identities"); });
}

void StoreLoader::PlanChains() {
  PlanInOrder(
      "identities/rows",
      [this](uint64_t index, ByteReader* in) {
        if (index == 0) state_.identities.LoadPlaces(head_.num_identities);
        return TakeChains(index, in) ? absl::OkStatus()
                                     : MakeError(ErrorCode::kCorrupt, "identities of the rows");
      },
      [] { return absl::OkStatus(); }, [] { return absl::OkStatus(); });
  jobs_.PlanJoin([this] { return JoinIdentities(); });
}

bool StoreLoader::TakeChains(uint64_t index, ByteReader* in) {
  if (index >= NumChunks(head_.num_rows)) return false;
  const auto counts = GetInts(LimitsOf(index).num_rows, in);
  if (!counts || !AllBelow(*counts, head_.num_identities + 1)) return false;
  uint64_t sum = 0;
  for (size_t i = 0; i < counts->size(); ++i) sum += static_cast<uint64_t>(counts->Get(i));
  num_placed_ += sum;
  if (num_placed_ > head_.num_identities) return false;
  const auto ids = GetInts(sum, in);
  if (!ids || !AllBelow(*ids, head_.num_identities)) return false;
  size_t next = 0;
  std::vector<uint32_t> chain;
  for (uint32_t i = 0; i < counts->size(); ++i) {
    chain.clear();
    for (int64_t n = counts->Get(i); n > 0; --n) {
      chain.push_back(static_cast<uint32_t>(ids->Get(next++)));
    }
    const RowId row = RowAt(static_cast<uint32_t>(index), i);
    if (!chain.empty() && !state_.identities.LoadChain(row, chain)) return false;
  }
  return true;
}

// In the order of their codes, so that cells need no translation.
void StoreLoader::PlanTexts(std::string_view name, const CellType& type, uint32_t count) {
  if (!IsCoded(type.type)) return;
  const bool lists = type.type == ValueType::kTextList;
  const std::shared_ptr<Dictionary> dictionary = type.dictionary;
  PlanInterning(
      StrCat(name, "/texts"),
      [dictionary, lists](const std::vector<std::string_view>& texts) {
        const bool good = !lists || std::all_of(texts.begin(), texts.end(), IsTextList);
        dictionary->Reserve(dictionary->size() + texts.size());
        return good && dictionary->AppendNew(texts);
      },
      [this, dictionary, count, name = std::string(name)] {
        return CheckCount(dictionary->size(), count, StrCat("texts of ", kStoreSections, name));
      });
}

void StoreLoader::PlanTraits() {
  for (size_t t = 0; t < state_.columns.size(); ++t) {
    const TraitId id{static_cast<uint16_t>(t)};
    const CellType& type = state_.columns[t]->type();
    const std::string name = StrCat("trait/", t);
    PlanTexts(name, type, head_.trait_texts[t]);
    if (proof_) {
      jobs_.PlanJoin([this, id] {
        proof_->BeginTrait(id);
        return absl::OkStatus();
      });
    }
    const CellLimits cells{type.type, head_.trait_texts[t]};
    PlanParts<Cells>(
        name + "/cells",
        [this, cells](uint64_t c, ByteReader* in) -> absl::StatusOr<Cells> {
          ROSTER_ASSIGN_OR_RETURN(ColumnChunk chunk, GetCells(cells, LimitsOf(c), in));
          return chunk.stamped.Any() ? std::make_unique<ColumnChunk>(std::move(chunk)) : nullptr;
        },
        [this, id](const SnapshotSection& section, uint64_t c, Cells chunk) {
          return JoinCells(section, id, c, std::move(chunk));
        });
    jobs_.PlanJoin([this, id] { return EndTrait(id); });
  }
}

void StoreLoader::PlanEvents() {
  for (size_t e = 0; e < state_.partitions.size(); ++e) {
    const EventTypeId id{static_cast<uint16_t>(e)};
    const std::string name = StrCat("event/", e);
    std::vector<CellLimits> properties;
    for (size_t p = 0; p < head_.property_texts[e].size(); ++p) {
      const CellType& type = state_.partitions[e]->properties()[p];
      PlanTexts(StrCat(name, "/", p), type, head_.property_texts[e][p]);
      properties.push_back({type.type, head_.property_texts[e][p]});
    }
    if (proof_) {
      jobs_.PlanJoin([this, id] {
        proof_->BeginEvents(id);
        return absl::OkStatus();
      });
    }
    PlanParts<Block>(
        name + "/blocks",
        [this, properties](uint64_t chunk, ByteReader* in) {
          return GetEvents(properties, LimitsOf(chunk), in);
        },
        [this, id](const SnapshotSection& section, uint64_t c, Block block) {
          return JoinBlock(section, id, c, std::move(block));
        });
    if (!proof_) continue;
    jobs_.PlanJoin([this, e] {
      state_.partitions[e] = Cow<EventPartition>();  // with its texts
      return absl::OkStatus();
    });
  }
}

absl::Status StoreLoader::JoinRows() {
  CowVector<uint64_t>& profiles = state_.profile_of_row;
  for (uint32_t c = 0; c < owners_.num_chunks(); ++c) {
    const std::vector<uint64_t>& owners = owners_.chunk(c);
    state_.live.AppendEmpty();
    for (uint32_t i = 0; i < owners.size(); ++i) {
      if (owners[i] == 0) continue;
      const RowId row = RowAt(c, i);
      if (answers_.at(owners[i] - 1) != row.value + 1) {
        return Wrong("a row whose profile is elsewhere");
      }
      profiles.Append(row.value - profiles.size(), 0);
      profiles.PushBack(owners[i]);
      state_.live.Set(row);
      ++state_.num_profiles;
    }
  }
  profiles.Append(head_.num_rows - profiles.size(), 0);
  return absl::OkStatus();
}

absl::Status StoreLoader::JoinIds() {
  Profiles& profiles = state_.profiles;
  for (size_t c = 0; c < answers_.num_chunks(); ++c) {
    const std::vector<uint32_t>& answers = answers_.chunk(c);
    for (size_t i = 0; i < answers.size(); ++i) {
      if (answers[i] == 0) continue;
      const ProfileId owner{owners_.at(answers[i] - 1)};
      if (owner.value == 0) return Wrong("an id that a row without a profile answers for");
      profiles.AddErased(c * kChunkRows + i - profiles.size());
      profiles.AddAnswered({answers[i] - 1}, owner);
    }
  }
  profiles.AddErased(head_.num_ids - profiles.size());
  return absl::OkStatus();
}

absl::Status StoreLoader::JoinProfiles() {
  ROSTER_RETURN_IF_ERROR(JoinRows());
  ROSTER_RETURN_IF_ERROR(JoinIds());
  for (const auto& [time, profile] : head_.pending.seen_later.Sorted()) {
    if (!state_.FindProfile(profile)) return Wrong("something pending of nobody");
  }
  answers_ = {};
  owners_ = {};
  if (proof_) proof_->AddProfiles();
  return absl::OkStatus();
}

absl::Status StoreLoader::JoinIdentities() {
  ROSTER_RETURN_IF_ERROR(CheckCount(num_placed_, num_named_, "identities with a row"));
  if (state_.identities.size() == 0) state_.identities.LoadPlaces(head_.num_identities);
  for (uint32_t i = 0; i < state_.identities.size(); ++i) {
    if (!state_.identities.IsAttached({i})) continue;
    const bool live = state_.live.Test(state_.identities.RowOf({i}));
    if (!live || state_.identities.KeyAt({i}).empty()) return Wrong("an identity of nobody");
  }
  if (proof_) {
    proof_->AddIdentities();
    state_.identities = Identities();
  }
  return absl::OkStatus();
}

// How a profile came to be is known of each.
absl::Status StoreLoader::JoinCells(const SnapshotSection& section, TraitId id, uint64_t c,
                                    Cells chunk) {
  if (id == kCreatedAt || id == kCreatedVia) {
    ChunkBits lacking = state_.live.chunk(c);
    if (chunk != nullptr) lacking.AndNot(chunk->present);
    if (lacking.Any()) return reader_.Damage(section, "a profile that was not created");
  }
  ++num_cell_chunks_;
  if (proof_) {
    if (chunk != nullptr) proof_->AddChunk(static_cast<uint32_t>(c), *chunk, {});
    return absl::OkStatus();
  }
  Column& column = state_.columns[id.value].Mutable();
  if (chunk == nullptr) {
    column.AppendEmpty();
  } else {
    column.AppendChunk(*std::move(chunk), &state_.stamps);
  }
  return absl::OkStatus();
}

absl::Status StoreLoader::EndTrait(TraitId id) {
  const uint64_t num_chunks = std::exchange(num_cell_chunks_, 0);
  const bool required = id == kCreatedAt || id == kCreatedVia;
  if (required && num_chunks < NumChunks(head_.num_rows)) {
    return Missing(StrCat("trait/", id.value, "/cells, or a part of it,"));
  }
  if (proof_) state_.columns[id.value] = Cow<Column>();  // with its texts
  return absl::OkStatus();
}

absl::Status StoreLoader::JoinBlock(const SnapshotSection& section, EventTypeId id, uint64_t c,
                                    Block block) {
  const EventPartition& events = state_.partition(id);
  if (block->size() != 0 && block->time_bounds.low < events.floor_ms()) {
    return reader_.Damage(section, "an event that has expired");
  }
  if (proof_) {
    proof_->AddSealed(static_cast<uint32_t>(c), *block);
    return absl::OkStatus();
  }
  state_.partitions[id.value].Mutable().AppendBlock(std::move(block));
  return absl::OkStatus();
}

}  // namespace

absl::Status LoadStore(const SnapshotReader& reader, Executor* executor, Store* store) {
  return StoreLoader(reader, store, nullptr).Load(executor);
}

absl::StatusOr<StateDigest> ProveStore(const SnapshotReader& reader, Work* work) {
  Store scratch;  // for the declarations
  return StoreLoader(reader, &scratch, work).Prove();
}

}  // namespace roster
