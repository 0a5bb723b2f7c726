// SPDX-License-Identifier: Apache-2.0
#include "query/operators/sessions.h"

#include <algorithm>
#include <set>
#include <utility>

#include "query/cells/cell_test.h"
#include "query/operators/event_filter.h"
#include "query/sessions/session_rows.h"
#include "query/window.h"
#include "storage/memory/cells.h"
#include "storage/memory/people/found_events.h"
#include "storage/memory/people/sessions.h"

namespace roster::query {
namespace {

// The sessions of one profile.
struct OneProfile {
  OneProfile(const ReadView& of, RowId at, bool as_of)
      : view(of), row(at), events(FindEvents(of.state(), at)), sessions(of, at, events, as_of) {}

  const ReadView& view;
  const RowId row;
  const std::vector<FoundEvent> events;
  const Sessions sessions;
};

std::optional<int64_t> TimeOfSession(const OneProfile& of, size_t session,
                                     SessionProperty property) {
  const bool start = property == SessionProperty::kStart;
  const auto time = start ? of.sessions.StartOf(session) : of.sessions.EndOf(session);
  return time ? std::optional(time->ms) : std::nullopt;
}

std::string TextOfSession(const OneProfile& of, size_t session, SessionProperty property) {
  const auto said = [&](std::string_view name) {
    return of.sessions.Said<std::string>(session, name).value_or(std::string());
  };
  switch (property) {
    case SessionProperty::kId:
      return of.sessions.IdOf(session);
    case SessionProperty::kKind:
      return of.sessions.KindOf(session);
    case SessionProperty::kChannel:
      return of.sessions.ChannelOf(session);
    case SessionProperty::kName:
      return said("name");
    default:
      return said("platform");
  }
}

// Of what is no text.
std::optional<int64_t> CellOfSession(const OneProfile& of, size_t session,
                                     SessionProperty property) {
  switch (property) {
    case SessionProperty::kStart:
    case SessionProperty::kEnd:
      return TimeOfSession(of, session, property);
    case SessionProperty::kDuration: {
      const auto start = of.sessions.StartOf(session);
      const auto end = of.sessions.EndOf(session);
      if (!start || !end) return std::nullopt;
      return end->ms - start->ms;
    }
    case SessionProperty::kEvents:
      return static_cast<int64_t>(of.sessions.EventsOf(session).size());
    default:
      return of.sessions.Said<bool>(session, "agent_takeover").value_or(false) ? 1 : 0;
  }
}

bool HoldsFor(const BoundSessionTest& test, const OneProfile& of, size_t session) {
  if (test.info.type == ValueType::kText) {
    const std::string text = TextOfSession(of, session, test.property);
    if (text.empty()) return false;
    return HoldsText(test.predicate.test, text) != test.predicate.negated;
  }
  const std::optional<int64_t> cell = CellOfSession(of, session, test.property);
  const CellType type{.type = test.info.type, .scale = 0, .dictionary = {}};
  return cell && Holds(test.predicate, type, *cell, of.view.clock());
}

bool HoldsFor(const BoundDid& did, const OneProfile& of, size_t session) {
  int64_t count = 0;
  std::set<int64_t> days;
  for (const uint32_t place : of.sessions.EventsOf(session)) {
    const FoundEvent& event = of.events[place];
    const EventBlock& block = of.view->partition(event.type).block(ChunkOf(of.row));
    const bool passes =
        std::any_of(did.events.begin(), did.events.end(), [&](const BoundEvents& meant) {
          return meant.event == event.type &&
                 EventTest(meant, of.view).Holds(of.row, block, event.ref);
        });
    if (!passes) continue;
    ++count;
    if (did.on) days.insert(CalendarNumber(event.time.ms, did.on->unit, did.on->zone));
  }
  if (did.on) count = static_cast<int64_t>(days.size());
  return (did.min <= count && count <= did.max) != did.negated;
}

}  // namespace

// A tree like the filter's: leaves ask about a session, its events, or its profile.
class SessionCondition {
 public:
  SessionCondition(BoundFilter filter, const SessionsOperator::Plan& plan) {
    if (auto* logic = std::get_if<BoundLogic>(&filter.node)) {
      op_ = logic->op;
      for (BoundFilter& child : logic->children) children_.emplace_back(std::move(child), plan);
    } else if (auto* test = std::get_if<BoundSessionTest>(&filter.node)) {
      test_ = std::move(*test);
    } else if (auto* did = std::get_if<BoundDid>(&filter.node)) {
      did_ = std::move(*did);
    } else {
      profile_ = plan(std::move(filter));
    }
  }

