// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/identities.h"

#include <string>

#include "storage/base/bytes.h"
#include "storage/base/check.h"

namespace roster {
namespace {

std::string KeyOf(NamespaceId name_space, std::string_view value) {
  std::string key;
  ByteWriter(&key).Varint(name_space.value);
  key.append(value);
  return key;
}

// How long the varint at the beginning of a key is; a key that has been read, so none is malformed.
size_t SpaceBytes(std::string_view key) {
  ByteReader reader(key);
  reader.Varint();
  return reader.position();
}

}  // namespace

std::optional<IdentityId> Identities::Find(NamespaceId name_space, std::string_view value) const {
  // Without the numbers that are newer than this state.
  auto code = names_->FindBelow(KeyOf(name_space, value), rows_.size());
  for (; code; code = names_->OlderOf(*code)) {
    const IdentityId id{*code};
    if (IsAttached(id) && StandingOf(id) != IdentityStanding::kFormer) return id;
  }
  return std::nullopt;
}

IdentityName Identities::NameOf(IdentityId id) const {
  const std::string_view key = names_->Text(id.value);
  ByteReader reader(key);
  const auto name_space = static_cast<uint16_t>(reader.Varint());
  return {NamespaceId{name_space}, key.substr(reader.position())};
}

std::optional<NamespaceId> Identities::SpaceOf(IdentityId id) const {
  if (names_->Text(id.value).empty()) return std::nullopt;
  return NameOf(id).name_space;
}

std::string_view Identities::FileKeyAt(IdentityId id) const {
  const std::string_view key = names_->Text(id.value);
  return IsAttached(id) ? key : key.substr(0, SpaceBytes(key));
}

bool Identities::IsDetachedKey(std::string_view key) { return key.size() <= SpaceBytes(key); }

std::vector<IdentityId> Identities::OfRow(RowId row) const {
  std::vector<IdentityId> ids;
  ForEachOfRow(row, [&ids](IdentityId id) {
    ids.push_back(id);
    return true;
  });
  return ids;
}

uint32_t Identities::CountUpTo(uint32_t limit, RowId row) const {
  uint32_t count = 0;
  for (uint32_t id = ChainOf(row).first; id != kEnd && count < limit; id = rows_[id].next) ++count;
  return count;
}

std::optional<IdentityId> Identities::FirstOfRow(RowId row, NamespaceId name_space) const {
  for (uint32_t id = ChainOf(row).first; id != kEnd; id = rows_[id].next) {
    const bool former = StandingOf({id}) == IdentityStanding::kFormer;
    if (!former && NameOf({id}).name_space == name_space) return IdentityId{id};
  }
  return std::nullopt;
}

IdentityStanding Identities::StandingOf(IdentityId id) const {
  return static_cast<IdentityStanding>(ExtraOf(id) & 3);
}

ProfileId Identities::HomeOf(IdentityId id) const { return ProfileId{ExtraOf(id) >> 2}; }

void Identities::SetExtra(IdentityId id, IdentityStanding standing, ProfileId home) {
  const uint64_t extra = home.value << 2 | static_cast<uint64_t>(standing);
  if (extra == ExtraOf(id)) return;
  if (extras_.size() <= id.value) extras_.Append(id.value + 1 - extras_.size(), 0);
  extras_.Set(id.value, extra);
}

IdentityId Identities::Attach(RowId row, NamespaceId name_space, std::string_view value) {
  const uint32_t id = names_->Supersede(KeyOf(name_space, value));
  ROSTER_CHECK(id == rows_.size());
  ++num_attached_;
  rows_.PushBack({});
  Append(row, id);
  return IdentityId{id};
}

bool Identities::LoadNames(absl::Span<const std::string_view> keys, size_t num_namespaces) {
  for (size_t begin = 0; begin < keys.size();) {
    size_t end = begin;
    for (; end < keys.size(); ++end) {
      if (keys[end].empty()) break;
      ByteReader reader(keys[end]);
      if (reader.Varint() >= num_namespaces || reader.failed()) return false;
      if (IsDetachedKey(keys[end])) break;
    }
    while (begin < end) {
      const size_t before = names_->size();
      if (names_->AppendNew(keys.subspan(begin, end - begin))) break;
      begin += names_->size() - before;
      names_->Supersede(keys[begin++]);  // one of the two is a former one
    }
    if (end < keys.size()) names_->AddWiped(keys[end]);
    begin = end + 1;
  }
  return true;
}

bool Identities::NamesAreSound() const {
  bool sound = true;
  names_->ForEachRepeated([&](uint32_t newest) {
    int num_held = 0;
    for (std::optional<uint32_t> code = newest; code; code = names_->OlderOf(*code)) {
      num_held += StandingOf({*code}) != IdentityStanding::kFormer ? 1 : 0;
    }
    sound = sound && num_held <= 1;
  });
  return sound;
}

void Identities::LoadPlaces(size_t count) { rows_.Append(count, {}); }

bool Identities::LoadChain(RowId row, absl::Span<const uint32_t> chain) {
  for (const uint32_t id : chain) {
    if (id >= rows_.size() || rows_[id].row != kEnd) return false;
    Append(row, id);
    ++num_attached_;
  }
  return true;
}

std::vector<IdentityId> Identities::DetachAll(RowId row) {
  std::vector<IdentityId> detached = OfRow(row);
  for (const IdentityId id : detached) {
    rows_.Set(id.value, {});
    SetExtra(id, IdentityStanding::kActive, {});
  }
  if (!detached.empty()) chains_.Set(row.value, {});
  num_attached_ -= detached.size();
  return detached;
}

void Identities::MoveAll(RowId from, RowId to, ProfileId home) {
  const std::vector<IdentityId> moved = OfRow(from);
  if (from.value < chains_.size()) chains_.Set(from.value, {});
  for (const IdentityId id : moved) {
    Append(to, id.value);
    if (HomeOf(id).value == 0) SetExtra(id, StandingOf(id), home);
  }
}

void Identities::Move(IdentityId id, RowId to, IdentityStanding standing, ProfileId home) {
  const RowId from = RowOf(id);
  const std::vector<IdentityId> all = OfRow(from);
  chains_.Set(from.value, {});
  for (const IdentityId other : all) {
    if (other != id) Append(from, other.value);
  }
  Append(to, id.value);
  SetExtra(id, standing, home);
}

void Identities::Append(RowId row, uint32_t id) {
  rows_.Set(id, {.row = row.value, .next = kEnd});
  if (chains_.size() <= row.value) chains_.Append(row.value + 1 - chains_.size(), {});
  Chain chain = chains_[row.value];
  if (chain.last == kEnd) {
    chain.first = id;
  } else {
    Record last = rows_[chain.last];
    last.next = id;
    rows_.Set(chain.last, last);
  }
  chain.last = id;
  chains_.Set(row.value, chain);
}

size_t Identities::MemoryBytes() const {
  return names_->MemoryBytes() + rows_.MemoryBytes() + chains_.MemoryBytes() +
         extras_.MemoryBytes();
}

}  // namespace roster
