// SPDX-License-Identifier: Apache-2.0
//
// A small store for tests of the query layer: names instead of ids, and statements asked of it.
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
#include "storage/base/text.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/read_view.h"
#include "tests/memory/store_builder.h"

namespace roster::query {

using Fields = std::vector<std::pair<std::string, Value>>;

class TestStore {
 public:
  // 2026-06-15T12:00:00Z.
  static constexpr Timestamp kNow{1'781'524'800'000};

  TestStore() { builder_.Apply(Advance{kNow}); }

  // Declarations: name, type, scale of a decimal.
  void Trait(std::string name, ValueType type, uint8_t scale = 0) {
    builder_.Trait(std::move(name), type, scale);
  }
  // What was said of a trait before is kept from now on.
  void KeepHistory(std::string_view trait);
  void Event(std::string name) { builder_.Event(std::move(name)); }
  void Property(std::string_view event, std::string name, ValueType type, uint8_t scale = 0) {
    builder_.Property(*schema().FindEvent(event), std::move(name), type, scale);
  }
  void Namespace(std::string name, NamespaceKind kind = NamespaceKind::kPerson) {
    builder_.Apply(DeclareNamespace{{std::move(name), kind, 1, 5}});
  }

  ProfileId Profile(const Fields& traits = {}, Timestamp time = kNow) {
    const ProfileId id = builder_.Profile(time.ms);
    for (const auto& [name, value] : traits) Set(id, name, value, time);
    if (!schema().FindEvent(kCallRecords)) builder_.Event(std::string(kCallRecords));
    builder_.Add(id, *schema().FindEvent(kCallRecords), ++last_event_, time.ms, {});
    return id;
  }
  void Set(ProfileId id, std::string_view trait, Value value, Timestamp time = kNow) {
    builder_.Set(id, *schema().FindTrait(trait), std::move(value), time.ms);
  }
  void Identity(ProfileId id, std::string_view name_space, std::string value) {
    const IdentityId next{static_cast<uint32_t>(state().identities.size())};
    builder_.Apply(AttachIdentity{id, next, *schema().FindNamespace(name_space), std::move(value)});
  }
  // Gives the event's id.
  uint64_t Did(ProfileId id, std::string_view event, Timestamp time,
               const Fields& properties = {}) {
    const EventTypeId type = *schema().FindEvent(event);
    std::vector<std::pair<PropertyId, Value>> cells;
    for (const auto& [name, value] : properties) {
      cells.emplace_back(*schema().event(type).FindProperty(name), value);
    }
    builder_.Add(id, type, ++last_event_, time.ms, std::move(cells));
    return last_event_;
  }
  void Retain(std::string_view event, int64_t keep_ms) {
    builder_.Apply(SetRetention{*schema().FindEvent(event), keep_ms});
  }
  // A definition by its canonical text, under its kind (declarations/names.h) and name.
  void Define(std::string_view kind, std::string_view name, std::string_view text) {
    builder_.Apply(roster::Define{StrCat(kind, name), StrCat("1 ", text)});
  }
  // A record of the store's own; the type and its properties are declared when they first come.
  void Record(ProfileId id, std::string_view type, Timestamp time, const Fields& fields);
  // How an identity of the profile stands to it from now on.
  void SetStanding(ProfileId id, std::string_view name_space, std::string_view value,
                   IdentityStanding standing);
  void Archive(ProfileId id);
  void Merge(ProfileId loser, ProfileId survivor) {
    builder_.Apply(MergeProfiles{loser, survivor});
  }

  // For what has no name here.
  StoreBuilder& builder() { return builder_; }

  const Schema& schema() const { return *state().schema; }
  const State& state() const { return builder_.store.state(); }
  ReadView View(Timestamp now = kNow) const { return builder_.store.TakeView(now); }

  absl::StatusOr<QueryAnswer> Ask(std::string_view text, const std::vector<Value>& params = {},
                                  Timestamp now = kNow, std::string_view zone = "UTC") const {
    const ReadView view = View(now);
    return Run(text, params, {.time_zone = zone}, view,
               SchemaCatalog(view.schema(), &*view->definitions), {});
  }
  // The count, or -1 with the error on the test's output.
  int64_t Count(std::string_view text, const std::vector<Value>& params = {}, Timestamp now = kNow,
                std::string_view zone = "UTC") const;

 private:
  StoreBuilder builder_;
  uint64_t last_event_ = 0;
};

// Milliseconds of spans of time.
inline constexpr int64_t kHourMs = 3'600'000;
inline constexpr int64_t kDayMs = 24 * kHourMs;

inline Timestamp Ago(int64_t ms) { return {TestStore::kNow.ms - ms}; }

}  // namespace roster::query

#endif  // ROSTER_TESTS_QUERY_TEST_STORE_H_
