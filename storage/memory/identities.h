// SPDX-License-Identifier: Apache-2.0
//
// Identities: (namespace, value) to the row that it points to, and back. Durable.
// Thread rule: one writer; lookups and copies that a view holds from any thread.
#ifndef ROSTER_STORAGE_MEMORY_IDENTITIES_H_
#define ROSTER_STORAGE_MEMORY_IDENTITIES_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "roster/value.h"
#include "storage/base/ids.h"
#include "storage/memory/cow.h"
#include "storage/memory/dictionary.h"
#include "storage/memory/schema.h"

namespace roster {

struct IdentityName {
  NamespaceId name_space;
  std::string_view value;
};

// A name that is detached can be attached again, under a new number. Views that knew the old one
// find it by the name still, because they find only numbers that they know; once none of them
// lives, Wipe overwrites the name. What came by a detached number and is still there (the identity
// had moved) has an origin without a name, of a namespace. Invariants: (1) an identity points to
// one row, until it is moved or detached for ever; (2) the identities of a row form one chain from
// its head, in order of attachment; (3) of those of one name one at most is not a former one.
class Identities {
 public:
  // Numbers given so far, and how many of them are attached.
  size_t size() const { return rows_.size(); }
  uint64_t num_attached() const { return num_attached_; }

  // The identity's number, if this state knows it. Thread: any, on a view.
  std::optional<IdentityId> Find(NamespaceId name_space, std::string_view value) const;
  // Requires: IsAttached.
  IdentityName NameOf(IdentityId id) const;
  // Of a detached one too. None: a version before this one had forgotten it.
  std::optional<NamespaceId> SpaceOf(IdentityId id) const;
  bool IsAttached(IdentityId id) const { return rows_[id.value].row != kEnd; }
  // Requires: IsAttached.
  RowId RowOf(IdentityId id) const { return RowId{rows_[id.value].row}; }
  // In order of attachment.
  std::vector<IdentityId> OfRow(RowId row) const;
  // Calls f(id) for the same, until it says false. Requires: f changes none of them.
  template <typename F>
  void ForEachOfRow(RowId row, F&& f) const {
    uint32_t id = ChainOf(row).first;
    while (id != kEnd && f(IdentityId{id})) id = rows_[id].next;
  }
  // How many they are, or `limit` when they are more. Cost: O(that).
  uint32_t CountUpTo(uint32_t limit, RowId row) const;
  IdentityStanding StandingOf(IdentityId id) const;
  // The profile id under which it was attached, when that has been merged into the row's profile.
  ProfileId HomeOf(IdentityId id) const;
  // Numbers from here on have no home and are active.
  size_t num_extras() const { return extras_.size(); }
  // The row's first identity in a namespace that is not a former one.
  std::optional<IdentityId> FirstOfRow(RowId row, NamespaceId name_space) const;

  // Thread (all below): the writer.
  // Attaches a new identity. Requires: Find gives none; former ones of the name may be there.
  // Returns the next dense number.
  IdentityId Attach(RowId row, NamespaceId name_space, std::string_view value);
  // To load a state, into an empty one: all names in order (as FileKeyAt gives them; false when one
  // is malformed), beside it room for as many and then the
  // chain of each row (false when an identity is not one of them, or has a row). Thread: the names
  // on one, the rest on another. When all is there, what is to be said of single ones, and whether
  // of each name one at most is not a former one.
  void ReserveNames(size_t count) { names_->Reserve(count); }
  bool LoadNames(absl::Span<const std::string_view> keys, size_t num_namespaces);
  void LoadPlaces(size_t count);
  bool LoadChain(RowId row, absl::Span<const uint32_t> chain);
  void LoadExtra(IdentityId id, IdentityStanding standing, ProfileId home) {
    SetExtra(id, standing, home);
  }
  bool NamesAreSound() const;
  // As files have it: the namespace (a varint) and the value; of a detached one the former alone.
  std::string_view FileKeyAt(IdentityId id) const;
  // The same; nothing for a detached one.
  std::string_view KeyAt(IdentityId id) const {
    return IsAttached(id) ? names_->Text(id.value) : std::string_view();
  }

  // Detaches all identities of the row and returns them.
  std::vector<IdentityId> DetachAll(RowId row);
  // Whether a file's key is that of a detached one.
  static bool IsDetachedKey(std::string_view key);
  // Overwrites the name of a detached identity. Requires: no view lives that has it attached.
  void Wipe(IdentityId id) { names_->Wipe(id.value, FileKeyAt(id).size()); }
  // Points all identities of `from` to `to`, behind those that `to` has. Those without a home get
  // it, unless it is 0.
  void MoveAll(RowId from, RowId to, ProfileId home);
  // Points one identity to `to`, behind those that `to` has, without a home unless it is given.
  // Cost: O(identities of its row).
  void Move(IdentityId id, RowId to, IdentityStanding standing, ProfileId home = {});

  size_t MemoryBytes() const;
  size_t NameBytes() const { return names_->MemoryBytes(); }  // of these

 private:
  static constexpr uint32_t kEnd = 0xffffffffu;

  struct Record {
    uint32_t row = kEnd;   // kEnd: detached
    uint32_t next = kEnd;  // the row's next identity
  };
  struct Chain {
    uint32_t first = kEnd;
    uint32_t last = kEnd;
  };

  // What most identities have none of: a vector by IdentityId that ends at the last that has.
  uint64_t ExtraOf(IdentityId id) const {
    return id.value < extras_.size() ? extras_[id.value] : 0;
  }
  void SetExtra(IdentityId id, IdentityStanding standing, ProfileId home);
  void Append(RowId row, uint32_t id);
  Chain ChainOf(RowId row) const {
    return row.value < chains_.size() ? chains_[row.value] : Chain{};
  }

  // Keyed by the namespace (a varint) and the value; the code is the IdentityId.
  std::shared_ptr<Dictionary> names_ = std::make_shared<Dictionary>();
  CowVector<Record> rows_;      // by IdentityId
  CowVector<Chain> chains_;     // by row
  CowVector<uint64_t> extras_;  // home << 2 | standing
  uint64_t num_attached_ = 0;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_IDENTITIES_H_
