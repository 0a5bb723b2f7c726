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
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/loaded_parts.h"
#include "storage/memory/digest.h"
#include "storage/mutation.h"
#include "storage/section_plans.h"
#include "storage/store_chunks.h"
#include "storage/store_snapshot.h"

namespace roster {
namespace {

// Null when there are none.
using Cells = std::unique_ptr<ColumnChunk>;
using Block = std::shared_ptr<const SealedEvents>;

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
      : reader_(reader), store_(store), sections_(reader, work) {}

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
    LoadJobs first = sections_.TakeJobs();
    if (NamesAreBelieved()) PlanNames();
    PlanChains();
    PlanExtras();
    PlanTraits();
    PlanEvents();
    ROSTER_RETURN_IF_ERROR(sections_.CheckAllKnown());
    ROSTER_RETURN_IF_ERROR(run(&first));
    LoadJobs rest = sections_.TakeJobs();
    return run(&rest);
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
  void PlanExtras();
  bool TakeExtra(ByteReader* in);
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

  ChunkLimits LimitsOf(uint64_t chunk) const {
    const uint64_t behind = head_.num_rows - chunk * kChunkRows;
    return {static_cast<uint32_t>(std::min<uint64_t>(behind, kChunkRows)), head_.num_identities,
            &state_.live.chunk(chunk)};
  }

  const SnapshotReader& reader_;
  Store* const store_;
  SectionPlans sections_;
  State state_;  // the store's own, with its schema, and then all the rest
  LoadedHead head_;
  std::optional<StateDigester> proof_;  // nothing where the state is to be kept

