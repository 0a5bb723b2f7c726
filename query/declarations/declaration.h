// SPDX-License-Identifier: Apache-2.0
//
// What a statement says that declares, defines, alters, drops or retains, before names have a
// meaning: made by the parser, done by the engine. Thread rule: plain values.
// Source: LANGUAGE.md "Declarations".
#ifndef ROSTER_QUERY_DECLARATIONS_DECLARATION_H_
#define ROSTER_QUERY_DECLARATIONS_DECLARATION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "query/ast.h"
#include "query/catalog.h"
#include "query/exact_number.h"
#include "storage/memory/people/trait_policy.h"
#include "storage/memory/schema.h"

namespace roster::query::ast {

// What is not said stays as it is.
struct TraitOptions {
  std::optional<std::string> display;
  std::optional<bool> searchable;
  std::optional<bool> indexed;
  std::optional<TraitPolicy> policy;
  Span policy_span;
  bool operator==(const TraitOptions&) const = default;
};

struct DeclareTrait {
  Name name;
  ValueInfo type;
  Span type_span;
  TraitOptions options;
  bool operator==(const DeclareTrait&) const = default;
};

struct AlterTrait {
  Name name;
  TraitOptions options;
  bool operator==(const AlterTrait&) const = default;
};

struct DeclaredProperty {
  Name name;
  ValueInfo type;
  Span type_span;
  bool operator==(const DeclaredProperty&) const = default;
};

struct DeclareEvent {
  Name name;
  std::vector<DeclaredProperty> properties;
  bool operator==(const DeclareEvent&) const = default;
};

struct DeclareNamespace {
  Name name;
  NamespaceKind kind = NamespaceKind::kPerson;
  Span kind_span;
  std::optional<int64_t> rank;
  Span rank_span;
  std::optional<int64_t> limit;
  Span limit_span;
  bool immutable = false;
  bool unique = false;
  std::vector<Literal> blocked;  // texts
  bool operator==(const DeclareNamespace&) const = default;
};

// Whether devices alone make profiles: always, never, or by events of some types only.
struct DeclareAnonymous {
  enum class When : uint8_t { kAlways, kNever, kOn };
  When when = When::kAlways;
  std::vector<Name> events;  // of kOn
  bool operator==(const DeclareAnonymous&) const = default;
};

struct AlterNamespace {
  Name name;
  int64_t limit = 0;
  Span limit_span;
  bool operator==(const AlterNamespace&) const = default;
};

// Completed by an event of any of these. Shape: none has a window.
struct DefineGoal {
  Name name;
  std::vector<Events> any_of;
  bool operator==(const DefineGoal&) const = default;
};

struct EventProperty {
  Name event;
  Name property;
  bool operator==(const EventProperty&) const = default;
};

struct DefineInterest {
  Name name;
  std::vector<EventProperty> properties;
  std::optional<Duration> half_life;
  bool operator==(const DefineInterest&) const = default;
};

struct Points {
  Name event;
  ExactNumber each;
  Span each_span;
  std::optional<ExactNumber> cap;
  Span cap_span;
  std::optional<Window> window;  // within last
  bool operator==(const Points&) const = default;
};

struct Level {
  Literal name;  // a text
  ExactNumber from;
  Span from_span;
  bool operator==(const Level&) const = default;
};

struct DefineEngagement {
  std::vector<Points> points;
  std::vector<Level> levels;
  bool operator==(const DefineEngagement&) const = default;
};

// Also of `alter segment`, which replaces one that is there.
struct DefineSegment {
  Name name;
  bool altered = false;
  Filter filter;
  std::optional<Literal> describe;  // a text
  bool operator==(const DefineSegment&) const = default;
};

// Profiles that are members whatever becomes of them. Shape: `from` holds none or one; kept are
// members alone, by their ids.
struct DefineStatic {
  Name name;
  std::vector<Literal> members;  // texts: "p12" or "namespace:value"
  std::vector<Statement> from;   // whom a `find` or `search` shows
  std::optional<Literal> describe;
  bool operator==(const DefineStatic&) const = default;
};

// A property of sessions that becomes a trait. Shape: at least one of the moments.
struct DefineCarry {
  Name name;
  Name property;
  Name trait;
  bool on_end = false;       // when the session ends
  bool on_identify = false;  // when the person is identified
  bool operator==(const DefineCarry&) const = default;
};

// A trait that is computed whenever it is asked for.
struct DefineTrait {
  Name name;
  AggregateOf aggregate;
  bool operator==(const DefineTrait&) const = default;
};

// Columns and an order under a name. Shape: the shape has nothing else.
struct DefineView {
  Name name;
  Find shape;
  bool operator==(const DefineView&) const = default;
};

// What a rule does to a profile.
struct Action {
  enum class What : uint8_t { kAddLabel, kRemoveLabel, kSet, kNotify };
  What what = What::kAddLabel;
  Literal text;   // a text: the label or the topic
  Name trait;     // of kSet
  Literal value;  // of kSet
  bool operator==(const Action&) const = default;
};

// Shape: `then` is not empty.
struct DefineRule {
  Name name;
  Filter when;
  std::vector<Action> then;       // when the filter becomes true
  std::vector<Action> otherwise;  // when it becomes false
  bool operator==(const DefineRule&) const = default;
};

enum class Defined : uint8_t {
  kSegment,
  kGoal,
  kInterest,
  kEngagement,
  kCarry,
  kTrait,
  kView,
  kRule,
};

struct Drop {
  Defined kind = Defined::kGoal;
  Name name;  // of the engagement its word
  bool operator==(const Drop&) const = default;
};

struct Retain {
  enum class What : uint8_t { kEvents, kHistory, kAnonymous };
  What what = What::kEvents;
  Name event;                    // of kEvents
  std::optional<Duration> keep;  // none: for ever
  Span keep_span;
  bool operator==(const Retain&) const = default;
};

struct Declaration {
  std::variant<DeclareTrait, AlterTrait, DeclareEvent, DeclareNamespace, DeclareAnonymous,
               AlterNamespace, DefineSegment, DefineStatic, DefineGoal, DefineInterest,
               DefineEngagement, DefineCarry, DefineTrait, DefineView, DefineRule, Drop, Retain>
      what;
  std::optional<Literal> time_zone;  // a text
  bool operator==(const Declaration&) const = default;
};

// The canonical text: every name quoted, one spelling of everything. Parses to an equal statement.
std::string ToText(const Declaration& declaration);

// "text", "decimal(2)": how a type is declared.
std::string ToText(ValueInfo type);
// "latest", "nonempty", ...
const char* Spelling(TraitPolicy policy);
// "person", "contact", ...
const char* Spelling(NamespaceKind kind);
// "segment", "goal", "interest", "engagement", "carry", "trait", "view", "rule".
const char* Spelling(Defined kind);

}  // namespace roster::query::ast

#endif  // ROSTER_QUERY_DECLARATIONS_DECLARATION_H_
