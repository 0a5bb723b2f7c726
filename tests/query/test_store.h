// SPDX-License-Identifier: Apache-2.0
//
// A small store for tests of the query layer: names instead of ids, everything through
// Store::Apply.
#ifndef ROSTER_TESTS_QUERY_TEST_STORE_H_
#define ROSTER_TESTS_QUERY_TEST_STORE_H_

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "query/query.h"
#include "query/schema_catalog.h"
#include "roster/value.h"
#include "storage/memory/change.h"
#include "storage/memory/store.h"

namespace roster::query {

using Fields = std::vector<std::pair<std::string, Value>>;

class TestStore {
 public:
  // 2026-06-15T12:00:00Z.
  static constexpr Timestamp kNow{1'781'524'800'000};

  // Declarations: "name", type, scale of a decimal.
  void Trait(std::string name, ValueType type, uint8_t scale = 0) {
    Apply(DeclareTrait{std::move(name), type, scale});
  }
  void Event(std::string name) { Apply(DeclareEvent{std::move(name)}); }
  void Property(std::string_view event, std::string name, ValueType type, uint8_t scale = 0) {
    Apply(DeclareProperty{*schema().FindEvent(event), std::move(name), type, scale});
  }
  void Namespace(std::string name) {
    Apply(DeclareNamespace{{.name = std::move(name), .rank = 1, .limit = 10}});
  }

  ProfileId Profile(const Fields& traits = {}, Timestamp time = kNow) {
    const ProfileId id{++last_profile_};
    Apply(CreateProfile{id, time, "test"});
    for (const auto& [name, value] : traits) Set(id, name, value, time);
    return id;
  }
  void Set(ProfileId id, std::string_view trait, Value value, Timestamp time = kNow) {
    Apply(SetTrait{id, *schema().FindTrait(trait), std::move(value), time});
  }
  void Identity(ProfileId id, std::string_view name_space, std::string value) {
    Apply(AttachIdentity{
        id, {num_identities_++}, *schema().FindNamespace(name_space), std::move(value)});
  }
  void Did(ProfileId id, std::string_view event, Timestamp time, const Fields& properties = {}) {
    const EventTypeId type = *schema().FindEvent(event);
    AddEvent add{id, type, {++last_event_}, time};
    for (const auto& [name, value] : properties) {
      add.properties.emplace_back(*schema().event(type).FindProperty(name), value);
    }
    Apply(std::move(add));
  }
  void Merge(ProfileId loser, ProfileId survivor) { Apply(MergeProfiles{loser, survivor}); }

  const Schema& schema() const { return *store_.state().schema; }
  const State& state() const { return store_.state(); }
  ReadView View(Timestamp now = kNow) const { return store_.TakeView(now); }

  absl::StatusOr<QueryAnswer> Ask(std::string_view text, const std::vector<Value>& params = {},
                                  Timestamp now = kNow, std::string_view zone = "UTC") const {
    const ReadView view = View(now);
    return Run(text, params, {.time_zone = zone}, view, SchemaCatalog(view.schema()), {});
  }
  // The count, or -1 with the error on the test's output.
  int64_t Count(std::string_view text, const std::vector<Value>& params = {}, Timestamp now = kNow,
                std::string_view zone = "UTC") const;

 private:
  void Apply(const Mutation& mutation);

  Store store_;
  ChangeSet changes_;
  uint64_t last_profile_ = 0;
  uint64_t last_event_ = 0;
  uint32_t num_identities_ = 0;
};

// Milliseconds of spans of time.
inline constexpr int64_t kHourMs = 3'600'000;
inline constexpr int64_t kDayMs = 24 * kHourMs;

inline Timestamp Ago(int64_t ms) { return {TestStore::kNow.ms - ms}; }

}  // namespace roster::query

#endif  // ROSTER_TESTS_QUERY_TEST_STORE_H_
