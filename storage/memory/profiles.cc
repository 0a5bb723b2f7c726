// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/profiles.h"

#include <algorithm>
#include <utility>

namespace roster {

std::optional<RowId> Profiles::Find(ProfileId id) const {
  if (id.value == 0 || id.value > entries_.size()) return std::nullopt;
  uint32_t entry = entries_[id.value - 1];
  while (entry >= kLink) entry = entries_[entry - kLink];
  if (entry == kErased) return std::nullopt;
  return RowId{entry};
}

void Profiles::AddAnswered(RowId row, ProfileId owner) {
  if (owner.value == entries_.size() + 1) return Add(row);
  const auto root = static_cast<uint32_t>(owner.value - 1);
  entries_.PushBack(kLink + root);
  ++roots_->try_emplace(row.value, Root{root, 1, 1}).first->second.num_ids;
}

void Profiles::Erase(RowId row, ProfileId id) {
  entries_.Set(RootOf(row, id).entry, kErased);
  roots_->erase(row.value);
}

void Profiles::Merge(RowId from, ProfileId from_id, RowId to, ProfileId to_id) {
  Root above = RootOf(to, to_id);
  Root below = RootOf(from, from_id);
  if (below.height > above.height) std::swap(above, below);
  if (below.height == above.height) ++above.height;
  above.num_ids += below.num_ids;
  entries_.Set(below.entry, kLink + above.entry);
  entries_.Set(above.entry, to.value);
  roots_->erase(from.value);
  (*roots_)[to.value] = above;
}

void Profiles::Join(absl::Span<const ProfileId> ids, RowId row) {
  const auto root = static_cast<uint32_t>(ids[0].value - 1);
  entries_.Set(root, row.value);
  for (size_t i = 1; i < ids.size(); ++i) entries_.Set(ids[i].value - 1, kLink + root);
  (*roots_)[row.value] = {root, ids.size() > 1 ? 1u : 0u, static_cast<uint32_t>(ids.size())};
}

void Profiles::Split(absl::Span<const ProfileId> gone, RowId to, absl::Span<const ProfileId> stays,
                     RowId stay) {
  Join(stays, stay);
  Join(gone, to);
}

void Profiles::MoveRow(RowId from, RowId to, ProfileId id) {
  const Root root = RootOf(from, id);
  entries_.Set(root.entry, to.value);
  roots_->erase(from.value);
  (*roots_)[to.value] = root;
}

Profiles::Root Profiles::RootOf(RowId row, ProfileId id) const {
  const auto it = roots_->find(row.value);
  return it != roots_->end() ? it->second : Root{static_cast<uint32_t>(id.value - 1), 0, 1};
}

size_t Profiles::MemoryBytes() const {
  return entries_.MemoryBytes() + roots_->capacity() * (sizeof(std::pair<uint32_t, Root>) + 1);
}

}  // namespace roster
