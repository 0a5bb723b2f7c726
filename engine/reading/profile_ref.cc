// SPDX-License-Identifier: Apache-2.0
#include "engine/reading/profile_ref.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "absl/strings/str_format.h"
#include "engine/normalise.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"
#include "storage/memory/people/implied_time.h"
#include "storage/memory/people/own_names.h"

namespace roster {
namespace {

// Stands for a value, the same after a restart: not the code of a text.
uint64_t WordOf(const Column& column, RowId row) {
  if (!column.Has(row)) return 0;
  const auto bits = static_cast<uint64_t>(column.Bits(row));
  if (!column.type().dictionary) return bits + 1;
  const std::string_view text = column.type().dictionary->Text(static_cast<uint32_t>(bits));
  return XXH3_64bits(text.data(), text.size()) | 1;
}

}  // namespace

absl::StatusOr<IdentityId> FindIdentity(const State& state, const IdentityRef& ref) {
  const auto name_space = state.schema->FindNamespace(ref.space);
  if (!name_space) {
    return MakeError(ErrorCode::kNoTrait, StrCat("unknown namespace: ", ref.space));
  }
  if (FindInvalidUtf8(ref.value)) {
    return MakeError(ErrorCode::kParse, "identity is not valid UTF-8");
  }
  const auto id = state.identities.Find(
      *name_space, NormaliseIdentity(ref.space, ref.value, state.default_region));
  if (!id || !IsShown(state.identities.StandingOf(*id))) {
    return MakeError(ErrorCode::kNoProfile, "no such profile");
  }
  return *id;
}

IdentityRef RefOf(const State& state, IdentityId id) {
  const IdentityName name = state.identities.NameOf(id);
  return {state.schema->name_space(name.name_space).name, std::string(name.value)};
}

std::optional<IdentityRef> OriginRef(const State& state, IdentityId id) {
  if (id == kNoOrigin || !state.identities.IsAttached(id)) return std::nullopt;
  return RefOf(state, id);
}

absl::StatusOr<RowId> FindRow(const State& state, const ProfileRef& ref) {
  if (const auto* identity = std::get_if<IdentityRef>(&ref)) {
    ROSTER_ASSIGN_OR_RETURN(const IdentityId id, FindIdentity(state, *identity));
    return state.identities.RowOf(id);
  }
  const std::optional<RowId> row = state.FindProfile(std::get<ProfileId>(ref));
  if (!row) return MakeError(ErrorCode::kNoProfile, "no such profile");
  return *row;
}

std::string VersionOf(const State& state, RowId row) {
  uint64_t version = 0;
  const auto add = [&](uint64_t kind, uint64_t a, uint64_t b) {
    const uint64_t words[] = {version, kind, a, b};
    version = XXH3_64bits(words, sizeof(words));
  };
  for (size_t t = 0; t < state.columns.size(); ++t) {
    const TraitId trait{static_cast<uint16_t>(t)};
    if (state.schema->trait(trait).system) continue;
    // What an identity implies is no edit beside it.
    if (const auto stamp = state.StampOf(trait, row); stamp && !IsImplied(stamp->time)) {
      add(t, static_cast<uint64_t>(stamp->time.ms), WordOf(state.column(trait), row));
    }
  }
  for (const IdentityId id : state.identities.OfRow(row)) {
    const NamespaceId space = state.identities.NameOf(id).name_space;
    if (IsOfDevice(state.schema->name_space(space).kind)) continue;
    add(1'000'000, id.value, static_cast<uint64_t>(state.identities.StandingOf(id)));
  }
  // Each edit by hand leaves a trace, which an identity may take along: how many they are is not
  // enough to never come back to what it was.
  for (const std::string_view name : {kEditRecords, kMergeRecords}) {
    const std::optional<EventTypeId> type = state.schema->FindEvent(name);
    if (!type) continue;
    const EventPartition& partition = state.partition(*type);
    const std::vector<EventRef> records = partition.EventsOf(row);
    if (records.empty()) continue;
    const EventId last = IdOf(partition.block(ChunkOf(row)), records.back());
    add(2'000'000 + type->value, records.size(), last.value);
  }
  return absl::StrFormat("%016x", version);
}

}  // namespace roster
