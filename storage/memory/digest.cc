// SPDX-License-Identifier: Apache-2.0
//
// Implements digest.h.
#include "storage/memory/digest.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

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
};

uint64_t HashOf(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

uint64_t HashOf(uint64_t a, uint64_t b) {
  const uint64_t words[2] = {a, b};
  return XXH3_64bits(words, sizeof(words));
}

uint64_t Word(int64_t value) { return static_cast<uint64_t>(value); }

// The 64 bits that stand for a cell: of a text its hash, otherwise what is stored.
class CellWords {
 public:
  explicit CellWords(const CellType& type) : coded_(type.dictionary != nullptr) {
    if (!coded_) return;
    by_code_.resize(type.dictionary->size());
    for (uint32_t code = 0; code < by_code_.size(); ++code) {
      by_code_[code] = HashOf(type.dictionary->Text(code));
    }
  }
  uint64_t operator()(int64_t bits) const {
    return coded_ ? by_code_[static_cast<size_t>(bits)] : Word(bits);
  }

 private:
  const bool coded_;
  std::vector<uint64_t> by_code_;
};

class Digester {
 public:
  explicit Digester(const ReadView& view) : state_(view.state()), schema_(view.schema()) {}

  StateDigest Run() {
    AddSchema();
    AddProfiles();
    AddIdentities();
    for (size_t t = 0; t < state_.columns.size(); ++t) AddCells({static_cast<uint16_t>(t)});
    for (size_t e = 0; e < state_.partitions.size(); ++e) AddEvents({static_cast<uint16_t>(e)});
    return sum_;
  }

 private:
  template <typename... Words>
  void Add(Kind kind, Words... rest) {
    const uint64_t words[] = {static_cast<uint64_t>(kind), static_cast<uint64_t>(rest)...};
    const XXH128_hash_t hash = XXH3_128bits(words, sizeof(words));
    sum_.low += hash.low64;
    sum_.high += hash.high64 + (sum_.low < hash.low64 ? 1 : 0);
  }

  void AddSchema() {
    for (const NamespaceInfo& space : schema_.namespaces()) {
      Add(Kind::kNamespace, HashOf(space.name), space.kind, space.rank, space.limit);
    }
    for (const TraitInfo& trait : schema_.traits()) {
      Add(Kind::kTrait, HashOf(trait.name), trait.type, trait.scale);
    }
    for (const EventTypeInfo& event : schema_.events()) {
      const uint64_t name = HashOf(event.name);
      Add(Kind::kEventType, name, event.keep_ms);
      for (const PropertyInfo& property : event.properties) {
        Add(Kind::kProperty, name, HashOf(property.name), property.type, property.scale);
      }
    }
  }

  void AddProfiles() {
    for (uint64_t id = 1; id <= state_.profiles.size(); ++id) {
      const std::optional<RowId> row = state_.FindProfile({id});
      if (!row) continue;
      const uint64_t answers = state_.ProfileAt(*row).value;
      if (answers == id) {
        Add(Kind::kProfile, id);
      } else {
        Add(Kind::kMergedId, id, answers);
      }
    }
  }

  void AddIdentities() {
    std::vector<uint64_t> spaces;
    for (const NamespaceInfo& space : schema_.namespaces()) spaces.push_back(HashOf(space.name));
    const Identities& identities = state_.identities;
    origins_.resize(identities.size() + 1);  // 0: none
    for (uint32_t i = 0; i < identities.size(); ++i) {
      if (!identities.IsAttached({i})) continue;  // nothing that can be seen came by it
      const IdentityName name = identities.NameOf({i});
      const uint64_t space = spaces[name.name_space.value];
      const uint64_t value = HashOf(name.value);
      origins_[i + 1] = HashOf(space, value);
      Add(Kind::kIdentity, space, value, state_.ProfileAt(identities.RowOf({i})).value);
    }
  }

  void AddCells(TraitId id) {
    const Column& column = state_.column(id);
    const CellWords words(column.type());
    const uint64_t name = HashOf(schema_.trait(id).name);
    for (uint32_t c = 0; c < column.num_chunks(); ++c) {
      const ColumnChunk& chunk = column.chunk(c);
      const ChunkStamps& shared = state_.stamps.chunk(c);
      chunk.stamped.ForEach([&](uint32_t i) {
        const bool present = chunk.present.Test(i);
        const uint64_t value = present ? words(chunk.cells.Get(i)) : 0;
        const Stamp stamp = chunk.StampAt(i, shared);
        Add(Kind::kCell, state_.ProfileAt(RowAt(c, i)).value, name, present ? 1 : 0, value,
            stamp.time.ms, origins_[static_cast<size_t>(BitsOfOrigin(stamp.origin))]);
      });
    }
  }

  void AddEvents(EventTypeId id) {
    const EventPartition& events = state_.partition(id);
    const EventTypeInfo& info = schema_.event(id);
    std::vector<CellWords> words;
    std::vector<uint64_t> names;
    for (size_t p = 0; p < info.properties.size(); ++p) {
      words.emplace_back(events.properties()[p]);
      names.push_back(HashOf(info.properties[p].name));
    }
    const uint64_t type = HashOf(info.name);
    Add(Kind::kFloor, type, events.floor_ms());
    const auto add = [&](RowId row, uint64_t event, int64_t time, size_t origin, uint64_t values) {
      if (!state_.live.Test(row) || time < events.floor_ms()) return;
      Add(Kind::kEvent, state_.ProfileAt(row).value, type, event, time, origins_[origin], values);
    };
    for (uint32_t c = 0; c < events.num_blocks(); ++c) {
      const EventBlock& block = events.block(c);
      const SealedEvents& sealed = *block.sealed;
      const std::vector<uint64_t> values = SealedValues(sealed, names, words);
      for (uint32_t i = 0; i < sealed.size(); ++i) {
        add(RowAt(c, sealed.rows[i]), sealed.ids[i], sealed.times.Get(i),
            static_cast<size_t>(sealed.origins.Get(i)), values[i]);
      }
      for (uint32_t t = 0; t < block.tail.size(); ++t) {
        const TailEvent& event = block.tail[t];
        uint64_t tail_values = 0;
        for (const EventProperty& p : block.PropertiesOf(event)) {
          tail_values += HashOf(names[p.property.value], words[p.property.value](p.bits));
        }
        add(RowAt(c, event.row_offset), event.id, event.time_ms, event.origin, tail_values);
      }
    }
  }

  // For each event of the sealed part the sum over its properties.
  static std::vector<uint64_t> SealedValues(const SealedEvents& sealed,
                                            const std::vector<uint64_t>& names,
                                            const std::vector<CellWords>& words) {
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

  const State& state_;
  const Schema& schema_;
  std::vector<uint64_t> origins_;  // by IdentityId + 1
  StateDigest sum_;
};

}  // namespace

StateDigest DigestOf(const ReadView& view) { return Digester(view).Run(); }

}  // namespace roster
