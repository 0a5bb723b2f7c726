// SPDX-License-Identifier: Apache-2.0
//
// Which row answers for a profile id, through merges. Durable.
// Thread rule: one writer; Find and copies that a view holds from any thread.
#ifndef ROSTER_STORAGE_MEMORY_PROFILES_H_
#define ROSTER_STORAGE_MEMORY_PROFILES_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "roster/value.h"
#include "storage/base/ids.h"
#include "storage/memory/chunk.h"
#include "storage/memory/cow.h"

namespace roster {

// Ids that were merged form a tree below one of them, the root, which holds the row. Which of them
// is the root has no meaning: the lower tree goes below the higher one, whoever survives, so that
// no tree is higher than the logarithm of its ids. Rows name no profile here, so that a row can be
// given to another profile.
// Invariants: (1) an id's entry is a row, another entry, or erased; (2) of all entries that are
// rows no two are equal.
class Profiles {
 public:
  static constexpr uint64_t kMaxIds = 0x7fffffff;

  // Ids are given from 1 on, without gaps.
  uint64_t size() const { return entries_.size(); }
  // The row that answers for an id, if any. Cost: O(log of the ids merged into the profile).
  std::optional<RowId> Find(ProfileId id) const;
  // How many ids a row answers for; the id of its profile. Thread: the writer. Cost: O(1).
  uint32_t NumIdsOf(RowId row, ProfileId id) const { return RootOf(row, id).num_ids; }

  // Thread (all below): the writer.
  // Gives the next id to a row.
  void Add(RowId row) { entries_.PushBack(row.value); }
  // Gives the next id to a row whose profile has the id `owner`, this one or another that is given
  // before or after. To load a state.
  void AddAnswered(RowId row, ProfileId owner);
  // Gives as many ids to nobody, as if they had been erased. To load a state. Cost, of time and
  // memory: next to nothing, however many they are.
  void AddErased(uint64_t count) { entries_.Append(count, kErased); }
  // From now on no id is answered for by the row. The id: of the row's profile.
  void Erase(RowId row, ProfileId id);
  // From now on `to` answers for every id that `from` answers for. The ids: of the two rows'
  // profiles.
  void Merge(RowId from, ProfileId from_id, RowId to, ProfileId to_id);

  // Takes what Merge joined apart: `to` answers for the ids `gone` from now on, `stay` for `stays`,
  // each under the first. Requires: together they are the ids of one row. Cost: O(ids).
  void Split(absl::Span<const ProfileId> gone, RowId to, absl::Span<const ProfileId> stays,
             RowId stay);
  // From now on `to`, a row of nobody, answers for what `from` answers for; the id of its profile.
  void MoveRow(RowId from, RowId to, ProfileId id);

  size_t MemoryBytes() const;

 private:
  // An entry from kLink on is the index of another one; rows are below kErased.
  static constexpr uint32_t kLink = 0x80000000u;
  static constexpr uint32_t kErased = kLink - 1;
  struct Root {
    uint32_t entry = 0;
    uint32_t height = 0;
    uint32_t num_ids = 1;
  };

  Root RootOf(RowId row, ProfileId id) const;
  // Makes the first of the ids the root of them all.
  void Join(absl::Span<const ProfileId> ids, RowId row);

  CowVector<uint32_t> entries_;  // by ProfileId - 1
  // The root of each row that took part in a merge; of the others it is their own entry. Shared
  // with the copies that views hold, but only the writer touches it.
  std::shared_ptr<absl::flat_hash_map<uint32_t, Root>> roots_ =
      std::make_shared<absl::flat_hash_map<uint32_t, Root>>();
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_PROFILES_H_
