// SPDX-License-Identifier: Apache-2.0
//
// Whether a filter holds of a person, by the plainest loops over what was said of them: the oracle
// of pairs_test. It takes the tree of a statement and shares nothing else with the product.
// Thread rule: one thread. Source: LANGUAGE.md.
#ifndef ROSTER_TESTS_QUERY_NAIVE_EVALUATOR_H_
#define ROSTER_TESTS_QUERY_NAIVE_EVALUATOR_H_

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "query/ast.h"
#include "tests/query/naive/calendar.h"
#include "tests/query/naive/cells.h"
#include "tests/query/naive/people.h"

namespace roster::query::naive {

// One session of a person.
struct Visit {
  std::string given;  // its id; empty: it was cut from gaps
  std::vector<const Happened*> events;
  std::vector<const SessionWord*> words;
};

// What a filter is asked of: a person, or one of their events or sessions.
struct Place {
  const Person& person;
  const Happened* event = nullptr;
  const Visit* visit = nullptr;
};

// What an aggregate gives; none: missing.
using Result = std::variant<std::monostate, Exact, double, Value>;

class Evaluator {
 public:
  // `then`: now is a moment of the past, of which history tells.
  Evaluator(const People& people, int64_t now_ms, absl::TimeZone zone, bool then)
      : people_(people), clock_{now_ms, zone}, then_(then) {}

  bool InScope(ast::Scope scope, const Person& person) const;
  bool Holds(const ast::Filter& filter, const Person& person) const {
    return Holds(filter, Place{person});
  }
  // How many steps some chain of events reaches.
  size_t Reached(const ast::Funnel& funnel, const Person& person) const;

  // What a trait shows now.
  Value Shown(const Person& person, const std::string& trait) const;

  // Whether something was so near to a bound that the last bit of a double decides.
  bool close_call() const { return close_call_; }

 private:
  struct Chain;

  bool Holds(const ast::Filter& filter, const Place& place) const;

  // One for each kind of a filter's node.
  bool Is(const ast::Logic& logic, const Place& place) const;
  bool Is(const ast::Test& test, const Place& place) const;
  bool Is(const ast::Size& size, const Place& place) const;
  bool Is(const ast::Anniversary& anniversary, const Place& place) const;
  bool Is(const ast::HasLabel& has, const Place& place) const;
  bool Is(const ast::IsIdentified& is, const Place& place) const;
  bool Is(const ast::HasIdentity& has, const Place& place) const;
  bool Is(const ast::HasChannel& has, const Place& place) const;
  bool Is(const ast::CreatedVia& created, const Place& place) const;
  bool Is(const ast::KnownFor& known, const Place& place) const;
  bool Is(const ast::Consent& consent, const Place& place) const;
  bool Is(const ast::InSegment& in, const Place& place) const;
  bool Is(const ast::InterestIn& in, const Place& place) const;
  bool Is(const ast::Sample& sample, const Place& place) const;
  bool Is(const ast::Did& did, const Place& place) const;
  bool Is(const ast::Nth& nth, const Place& place) const;
  bool Is(const ast::Aggregate& aggregate, const Place& place) const;
  bool Is(const ast::Sequence& sequence, const Place& place) const;
  bool Is(const ast::Paused& paused, const Place& place) const;
  bool Is(const ast::Sessions& sessions, const Place& place) const;

  // --- Who somebody is ---
  // Under a name: a trait, what is computed, a member of a session or a property of an event.
  Value Named(const std::string& name, const Place& place) const;
  bool IsArchived(const Person& person) const;
  // As of a time labels and consent are what had been said by then.
  bool IsSaid(int64_t time_ms) const;
  bool OfIdentities(const ast::Test& test, const std::vector<std::string>& values) const;
  bool OfEngagement(const ast::Test& test, const Person& person) const;
  bool OfComputed(const ast::Test& test, const Computed& computed, const Place& place) const;
  int64_t CreatedMs(const Person& person) const;
  std::optional<int64_t> FirstSeenMs(const Person& person) const;

  // --- What changed ---
  std::vector<Write> Eras(const Person& person, const std::string& trait) const;
  Value ShownAt(const Person& person, const std::string& trait, int64_t ms) const;
  bool Was(const ast::Was& was, const std::vector<Write>& eras) const;
  bool Changed(const ast::Changed& changed, const std::vector<Write>& eras) const;
  bool Stays(const ast::StaysFor& stays, const std::vector<Write>& eras) const;

  // --- What somebody did ---
  // Events that have come, in their order; of a session its own.
  std::vector<const Happened*> Come(const Place& place) const;
  bool IsOfType(const ast::Events& said, const Happened& event, const Person& person) const;
  bool Passes(const ast::Events& said, const Happened& event, const Person& person) const;
  bool IsInWindow(const std::optional<ast::Window>& window, const Happened& event,
                  const Person& person) const;
  std::vector<const Happened*> Meant(const ast::Events& said, const Place& place) const;
  const Happened* AtPlace(const ast::Events& said, int64_t at, const Place& place) const;
  Result ResultOf(const ast::AggregateOf& of, const Place& place) const;

  // --- What followed what ---
  bool Follows(const Chain& chain, size_t step, const std::vector<const Happened*>& so_far) const;
  bool Fits(const Chain& chain, const Happened& event, const Happened& before) const;
  bool NeverFollows(const Chain& chain, const ast::Step& step, const Happened& last) const;
  size_t Furthest(const ast::Funnel& funnel, const Chain& chain,
                  const std::vector<const Happened*>& so_far) const;
  std::vector<Visit> VisitsOf(const Person& person) const;
  std::map<const Happened*, size_t> SessionOfEvents(const Person& person) const;
  std::optional<int64_t> StartOf(const Visit& visit) const;
  std::optional<int64_t> EndOf(const Visit& visit) const;
  Value OfVisit(const std::string& name, const Visit& visit) const;

  const People& people_;
  const Clock clock_;
  const bool then_;
  mutable bool close_call_ = false;
};

}  // namespace roster::query::naive

#endif  // ROSTER_TESTS_QUERY_NAIVE_EVALUATOR_H_
