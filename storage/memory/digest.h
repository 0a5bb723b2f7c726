// SPDX-License-Identifier: Apache-2.0
//
// The digest of a state: a sum of hashes over all that a client can see of it. Equal for states
// that show the same, however they came to be: rows, chunks, codes, numbers of identities and the
// order of arrival do not enter. Thread rule: pure function of an immutable view.
// Source: storage/FORMAT.md, "Digest of the state".
#ifndef ROSTER_STORAGE_MEMORY_DIGEST_H_
#define ROSTER_STORAGE_MEMORY_DIGEST_H_

#include <cstdint>
#include <vector>

#include "storage/base/digest.h"
#include "storage/base/work.h"
#include "storage/memory/read_view.h"

namespace roster {

// The digest of a state of which not all need be in memory at once: schema, profiles and identities
// first, in this order, then each trait with its chunks and each event type with its blocks. Once
// AddIdentities has returned the state's identities are not looked at again. Thread: one.
// Cost: memory of 8 bytes for each identity and for each text of one trait or event type at a time.
class StateDigester {
 public:
  // The 64 bits that stand for a cell: of a text its hash, otherwise what is stored.
  class CellWords {
   public:
    explicit CellWords(const CellType& type);
    uint64_t operator()(int64_t bits) const {
      return coded_ ? by_code_[static_cast<size_t>(bits)] : static_cast<uint64_t>(bits);
    }

   private:
    bool coded_;
    std::vector<uint64_t> by_code_;
  };

  // Lifetime: the state outlives this.
  explicit StateDigester(const State& state) : state_(state) {}

  void AddSchema();
  void AddProfiles();
  void AddIdentities();
  // The chunks that follow are of this trait, the blocks of this event type. Requires: all texts of
  // it are known.
  void BeginTrait(TraitId id);
  // `shared`: the stamps of the same rows.
  void AddChunk(uint32_t c, const ColumnChunk& chunk, const ChunkStamps& shared);
  void BeginEvents(EventTypeId id);
  void AddSealed(uint32_t c, const SealedEvents& sealed);
  void AddTail(uint32_t c, const EventBlock& block);

  const StateDigest& sum() const { return sum_; }

 private:
  void AddEvent(RowId row, uint64_t event, int64_t time_ms, size_t origin, uint64_t values);

  const State& state_;
  std::vector<uint64_t> origins_;  // by IdentityId + 1
  // Of the trait or event type that was begun.
  uint64_t name_ = 0;
  int64_t floor_ms_ = kNoFloor;
  std::vector<CellWords> words_;  // by property; of a trait one
  std::vector<uint64_t> property_names_;
  StateDigest sum_;
};

// `work` (may be null) gets a step for each chunk and block; stopped, the result means nothing.
// Cost: a pass over all cells and events (bench/snapshot_bench.cc).
StateDigest DigestOf(const ReadView& view, Work* work = nullptr);

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_DIGEST_H_
