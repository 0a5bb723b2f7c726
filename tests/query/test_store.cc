// SPDX-License-Identifier: Apache-2.0
#include "tests/query/test_store.h"

#include <catch2/catch.hpp>

#include "query/errors.h"

namespace roster::query {

void TestStore::KeepHistory(std::string_view trait) {
  const TraitInfo info = schema().trait(*schema().FindTrait(trait));
  const std::string records = TraitRecordsName(trait);
  Event(records);
  Property(records, "value", info.type, info.scale);
}

void TestStore::Record(ProfileId id, std::string_view type, Timestamp time, const Fields& fields) {
  if (!schema().FindEvent(type)) Event(std::string(type));
  for (const auto& [name, value] : fields) {
    const EventTypeInfo& info = schema().event(*schema().FindEvent(type));
    if (!info.FindProperty(name)) Property(type, name, TypeOf(value));
  }
  Did(id, type, time, fields);
}

void TestStore::SetStanding(ProfileId id, std::string_view name_space, std::string_view value,
                            IdentityStanding standing) {
  const auto identity = state().identities.Find(*schema().FindNamespace(name_space), value);
  REQUIRE(identity);
  builder_.Apply(MoveIdentity{*identity, id, standing, {}});
}

void TestStore::Archive(ProfileId id) {
  if (!schema().FindTrait(kArchived)) Trait(std::string(kArchived), ValueType::kBoolean);
  Set(id, kArchived, true);
}

int64_t TestStore::Count(std::string_view text, const std::vector<Value>& params, Timestamp now,
                         std::string_view zone) const {
  const auto answer = Ask(text, params, now, zone);
  if (!answer.ok()) {
    UNSCOPED_INFO(RenderError(text, answer.status()));
    return -1;
  }
  return static_cast<int64_t>(std::get<CountAnswer>(*answer).count);
}

}  // namespace roster::query
