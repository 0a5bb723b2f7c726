// SPDX-License-Identifier: Apache-2.0
#include "query/operators/identity.h"

#include <algorithm>
#include <utility>

#include "query/cells/cell_test.h"
#include "storage/memory/chunk.h"

namespace roster::query {

IdentityOperator::IdentityOperator(BoundIdentity bound, const ReadView& view)
    : bound_(std::move(bound)) {
  if (!IsLookup(bound_)) return;
  for (const std::string& value : std::get<TextSet>(bound_.predicate.test).texts) {
    const auto id = view->identities.Find(bound_.name_space, value);
    if (id && IsShown(view->identities.StandingOf(*id))) {
      found_.push_back(view->identities.RowOf(*id));
    }
  }
  std::sort(found_.begin(), found_.end());
}

bool IdentityOperator::IsLookup(const BoundIdentity& bound) {
  return !bound.predicate.negated && std::holds_alternative<TextSet>(bound.predicate.test);
}

void IdentityOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  if (!IsLookup(bound_)) {
    return rows->ForEach([&](uint32_t offset) {
      if (!Matches(view, RowAt(chunk, offset))) rows->Clear(offset);
    });
  }
  ChunkBits found;
  auto row = std::lower_bound(found_.begin(), found_.end(), RowAt(chunk, 0));
  for (; row != found_.end() && ChunkOf(*row) == chunk; ++row) found.Set(OffsetOf(*row));
  rows->And(found);
}

bool IdentityOperator::Matches(const ReadView& view, RowId row) const {
  const Identities& identities = view->identities;
  bool has_any = false;
  bool holds = false;  // for one of them
  identities.ForEachOfRow(row, [&](IdentityId id) {
    const IdentityName name = identities.NameOf(id);
    if (name.name_space != bound_.name_space || !IsShown(identities.StandingOf(id))) return true;
    has_any = true;
    holds = HoldsText(bound_.predicate.test, name.value);
    return !holds;
  });
  return has_any && holds != bound_.predicate.negated;
}

std::string IdentityOperator::Describe(const Schema& schema) const {
  return query::Describe(bound_.predicate, schema.name_space(bound_.name_space).name,
                         {ValueType::kText, 0});
}

void IdentityOperator::AddDependencies(Dependencies* dependencies) const {
  dependencies->identities = true;
}

}  // namespace roster::query