  bool Holds(const OneProfile& of, size_t session) const {
    if (test_) return HoldsFor(*test_, of, session);
    if (did_) return HoldsFor(*did_, of, session);
    if (profile_ != nullptr) return profile_->Matches(of.view, of.row);
    const auto holds = [&](const SessionCondition& child) { return child.Holds(of, session); };
    if (op_ == ast::LogicOp::kNot) return !holds(children_[0]);
    return op_ == ast::LogicOp::kAnd ? std::all_of(children_.begin(), children_.end(), holds)
                                     : std::any_of(children_.begin(), children_.end(), holds);
  }

  std::optional<Timestamp> NextChange(const OneProfile& of) const {
    std::optional<Timestamp> next;
    if (profile_ != nullptr) next = profile_->NextFlip(of.view, of.row);
    for (size_t s = 0; test_ && s < of.sessions.size(); ++s) {
      if (test_->info.type != ValueType::kTimestamp) break;
      const std::optional<int64_t> cell = CellOfSession(of, s, test_->property);
      const CellType type{.type = ValueType::kTimestamp, .scale = 0, .dictionary = {}};
      if (!cell) continue;
      next = Earlier(next, query::NextChange(test_->predicate, type, *cell, of.view.clock()));
    }
    if (did_) {
      for (const BoundEvents& meant : did_->events) {
        next = Earlier(next, EventTest(meant, of.view).NextChange(of.row));
      }
    }
    for (const SessionCondition& child : children_) next = Earlier(next, child.NextChange(of));
    return next;
  }

  void AddDependencies(Dependencies* dependencies) const {
    if (profile_ != nullptr) profile_->AddDependencies(dependencies);
    for (const SessionCondition& child : children_) child.AddDependencies(dependencies);
  }

 private:
  ast::LogicOp op_ = ast::LogicOp::kAnd;
  std::vector<SessionCondition> children_;
  std::optional<BoundSessionTest> test_;
  std::optional<BoundDid> did_;
  std::unique_ptr<Operator> profile_;
};

SessionsOperator::SessionsOperator(BoundSessions bound, const Plan& plan, const ReadView& view,
                                   Preparation* preparation)
    : bound_(std::move(bound)),
      rows_(std::make_unique<SessionRows>(bound_, plan, view, preparation)),
      condition_(std::make_unique<SessionCondition>(std::move(bound_.condition[0]), plan)) {
  bound_.condition.clear();
}
SessionsOperator::~SessionsOperator() = default;

bool SessionsOperator::Passes(const ReadView& view, RowId row) const {
  const OneProfile of(view, row, bound_.as_of);
  const TimeRange range = bound_.window.UntilNow(view.clock());
  int64_t num_meant = 0;
  int64_t num_passed = 0;
  for (size_t s = 0; s < of.sessions.size(); ++s) {
    // One of which nothing has come yet is none.
    const std::optional<Timestamp> start = of.sessions.StartOf(s);
    if (!start || !range.Contains(start->ms)) continue;
    ++num_meant;
    num_passed += condition_->Holds(of, s);
  }
  if (bound_.all) return num_meant != 0 && num_passed == num_meant;
  return bound_.min <= num_passed && num_passed <= bound_.max;
}

void SessionsOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  rows_->Narrow(view, chunk, rows, [&](RowId row) { return Passes(view, row); });
}

bool SessionsOperator::Matches(const ReadView& view, RowId row) const { return Passes(view, row); }

std::optional<Timestamp> SessionsOperator::NextChange(const ReadView& view, RowId row) const {
  const OneProfile of(view, row, bound_.as_of);
  const Timestamp now = view.clock();
  std::optional<Timestamp> next = condition_->NextChange(of);
  const auto consider = [&](Timestamp time) {
    if (time > now) next = Earlier(next, time);
  };
  for (const FoundEvent& event : of.events) consider(event.time);
  for (size_t s = 0; s < of.sessions.size(); ++s) {
    for (const OwnRecord* record : of.sessions.RecordsOf(s)) consider(record->time());
    const std::optional<Timestamp> start = of.sessions.StartOf(s);
    if (start) next = Earlier(next, bound_.window.NextChangeUntilNow(now, start->ms));
  }
  return next;
}

void SessionsOperator::AddDependencies(Dependencies* dependencies) const {
  dependencies->sessions = true;
  condition_->AddDependencies(dependencies);
}

}  // namespace roster::query
