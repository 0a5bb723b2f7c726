// SPDX-License-Identifier: Apache-2.0
//
// Implements digest.h.
#include "storage/memory/digest.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <optional>
#include <string_view>
#include <vector>

namespace roster {
namespace {

// What a summand is of; the numbers enter the digest.
enum class Kind : uint64_t {
  kNamespace = 1,
  kTrait = 2,
  kEventType = 3,
  kProperty = 4,
  kProfile = 5,
  kMergedId = 6,
  kIdentity = 8,
  kCell = 9,
  kEvent = 10,
  kFloor = 11,  // of the events of a type
  // Of a state that has none of these the digest is what it was before they were there.
  kExtra = 12,  // an identity's standing and home
  kTraitOptions = 13,
  kDefinition = 14,
};

uint64_t HashOf(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

uint64_t HashOf(uint64_t a, uint64_t b) {
  const uint64_t words[2] = {a, b};
  return XXH3_64bits(words, sizeof(words));
}

template <typename... Words>
void Add(StateDigest* sum, Kind kind, Words... rest) {
  const uint64_t words[] = {static_cast<uint64_t>(kind), static_cast<uint64_t>(rest)...};
  const XXH128_hash_t hash = XXH3_128bits(words, sizeof(words));
  sum->low += hash.low64;
  sum->high += hash.high64 + (sum->low < hash.low64 ? 1 : 0);
}

// For each event of the sealed part the sum over its properties.
std::vector<uint64_t> SealedValues(const SealedEvents& sealed, const std::vector<uint64_t>& names,
                                   const std::vector<StateDigester::CellWords>& words) {
  std::vector<uint64_t> values(sealed.size());
  for (size_t p = 0; p < names.size(); ++p) {
    const SealedProperty* property = sealed.property({static_cast<uint16_t>(p)});
    if (property == nullptr) continue;
    for (uint32_t i = 0; i < sealed.size(); ++i) {
      if (property->Has(i)) values[i] += HashOf(names[p], words[p](property->cells.Get(i)));
    }
  }
  return values;
}

}  // namespace

StateDigester::CellWords::CellWords(const CellType& type) : coded_(type.dictionary != nullptr) {
  if (!coded_) return;
  by_code_.resize(type.dictionary->size());
  for (uint32_t code = 0; code < by_code_.size(); ++code) {
    by_code_[code] = HashOf(type.dictionary->Text(code));
  }
}

void StateDigester::AddSchema() {
  for (const NamespaceInfo& space : state_.schema->namespaces()) {
    Add(&sum_, Kind::kNamespace, HashOf(space.name), space.kind, space.rank, space.limit);
  }
  for (const TraitInfo& trait : state_.schema->traits()) {
    Add(&sum_, Kind::kTrait, HashOf(trait.name), trait.type, trait.scale);
    if (!trait.HasOptions()) continue;
    const int flags = (trait.searchable ? 1 : 0) + (trait.indexed ? 2 : 0);
    Add(&sum_, Kind::kTraitOptions, HashOf(trait.name), HashOf(trait.display), trait.policy, flags);
  }
  for (const auto& [name, text] : *state_.definitions) {
    Add(&sum_, Kind::kDefinition, HashOf(name), HashOf(text));
  }
  for (const EventTypeInfo& event : state_.schema->events()) {
    const uint64_t name = HashOf(event.name);
    Add(&sum_, Kind::kEventType, name, event.keep_ms);
    for (const PropertyInfo& property : event.properties) {
      Add(&sum_, Kind::kProperty, name, HashOf(property.name), property.type, property.scale);
    }
  }
}

void StateDigester::AddProfiles() {
  for (uint64_t id = 1; id <= state_.profiles.size(); ++id) {
    const std::optional<RowId> row = state_.FindProfile({id});
    if (!row) continue;
    const uint64_t answers = state_.ProfileAt(*row).value;
    if (answers == id) {
      Add(&sum_, Kind::kProfile, id);
    } else {
      Add(&sum_, Kind::kMergedId, id, answers);
    }
  }
}

void StateDigester::AddIdentities() {
  std::vector<uint64_t> spaces;
  for (const NamespaceInfo& space : state_.schema->namespaces()) {
    spaces.push_back(HashOf(space.name));
  }
  const Identities& identities = state_.identities;
  origins_.resize(identities.size() + 1);  // 0: none
  for (uint32_t i = 0; i < identities.size(); ++i) {
    if (!identities.IsAttached({i})) continue;  // nothing that can be seen came by it
    const IdentityName name = identities.NameOf({i});
    const uint64_t space = spaces[name.name_space.value];
    const uint64_t value = HashOf(name.value);
    const uint64_t profile = state_.ProfileAt(identities.RowOf({i})).value;
    const IdentityStanding standing = identities.StandingOf({i});
    const uint64_t home = identities.HomeOf({i}).value;
    origins_[i + 1] = HashOf(space, value);
    // Others may have its name.
    if (standing == IdentityStanding::kFormer) {
      origins_[i + 1] = HashOf(origins_[i + 1], HashOf(profile, home));
    }
    Add(&sum_, Kind::kIdentity, space, value, profile);
    if (standing == IdentityStanding::kActive && home == 0) continue;
    Add(&sum_, Kind::kExtra, space, value, profile, standing, home);
  }
}

void StateDigester::BeginTrait(TraitId id) {
  words_.clear();
  words_.emplace_back(state_.column(id).type());
  name_ = HashOf(state_.schema->trait(id).name);
}

void StateDigester::AddChunk(uint32_t c, const ColumnChunk& chunk, const ChunkStamps& shared) {
  chunk.stamped.ForEach([&](uint32_t i) {
    const bool present = chunk.present.Test(i);
    const uint64_t value = present ? words_[0](chunk.cells.Get(i)) : 0;
    const Stamp stamp = chunk.StampAt(i, shared);
    Add(&sum_, Kind::kCell, state_.ProfileAt(RowAt(c, i)).value, name_, present ? 1 : 0, value,
        stamp.time.ms, origins_[static_cast<size_t>(BitsOfOrigin(stamp.origin))]);
  });
}

void StateDigester::BeginEvents(EventTypeId id) {
  const EventPartition& events = state_.partition(id);
  const EventTypeInfo& info = state_.schema->event(id);
  words_.clear();
  property_names_.clear();
  for (size_t p = 0; p < info.properties.size(); ++p) {
    words_.emplace_back(events.properties()[p]);
    property_names_.push_back(HashOf(info.properties[p].name));
  }
  name_ = HashOf(info.name);
  floor_ms_ = events.floor_ms();
  Add(&sum_, Kind::kFloor, name_, floor_ms_);
}

void StateDigester::AddEvent(RowId row, uint64_t event, int64_t time_ms, size_t origin,
                             uint64_t values) {
  if (!state_.live.Test(row) || time_ms < floor_ms_) return;
  Add(&sum_, Kind::kEvent, state_.ProfileAt(row).value, name_, event, time_ms, origins_[origin],
      values);
}

void StateDigester::AddSealed(uint32_t c, const SealedEvents& sealed) {
  const std::vector<uint64_t> values = SealedValues(sealed, property_names_, words_);
  for (uint32_t i = 0; i < sealed.size(); ++i) {
    AddEvent(RowAt(c, sealed.rows[i]), sealed.ids[i], sealed.times.Get(i),
             static_cast<size_t>(sealed.origins.Get(i)), values[i]);
  }
}

void StateDigester::AddTail(uint32_t c, const EventBlock& block) {
  for (uint32_t t = 0; t < block.tail.size(); ++t) {
    const TailEvent& event = block.tail[t];
    uint64_t values = 0;
    for (const EventProperty& p : block.PropertiesOf(event)) {
      values += HashOf(property_names_[p.property.value], words_[p.property.value](p.bits));
    }
    AddEvent(RowAt(c, event.row_offset), event.id, event.time_ms, event.origin, values);
  }
}

StateDigest DigestOf(const ReadView& view, Work* work) {
  const State& state = view.state();
  StateDigester digester(state);
  digester.AddSchema();
  digester.AddProfiles();
  digester.AddIdentities();
  for (size_t t = 0; t < state.columns.size(); ++t) {
    const TraitId id{static_cast<uint16_t>(t)};
    digester.BeginTrait(id);
    for (uint32_t c = 0; c < state.column(id).num_chunks(); ++c) {
      if (!Step(work).ok()) return {};
      digester.AddChunk(c, state.column(id).chunk(c), state.stamps.chunk(c));
    }
  }
  for (size_t e = 0; e < state.partitions.size(); ++e) {
    const EventTypeId id{static_cast<uint16_t>(e)};
    digester.BeginEvents(id);
    for (uint32_t c = 0; c < state.partition(id).num_blocks(); ++c) {
      if (!Step(work).ok()) return {};
      const EventBlock& block = state.partition(id).block(c);
      digester.AddSealed(c, *block.sealed);
      digester.AddTail(c, block);
    }
  }
  return digester.sum();
}

}  // namespace roster
