// SPDX-License-Identifier: Apache-2.0
//
// The binder of one statement; its families of predicates stand in files of their own beside this
// one. Thread rule: one thread, one statement.
#ifndef ROSTER_QUERY_BIND_BINDER_H_
#define ROSTER_QUERY_BIND_BINDER_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "query/ast.h"
#include "query/bind/bind.h"
#include "query/bind/bind_values.h"
#include "query/bound_statement.h"
#include "query/catalog.h"

namespace roster::query {

inline constexpr std::string_view kIdColumn = "id";
// Of a session, in milliseconds: it is compared with a duration.
inline constexpr std::string_view kSessionDuration = "duration";

// What names are, where a filter stands: the profile's, one event's, one session's.
struct NameScope {
  enum class Kind : uint8_t { kProfile, kEvent, kSession };
  Kind kind = Kind::kProfile;
  EventTypeId event;     // of kEvent
  bool lenient = false;  // one of several types: a property that it does not have is missing
};

// What is asked of a cell, once its type is known.
using BindCell = std::function<absl::StatusOr<CellPredicate>(ValueInfo)>;

class Binder {
 public:
  Binder(const BindContext& context, absl::TimeZone zone, size_t* num_nodes = nullptr)
      : context_(context),
        catalog_(*context.catalog),
        values_(context.text, context.params, zone),
        zone_(zone),
        num_nodes_(num_nodes != nullptr ? num_nodes : &own_nodes_),
        depth_(context.depth) {}
  Binder(const Binder&) = delete;
  Binder& operator=(const Binder&) = delete;

  absl::StatusOr<BoundStatement> Bind(const ast::Statement& statement);
  absl::StatusOr<BoundEvents> Bind(const ast::Events& events);
  absl::StatusOr<BoundEventProperty> Bind(const ast::Name& event, const ast::Name& property) const;
  absl::StatusOr<BoundAggregateOf> Bind(const ast::AggregateOf& aggregate) {
    return BindAggregateOf(aggregate);
  }
  // "p12" or "namespace:value".
  absl::StatusOr<BoundProfile> BindProfile(std::string_view text, ast::Span span) const;
  // A filter over profiles.
  absl::StatusOr<BoundFilter> Bind(const ast::Filter& filter) { return BindFilter(filter, {}); }

 private:
  absl::StatusOr<BoundFilter> BindFilter(const ast::Filter& filter, const NameScope& scope);
  absl::StatusOr<BoundFilter> BindLeaf(const ast::Filter& filter, const NameScope& scope);
  absl::Status BindInto(const ast::Filter& filter, const NameScope& scope,
                        std::vector<BoundFilter>* filters);
  absl::Status TooMany(const ast::Filter& filter) const;
  absl::Status TooDeep(ast::Span span) const;
  absl::StatusOr<BoundFilter> BindLogic(const ast::Logic& logic, const NameScope& scope);
  // Each kind of node, where its place allows it.
  absl::StatusOr<BoundFilter> BindIn(const NameScope& scope, const ast::Logic& logic,
                                     const ast::Filter&) {
    return BindLogic(logic, scope);
  }
  absl::StatusOr<BoundFilter> BindIn(const NameScope& scope, const ast::Test& test,
                                     const ast::Filter&) {
    return BindTest(test, scope);
  }
  absl::StatusOr<BoundFilter> BindIn(const NameScope& scope, const ast::Size& size,
                                     const ast::Filter&) {
    return BindSize(size, scope);
  }
  absl::StatusOr<BoundFilter> BindIn(const NameScope& scope, const ast::Anniversary& of,
                                     const ast::Filter&) {
    return BindAnniversary(of, scope);
  }
  template <typename Node>
  absl::StatusOr<BoundFilter> BindIn(const NameScope& scope, const Node& node,
                                     const ast::Filter& at) {
    const bool in_session =
        scope.kind == NameScope::Kind::kSession && std::is_same_v<Node, ast::Did>;
    if (scope.kind != NameScope::Kind::kProfile && !in_session) return OutOfPlace(scope, at);
    return BindNode(node, at);
  }
  absl::Status OutOfPlace(const NameScope& scope, const ast::Filter& at) const;

