// SPDX-License-Identifier: Apache-2.0
//
// Builds small stores by mutations, for tests below the engine.
#ifndef ROSTER_TESTS_MEMORY_STORE_BUILDER_H_
#define ROSTER_TESTS_MEMORY_STORE_BUILDER_H_

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "storage/memory/store.h"

namespace roster {

class StoreBuilder {
 public:
  // Applies as a commit of its own. Fails the test when the store would refuse it.
  void Apply(const Mutation& mutation) {
    REQUIRE(store.Check(mutation).ok());
    store.Apply(mutation, &changes);
    store.FinishCommit({store.lsn().value + 1});
  }
  TraitId Trait(std::string name, ValueType type, uint8_t scale = 0) {
    Apply(DeclareTrait{std::move(name), type, scale});
    return {static_cast<uint16_t>(store.state().columns.size() - 1)};
  }
  EventTypeId Event(std::string name) {
    Apply(DeclareEvent{std::move(name)});
    return {static_cast<uint16_t>(store.state().partitions.size() - 1)};
  }
  PropertyId Property(EventTypeId event, std::string name, ValueType type, uint8_t scale = 0) {
    Apply(DeclareProperty{event, std::move(name), type, scale});
    return {static_cast<uint16_t>(store.state().schema->event(event).properties.size() - 1)};
  }
  NamespaceId Namespace(std::string name) {
    Apply(DeclareNamespace{{std::move(name), NamespaceKind::kPerson, 1, 5}});
    return {static_cast<uint16_t>(store.state().schema->namespaces().size() - 1)};
  }
  ProfileId Profile(int64_t created_ms = 0) {
    const ProfileId id{store.state().profiles.size() + 1};
    Apply(CreateProfile{id, {created_ms}, "test"});
    return id;
  }
  void Set(ProfileId profile, TraitId trait, Value value, int64_t time_ms = 0) {
    Apply(SetTrait{profile, trait, std::move(value), {time_ms}, kNoOrigin});
  }
  void Add(ProfileId profile, EventTypeId event, uint64_t id, int64_t time_ms,
           std::vector<std::pair<PropertyId, Value>> properties = {}) {
    Apply(AddEvent{profile, event, {id}, {time_ms}, kNoOrigin, std::move(properties)});
  }

  Store store;
  ChangeSet changes;
};

}  // namespace roster

#endif  // ROSTER_TESTS_MEMORY_STORE_BUILDER_H_