  LoadedNumbers<uint32_t> answers_;  // by id - 1: the row + 1
  LoadedNumbers<uint64_t> owners_;   // by row: the profile, 0 when it is not live
  uint64_t name_bytes_ = 0;          // of the names of identities, as the table says
  uint64_t stored_name_bytes_ = 0;
  uint64_t num_names_ = 0;   // identities read so far
  uint64_t num_named_ = 0;   // those that are not detached
  uint64_t num_placed_ = 0;  // those with a row
  std::vector<LoadedExtra> extras_;
  uint64_t num_cell_chunks_ = 0;  // joined so far, of the trait that is being joined
};

absl::Status StoreLoader::LoadSchema() {
  const SnapshotSection* section = sections_.Section("schema");
  if (section == nullptr) return sections_.Missing("schema");
  ROSTER_ASSIGN_OR_RETURN(const std::string raw, reader_.Read(*section));
  const absl::StatusOr<Commit> commit = DecodeCommit(raw);
  if (!commit.ok()) return sections_.Located(*section, commit.status());
  ChangeSet changes;
  for (const Mutation& mutation : commit->mutations) {
    const bool declares = std::holds_alternative<DeclareTrait>(mutation) ||
                          std::holds_alternative<DeclareEvent>(mutation) ||
                          std::holds_alternative<DeclareProperty>(mutation) ||
                          std::holds_alternative<DeclareNamespace>(mutation) ||
                          std::holds_alternative<AlterTrait>(mutation) ||
                          std::holds_alternative<Define>(mutation) ||
                          std::holds_alternative<SetRetention>(mutation) ||
                          std::holds_alternative<ExpireEvents>(mutation);
    if (!declares) return reader_.Damage(*section, "something else than declarations");
    const absl::Status fits = store_->Check(mutation);
    if (!fits.ok()) return sections_.Located(*section, fits);
    store_->Apply(mutation, &changes);
  }
  state_ = store_->state();
  if (proof_) *store_ = Store();  // or it would keep all that is let go of
  if (proof_) proof_->AddSchema();
  return absl::OkStatus();
}

absl::Status StoreLoader::LoadHead() {
  const SnapshotSection* section = sections_.Section("head");
  if (section == nullptr) return sections_.Missing("head");
  ROSTER_ASSIGN_OR_RETURN(const std::string raw, reader_.Read(*section));
  ByteReader in(raw);
  // A name takes a byte at least; room is made for all at once.
  const std::vector<const SnapshotSection*> names = sections_.Parts(kNames);
  for (const SnapshotSection* part : names) {
    name_bytes_ += part->raw_bytes;
    stored_name_bytes_ += part->stored_bytes;
  }
  sections_.Unknow(names.size());
  if (!ReadHead(&in) || in.failed() || !in.at_end() || head_.num_identities > name_bytes_) {
    return reader_.Damage(*section, "it contradicts the schema or itself");
  }
  return absl::OkStatus();
}

bool StoreLoader::ReadHead(ByteReader* in) {
  head_.num_ids = in->Varint();
  head_.num_rows = in->Varint();
  head_.num_identities = in->Varint();
  // Of rows there may be more than ids: those of nobody.
  if (head_.num_ids > Profiles::kMaxIds || head_.num_rows > Profiles::kMaxIds) return false;
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
  if (in->at_end()) return true;  // as a store without them, and every older one, ends
  head_.num_extras = in->Varint();
  return head_.num_extras != 0;
}

template <typename T>
void StoreLoader::PlanNumbers(std::string_view name, uint64_t num, uint64_t limit,
                              LoadedNumbers<T>* out) {
  const uint64_t believed = kBelievedAlike + kBelievedAlikePerByte * reader_.file_bytes();
  sections_.PlanInOrder(
      name, [=](uint64_t, ByteReader* in) { return out->Take(num, limit, believed, in); },
      [] { return absl::OkStatus(); },
      [=, this] {
        return sections_.CheckCount(out->num_chunks(), NumChunks(num), StrCat("chunks of ", name));
      });
}

void StoreLoader::PlanProfiles() {
  PlanNumbers("ids", head_.num_ids, head_.num_rows + 1, &answers_);
  PlanNumbers("rows", head_.num_rows, head_.num_ids + 1, &owners_);
  sections_.PlanJoin([this] { return JoinProfiles(); });
}

void StoreLoader::PlanNames() {
  sections_.PlanInterning(
      kNames,
      [this](const std::vector<std::string_view>& names) {
        if (num_names_ == 0 && NamesAreBelieved()) {
          state_.identities.ReserveNames(head_.num_identities);
        }
        num_names_ += names.size();
        num_named_ += names.size() -
                      static_cast<size_t>(std::ranges::count_if(names, Identities::IsDetachedKey));
        return state_.identities.LoadNames(names, state_.schema->namespaces().size());
      },
      [this] { return sections_.CheckCount(num_names_, head_.num_identities, "identities"); });
}

void StoreLoader::PlanChains() {
  sections_.PlanInOrder(
      "identities/rows",
      [this](uint64_t index, ByteReader* in) {
        if (index == 0) state_.identities.LoadPlaces(head_.num_identities);
        return TakeChains(index, in) ? absl::OkStatus()
                                     : MakeError(ErrorCode::kCorrupt, "identities of the rows");
      },
      [] { return absl::OkStatus(); }, [] { return absl::OkStatus(); });
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

void StoreLoader::PlanExtras() {
  sections_.PlanInOrder(
      "identities/homes",
      [this](uint64_t, ByteReader* in) {
        return TakeExtra(in) ? absl::OkStatus()
                             : MakeError(ErrorCode::kCorrupt, "standing or home of an identity");
      },
      [] { return absl::OkStatus(); },
      [this] {
        return sections_.CheckCount(extras_.size(), head_.num_extras,
                                    "identities with a standing or home");
      });
  sections_.PlanJoin([this] { return JoinIdentities(); });
}

bool StoreLoader::TakeExtra(ByteReader* in) {
  const uint64_t number = in->Varint();
  const auto standing = static_cast<IdentityStanding>(in->Byte());
  const ProfileId home{in->Varint()};
  if (number >= head_.num_identities || home.value > head_.num_ids) return false;
  if (standing > IdentityStanding::kLoggedOut) return false;
  if (standing == IdentityStanding::kActive && home.value == 0) return false;
  if (!extras_.empty() && number <= extras_.back().id.value) return false;
  extras_.push_back({{static_cast<uint32_t>(number)}, standing, home});
  return true;
}

// In the order of their codes, so that cells need no translation.
void StoreLoader::PlanTexts(std::string_view name, const CellType& type, uint32_t count) {
  if (!IsCoded(type.type)) return;
  const bool lists = type.type == ValueType::kTextList;
  const std::shared_ptr<Dictionary> dictionary = type.dictionary;
  sections_.PlanInterning(
      StrCat(name, "/texts"),
      [dictionary, lists](const std::vector<std::string_view>& texts) {
        const bool good = !lists || std::all_of(texts.begin(), texts.end(), IsTextList);
        dictionary->Reserve(dictionary->size() + texts.size());
        return good && dictionary->AppendNew(texts);
      },
      [this, dictionary, count, name = std::string(name)] {
        return sections_.CheckCount(dictionary->size(), count,
                                    StrCat("texts of ", kStoreSections, name));
      });
}

void StoreLoader::PlanTraits() {
  for (size_t t = 0; t < state_.columns.size(); ++t) {
    const TraitId id{static_cast<uint16_t>(t)};
    const CellType& type = state_.columns[t]->type();
    const std::string name = StrCat("trait/", t);
    PlanTexts(name, type, head_.trait_texts[t]);
    if (proof_) {
      sections_.PlanJoin([this, id] {
        proof_->BeginTrait(id);
        return absl::OkStatus();
      });
    }
    const CellLimits cells{type.type, head_.trait_texts[t]};
    sections_.PlanParts<Cells>(
        name + "/cells", NumChunks(head_.num_rows),
        [this, cells](uint64_t c, ByteReader* in) -> absl::StatusOr<Cells> {
          ROSTER_ASSIGN_OR_RETURN(ColumnChunk chunk, GetCells(cells, LimitsOf(c), in));
          return chunk.stamped.Any() ? std::make_unique<ColumnChunk>(std::move(chunk)) : nullptr;
        },
        [this, id](const SnapshotSection& section, uint64_t c, Cells chunk) {
          return JoinCells(section, id, c, std::move(chunk));
        });
    sections_.PlanJoin([this, id] { return EndTrait(id); });
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
      sections_.PlanJoin([this, id] {
        proof_->BeginEvents(id);
        return absl::OkStatus();
      });
    }
    sections_.PlanParts<Block>(
        name + "/blocks", NumChunks(head_.num_rows),
        [this, properties](uint64_t chunk, ByteReader* in) {
          return GetEvents(properties, LimitsOf(chunk), in);
        },
        [this, id](const SnapshotSection& section, uint64_t c, Block block) {
          return JoinBlock(section, id, c, std::move(block));
        });
    if (!proof_) continue;
    sections_.PlanJoin([this, e] {
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
        return sections_.Wrong("a row whose profile is elsewhere");
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
      if (owner.value == 0)
        return sections_.Wrong("an id that a row without a profile answers for");
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
    if (!state_.FindProfile(profile)) return sections_.Wrong("something pending of nobody");
  }
  answers_ = {};
  owners_ = {};
  if (proof_) proof_->AddProfiles();
  return absl::OkStatus();
}

absl::Status StoreLoader::JoinIdentities() {
  ROSTER_RETURN_IF_ERROR(sections_.CheckCount(num_placed_, num_named_, "identities with a row"));
  if (state_.identities.size() == 0) state_.identities.LoadPlaces(head_.num_identities);
  for (uint32_t i = 0; i < state_.identities.size(); ++i) {
    if (!state_.identities.IsAttached({i})) continue;
    const bool live = state_.live.Test(state_.identities.RowOf({i}));
    if (!live || Identities::IsDetachedKey(state_.identities.KeyAt({i})))
      return sections_.Wrong("an identity of nobody");
  }
  for (const LoadedExtra& extra : std::exchange(extras_, {})) {
    if (!state_.identities.IsAttached(extra.id)) {
      return sections_.Wrong("a standing or home of no identity");
    }
    state_.identities.LoadExtra(extra.id, extra.standing, extra.home);
  }
  if (!state_.identities.NamesAreSound()) return sections_.Wrong("two identities of one name");
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
    return sections_.Missing(StrCat("trait/", id.value, "/cells, or a part of it,"));
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