  // --- Names ---
  absl::Status Unknown(std::string_view kind, const ast::Name& name,
                       const std::vector<std::string_view>& candidates) const;
  absl::StatusOr<EventTypeId> FindEvent(const ast::Name& name) const;
  absl::StatusOr<PropertyId> FindProperty(EventTypeId event, const ast::Name& name) const;

  // --- Statements (bind_statement.cc) ---
  absl::Status BindVerb(const ast::Count& count, BoundStatement* bound);
  absl::Status BindVerb(const ast::Find& find, BoundStatement* bound);
  absl::Status BindVerb(const ast::Show& show, BoundStatement* bound);
  absl::Status BindVerb(const ast::Funnel& funnel, BoundStatement* bound);
  absl::Status BindVerb(const ast::Search& search, BoundStatement* bound);
  absl::Status BindVerb(const ast::Why& why, BoundStatement* bound);
  absl::Status BindVerb(const ast::Diff& diff, BoundStatement* bound);
  absl::Status AddColumns(const std::vector<ast::Name>& names, BoundFind* bound) const;
  absl::Status AddOrder(const std::vector<ast::OrderBy>& order, BoundFind* bound) const;
  absl::Status AddView(const ast::Find& find, BoundFind* bound) const;
  std::vector<std::string_view> ColumnNames() const;
  // --- As of another time ---
  absl::Status NoHistory(ast::Span span, std::string_view what) const;
  // What a trait was then passes; who was archived then.
  BoundFilter ThenIs(TraitId trait, ValueInfo info, std::string_view name,
                     CellPredicate predicate) const;
  BoundFilter ArchivedThen() const;
  absl::Status CheckAsOf(const ast::Statement& statement) const;
  // The scope, and that one was there, as one more condition on who is looked at.
  void Narrow(ast::Scope scope, BoundStatement* statement) const;

  // A column, or what a filter asks about: a trait, else a namespace, else what is computed, else
  // the id.
  absl::StatusOr<BoundColumn> FindColumn(const ast::Name& name) const;
  std::string AdviceOnName(std::string_view name) const;
  absl::StatusOr<BoundColumn> ShownColumn(const ast::Name& name) const;
  absl::StatusOr<BoundColumn> ColumnToCountBy(const ast::Name& name) const;
  absl::StatusOr<BoundAggregateOf> BindComputed(std::string_view stored,
                                                const ast::Name& name) const;

  // --- One value (bind_tests.cc) ---
  absl::StatusOr<BoundFilter> BindTest(const ast::Test& test, const NameScope& scope);
  absl::StatusOr<BoundFilter> BindOwnName(const ast::Test& test, const NameScope& scope);
  absl::StatusOr<BoundFilter> BindStatus(const ast::Test& test);
  absl::StatusOr<BoundFilter> BindSize(const ast::Size& size, const NameScope& scope);
  absl::StatusOr<BoundFilter> BindAnniversary(const ast::Anniversary& of, const NameScope& scope);
  // The named value passes.
  absl::StatusOr<BoundFilter> BindOn(const ast::Name& name, const NameScope& scope,
                                     const BindCell& bind);
  absl::StatusOr<BoundFilter> BindOfSession(const ast::Name& name, const BindCell& bind);
  absl::StatusOr<CellPredicate> BindWhat(ValueInfo info, const ast::Test& test) const;
  absl::StatusOr<BoundFilter> BindHistory(const ast::Test& test);

  // --- Who somebody is (bind_people.cc) ---
  absl::StatusOr<BoundFilter> BindNode(const ast::HasLabel& label, const ast::Filter& at);
  absl::StatusOr<BoundFilter> BindNode(const ast::IsIdentified& is, const ast::Filter& at);
  absl::StatusOr<BoundFilter> BindNode(const ast::HasIdentity& has, const ast::Filter& at);
  absl::StatusOr<BoundFilter> BindNode(const ast::HasChannel& has, const ast::Filter& at);
  absl::StatusOr<BoundFilter> BindNode(const ast::CreatedVia& created, const ast::Filter& at);
  absl::StatusOr<BoundFilter> BindNode(const ast::KnownFor& known, const ast::Filter& at);
  absl::StatusOr<BoundFilter> BindNode(const ast::Consent& consent, const ast::Filter& at);
  absl::StatusOr<BoundFilter> BindNode(const ast::InSegment& in, const ast::Filter& at);
  BoundFilter Active(BoundFilter members) const;
  absl::StatusOr<BoundFilter> BindNode(const ast::Sample& sample, const ast::Filter& at);

