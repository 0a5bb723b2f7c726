// SPDX-License-Identifier: Apache-2.0
//
// Questions about several events of somebody: sequences, silences, sessions.
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "query/bind/binder.h"
#include "query/declarations/names.h"
#include "query/errors.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"

namespace roster::query {
namespace {

struct SessionName {
  std::string_view name;
  SessionProperty property;
  ValueType type;
};

constexpr std::array<SessionName, 10> kSessionNames = {{
    {"id", SessionProperty::kId, ValueType::kText},
    {"kind", SessionProperty::kKind, ValueType::kText},
    {"channel", SessionProperty::kChannel, ValueType::kText},
    {"name", SessionProperty::kName, ValueType::kText},
    {"platform", SessionProperty::kPlatform, ValueType::kText},
    {"start", SessionProperty::kStart, ValueType::kTimestamp},
    {"end", SessionProperty::kEnd, ValueType::kTimestamp},
    {kSessionDuration, SessionProperty::kDuration, ValueType::kInteger},
    {"events", SessionProperty::kEvents, ValueType::kInteger},
    {"agent_takeover", SessionProperty::kAgentTakeover, ValueType::kBoolean},
}};

// What asks about the person from inside a session.
constexpr std::string_view kProfilePrefix = "profile.";

}  // namespace

// --- Sequences ---

absl::StatusOr<BoundFilter> Binder::BindNode(const ast::Sequence& sequence, const ast::Filter& at) {
  ROSTER_ASSIGN_OR_RETURN(BoundSequence bound, BindChain(sequence, at.span));
  bound.said = ast::ToText(at);
  return BoundFilter{std::move(bound)};
}

absl::StatusOr<BoundSequence> Binder::BindChain(const ast::Sequence& sequence, ast::Span span) {
  constexpr size_t kMaxSteps = 16;
  if (sequence.steps.size() > kMaxSteps) {
    return values_.Error(ErrorCode::kLimit, span,
                         StrCat("a sequence has more than ", kMaxSteps, " steps"));
  }
  if (sequence.start == ast::Start::kNth && sequence.place == 0) {
    return values_.Error(ErrorCode::kType, span, "events are counted from 1: `nth 1`");
  }
  BoundSequence bound{sequence.start, sequence.place, {}, sequence.same_session, zone_, {}};
  for (const ast::Step& step : sequence.steps) {
    BoundStep one{{}, step.negated, step.within, {}};
    ROSTER_ASSIGN_OR_RETURN(one.events, BindEventSet(step.events));
    bound.steps.push_back(std::move(one));
  }
  for (BoundStep& step : bound.steps) {
    if (!sequence.same.empty()) step.same.resize(step.events.size());
  }
  for (const ast::Name& same : sequence.same) {
    ROSTER_RETURN_IF_ERROR(BindSame(same, &bound));
  }
  return bound;
}

// An event of `any event` that does not have the property is in no such sequence.
absl::Status Binder::BindSame(const ast::Name& same, BoundSequence* bound) const {
  std::optional<ValueInfo> info;
  for (BoundStep& step : bound->steps) {
    const bool one_type = step.events.size() == 1;
    for (size_t e = 0; e < step.events.size();) {
      const EventTypeId event = step.events[e].event;
      if (!one_type && !catalog_.FindProperty(event, same.text)) {
        step.events.erase(step.events.begin() + static_cast<std::ptrdiff_t>(e));
        step.same.erase(step.same.begin() + static_cast<std::ptrdiff_t>(e));
        continue;
      }
      ROSTER_ASSIGN_OR_RETURN(const PropertyId property, FindProperty(event, same));
      const ValueInfo type = catalog_.PropertyType(event, property);
      if (info && *info != type) {
        return values_.Error(ErrorCode::kType, same.span,
                             StrCat("`", same.text, "` is ", TypeWords(info->type),
                                    " in one event and ", TypeWords(type.type), " in another"));
      }
      info = type;
      step.same[e++].push_back(property);
    }
  }
  return absl::OkStatus();
}

// `stopped` is said with two counts: before, and not since.
absl::StatusOr<BoundFilter> Binder::BindNode(const ast::Paused& paused, const ast::Filter& at) {
  if (paused.resumed) {
    ROSTER_ASSIGN_OR_RETURN(const EventTypeId event, FindEvent(paused.events.event));
    ast::Events ever = paused.events;
    ever.window.reset();
    BoundResumed bound{{}, paused.duration, {}, zone_, ast::ToText(at)};
    ROSTER_ASSIGN_OR_RETURN(bound.events, BindEvents(ever, event, false));
    if (paused.events.window) {
      ROSTER_ASSIGN_OR_RETURN(bound.window, values_.BindWindow(*paused.events.window));
    }
    return BoundFilter{std::move(bound)};
  }
  ast::Did before{paused.events, ast::CountOp::kAtLeast, 1, {}};
  before.events.window.emplace();
  before.events.window->kind = ast::Window::Kind::kMoreThanAgo;
  before.events.window->first = paused.duration;
  ast::Did since = before;
  since.events.window->kind = ast::Window::Kind::kWithinLast;
  ROSTER_ASSIGN_OR_RETURN(BoundFilter first, BindNode(before, ast::Filter{before, at.span}));
  ROSTER_ASSIGN_OR_RETURN(BoundFilter second, BindNode(since, ast::Filter{since, at.span}));
  return Both(std::move(first), Negation(std::move(second)));
}

// --- Sessions ---

absl::StatusOr<BoundFilter> Binder::BindNode(const ast::Sessions& sessions, const ast::Filter& at) {
  BoundSessions bound;
  bound.said = ast::ToText(at);
  bound.as_of = context_.as_of.has_value();
  const NameScope scope{NameScope::Kind::kSession, {}, false};
  ROSTER_ASSIGN_OR_RETURN(BoundFilter condition, BindFilter(sessions.condition[0], scope));
  bound.condition.push_back(std::move(condition));
  bound.all = sessions.quantifier == ast::Quantifier::kAll;
  const bool none = sessions.quantifier == ast::Quantifier::kNo;
  bound.min = none || sessions.op == ast::CountOp::kAtMost ? 0 : sessions.times;
  if (none) bound.max = 0;
  if (!none && sessions.op != ast::CountOp::kAtLeast) bound.max = sessions.times;
  if (sessions.window) {
    ROSTER_ASSIGN_OR_RETURN(bound.window, values_.BindWindow(*sessions.window));
  }
  return BoundFilter{std::move(bound)};
}

// A session's own name, or the person's behind `profile.`.
absl::StatusOr<BoundFilter> Binder::BindOfSession(const ast::Name& name, const BindCell& bind) {
  if (name.text.starts_with(kProfilePrefix)) {
    const auto length = static_cast<uint32_t>(kProfilePrefix.size());
    const ast::Name trait{name.text.substr(length), {name.span.begin + length, name.span.end}};
    const bool computed = catalog_.FindDefinition(kComputed, trait.text).has_value();
    if (computed && !catalog_.FindTrait(trait.text)) {
      return values_.Error(ErrorCode::kType, trait.span,
                           StrCat("`", trait.text, "` is computed of all that somebody did; ask ",
                                  "about it outside of the session's parentheses"));
    }
    return BindOn(trait, {}, bind);
  }
  for (const SessionName& known : kSessionNames) {
    if (known.name != name.text) continue;
    const ValueInfo info{known.type, 0};
    ROSTER_ASSIGN_OR_RETURN(CellPredicate predicate, bind(info));
    return BoundFilter{BoundSessionTest{known.property, info, std::move(predicate)}};
  }
  if (catalog_.FindTrait(name.text) || catalog_.FindNamespace(name.text)) {
    return values_.Error(ErrorCode::kNoTrait, name.span,
                         StrCat("a session has no `", name.text, "`; write `profile.", name.text,
                                "` for the person's"));
  }
  std::vector<std::string_view> names;
  for (const SessionName& known : kSessionNames) names.push_back(known.name);
  return Unknown("property of a session", name, names);
}

}  // namespace roster::query