  absl::StatusOr<BoundFilter> BindNode(const ast::InterestIn& in, const ast::Filter& at);
  absl::StatusOr<BoundFilter> BindEngagement(const ast::Test& test, std::string_view stored) const;
  // In which a stored definition is bound.
  BindContext ContextOf(std::string_view stored, const ast::Declaration& declaration) const;

  // --- What somebody did (bind_events.cc) ---
  absl::StatusOr<BoundFilter> BindNode(const ast::Did& did, const ast::Filter& at);
  absl::StatusOr<BoundFilter> BindNode(const ast::Nth& nth, const ast::Filter& at);
  absl::StatusOr<BoundFilter> BindNode(const ast::Aggregate& aggregate, const ast::Filter& at);
  // What an aggregate comes to is compared. `said`: the whole, in words of the language.
  absl::StatusOr<BoundFilter> BindResult(BoundAggregateOf of, const ast::Compare& compare,
                                         const std::string& said) const;
  absl::StatusOr<BoundFilter> BindTestOfComputed(const ast::Test& test, std::string_view stored);
  // (bind_sequences.cc)
  absl::StatusOr<BoundSequence> BindChain(const ast::Sequence& sequence, ast::Span span);
  absl::StatusOr<BoundFilter> BindNode(const ast::Sequence& sequence, const ast::Filter& at);
  absl::StatusOr<BoundFilter> BindNode(const ast::Paused& paused, const ast::Filter& at);
  absl::StatusOr<BoundFilter> BindNode(const ast::Sessions& sessions, const ast::Filter& at);
  absl::Status BindSame(const ast::Name& same, BoundSequence* bound) const;
  absl::StatusOr<BoundEvents> BindEvents(const ast::Events& events, EventTypeId event,
                                         bool lenient);
  absl::StatusOr<BoundEventSet> BindEventSet(const ast::Events& events);
  absl::Status CheckNames(const ast::Events& events, const std::vector<EventTypeId>& types) const;
  absl::Status NarrowSet(const ast::Events& events, BoundEventSet* set);
  absl::StatusOr<BoundEventSet> BindAnyEvent(const ast::Events& events);
  absl::StatusOr<BoundEventSet> BindGoal(const ast::Events& events);
  absl::StatusOr<BoundEventSet> BindCampaign(const ast::Events& events);
  // Those of every type whose text property has the value.
  BoundEventSet EventsWith(std::string_view property_name, const std::string& value, bool calls,
                           ast::Touch touch) const;
  absl::Status BindWindow(const ast::Window& window, BoundEvents* events) const;
  absl::StatusOr<BoundAggregateOf> BindAggregateOf(const ast::AggregateOf& aggregate);
  absl::StatusOr<BoundFilter> CountOf(BoundAggregateOf of, const ast::Compare& compare,
                                      const std::string& said) const;

  const BindContext& context_;
  const Catalog& catalog_;
  ValueBinder values_;
  absl::TimeZone zone_;
  size_t own_nodes_ = 0;
  size_t* const num_nodes_;  // also of the segments that the statement names
  size_t depth_;             // of logic, also of the segments in which the text stands
};

// "p12"
std::optional<ProfileId> ReadProfileId(std::string_view text);

// --- Shapes of bound filters ---

// Nobody, or everybody.
BoundFilter Nobody();
BoundFilter Negation(BoundFilter filter);
BoundFilter Both(BoundFilter first, BoundFilter second);
// Whoever is archived.
BoundFilter Archived(const Catalog& catalog);

}  // namespace roster::query

#endif  // ROSTER_QUERY_BIND_BINDER_H_
