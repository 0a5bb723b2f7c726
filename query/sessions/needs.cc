// SPDX-License-Identifier: Apache-2.0
#include "query/sessions/needs.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>
#include <variant>
#include <vector>

#include "storage/memory/people/found_events.h"
#include "storage/memory/people/sessions.h"

namespace roster::query {
namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

BoundFilter Together(ast::LogicOp op, std::vector<BoundFilter> parts) {
  if (parts.size() == 1 && op != ast::LogicOp::kNot) return std::move(parts[0]);
  return {BoundLogic{op, std::move(parts)}};
}

// One type after the other, each asked only about those who are left.
BoundFilter DidAny(BoundEventSet events) {
  std::vector<BoundFilter> parts;
  for (BoundEvents& one : events) {
    BoundDid did;
    did.events.push_back(std::move(one));
    parts.push_back({std::move(did)});
  }
  if (parts.empty()) return {BoundNever{}};
  return Together(ast::LogicOp::kOr, std::move(parts));
}

bool IsAboutProfile(const BoundFilter& filter) {
  return !std::holds_alternative<BoundLogic>(filter.node) &&
         !std::holds_alternative<BoundSessionTest>(filter.node) &&
         !std::holds_alternative<BoundDid>(filter.node);
}

// None of these is before the session began.
Window From(const Window& window) {
  return Window(window.low(), TimeBound{std::nullopt, kMost}, window.zone());
}

// In words of how many events there have to be: of the whole profile there are no fewer.
std::optional<BoundFilter> NeededForDid(BoundDid did, const WantedSessions& wanted) {
  const bool inside = did.negated != wanted.passes;
  if (!inside && did.min > 0) return std::nullopt;
  if (!inside && did.max == kMost) return BoundFilter{BoundNever{}};
  did.min = inside ? did.min : did.max + 1;
  if (did.min <= 0) return std::nullopt;
  // Several sessions may be of one day.
  if (!did.on && did.min < kMost / wanted.times) did.min *= wanted.times;
  did.max = kMost;
  did.negated = false;
  for (BoundEvents& one : did.events) {
    if (IsEver(one.window)) one.window = From(wanted.window);
  }
  if (did.min == 1) return DidAny(std::move(did.events));
  return BoundFilter{std::move(did)};
}

std::optional<BoundFilter> NeededForTest(const BoundSessionTest& test,
                                         const WantedSessions& wanted) {
  if (!wanted.passes) return std::nullopt;
  if (test.property == SessionProperty::kChannel) {
    BoundDid did;
    did.events = EventsOfChannel({test.predicate, NotEmpty()}, wanted.schema, From(wanted.window));
    return NeededForDid(std::move(did), wanted);
  }
  const bool is_time =
      test.property == SessionProperty::kStart || test.property == SessionProperty::kEnd;
  if (!is_time || test.predicate.negated) return std::nullopt;
  if (const auto* in = std::get_if<InWindow>(&test.predicate.test)) {
    return WithEvents(wanted.schema, in->window);
  }
  const auto* range = std::get_if<IntRange>(&test.predicate.test);
  if (range == nullptr) return std::nullopt;
  return WithEvents(wanted.schema, Window({std::nullopt, range->low}, {std::nullopt, range->high},
                                          wanted.window.zone()));
}

// Those of a session are less than a silence apart.
int64_t LeastEventsForTest(const BoundSessionTest& test, bool passes) {
  const auto* range = std::get_if<IntRange>(&test.predicate.test);
  if (range == nullptr) return 1;
  int64_t least = range->low;
  if (test.predicate.negated == passes) {
    if (range->low > 0 || range->high == kMost) return 1;
    least = std::max<int64_t>(range->high, -1) + 1;
  }
  if (least <= 0) return 1;
  if (test.property == SessionProperty::kEvents) return least;
  return test.property == SessionProperty::kDuration ? least / kSilenceMs + 2 : 1;
}

}  // namespace

bool IsEver(const Window& window) {
  return window.is_fixed() && window.low().ms == std::numeric_limits<int64_t>::min() &&
         window.high().ms == kMost;
}

BoundFilter WithEvents(const Schema& schema, const Window& window) {
  BoundEventSet events;
  for (size_t e = 0; e < schema.events().size(); ++e) {
    if (schema.events()[e].own) continue;
    events.push_back({EventTypeId{static_cast<uint16_t>(e)}, {}, window, {}});
  }
  return DidAny(std::move(events));
}

BoundEventSet EventsOfChannel(const std::vector<CellPredicate>& tests, const Schema& schema,
                              const Window& window) {
  const ValueInfo text{.type = ValueType::kText};
  BoundEventSet set;
  for (size_t e = 0; e < schema.events().size(); ++e) {
    const EventTypeInfo& info = schema.events()[e];
    const auto channel = info.own ? std::nullopt : info.FindProperty(kChannelProperty);
    if (!channel || info.properties[channel->value].type != ValueType::kText) continue;
    std::vector<BoundFilter> where;
    for (const CellPredicate& test : tests) {
      where.push_back({BoundProperty{*channel, text, test}});
    }
    set.push_back({EventTypeId{static_cast<uint16_t>(e)},
                   {Together(ast::LogicOp::kAnd, std::move(where))},
                   window,
                   {}});
  }
  return set;
}

CellPredicate NotEmpty() { return {.test = TextSet{{""}}, .negated = true}; }

std::optional<BoundFilter> NeededFor(const BoundFilter& condition, const WantedSessions& wanted) {
  if (const auto* test = std::get_if<BoundSessionTest>(&condition.node)) {
    return NeededForTest(*test, wanted);
  }
  if (const auto* did = std::get_if<BoundDid>(&condition.node)) return NeededForDid(*did, wanted);
  const auto* logic = std::get_if<BoundLogic>(&condition.node);
  if (logic == nullptr) {
    return wanted.passes ? condition : Together(ast::LogicOp::kNot, {condition});
  }
  WantedSessions of_child = wanted;
  if (logic->op == ast::LogicOp::kNot) {
    of_child.passes = !wanted.passes;
    return NeededFor(logic->children[0], of_child);
  }
  // All of them pass, or one of them fails: each needs something, or else one of them does.
  const bool all = (logic->op == ast::LogicOp::kAnd) == wanted.passes;
  if (!all) of_child.times = 1;
  std::vector<BoundFilter> parts;
  for (const BoundFilter& child : logic->children) {
    std::optional<BoundFilter> needed = NeededFor(child, of_child);
    if (needed) {
      parts.push_back(*std::move(needed));
    } else if (!all) {
      return std::nullopt;
    }
  }
  if (parts.empty()) return std::nullopt;
  return Together(all ? ast::LogicOp::kAnd : ast::LogicOp::kOr, std::move(parts));
}

int64_t LeastEventsFor(const BoundFilter& condition, bool passes) {
  if (const auto* did = std::get_if<BoundDid>(&condition.node)) {
    const bool inside = did->negated != passes;
    if (inside) return did->on ? 1 : std::max<int64_t>(did->min, 1);
    return did->min > 0 || did->max == kMost ? 1 : std::max<int64_t>(did->max, 0) + 1;
  }
  if (const auto* test = std::get_if<BoundSessionTest>(&condition.node)) {
    return LeastEventsForTest(*test, passes);
  }
  const auto* logic = std::get_if<BoundLogic>(&condition.node);
  if (logic == nullptr) return 1;
  if (logic->op == ast::LogicOp::kNot) return LeastEventsFor(logic->children[0], !passes);
  const bool all = (logic->op == ast::LogicOp::kAnd) == passes;
  int64_t least = all ? 1 : kMost;
  for (const BoundFilter& child : logic->children) {
    const int64_t of_child = LeastEventsFor(child, passes);
    least = all ? std::max(least, of_child) : std::min(least, of_child);
  }
  return least;
}

std::optional<BoundFilter> EnoughFor(const BoundFilter& condition) {
  if (std::holds_alternative<BoundSessionTest>(condition.node)) return std::nullopt;
  if (const auto* did = std::get_if<BoundDid>(&condition.node)) {
    if (did->negated || did->min != 1 || did->max != kMost) return std::nullopt;
    return condition;
  }
  const auto* logic = std::get_if<BoundLogic>(&condition.node);
  if (logic == nullptr) return condition;
  if (logic->op == ast::LogicOp::kNot) {
    return IsAboutProfile(logic->children[0]) ? std::optional(condition) : std::nullopt;
  }
  // Of several that have to pass one session only one may be about the session.
  const bool all = logic->op == ast::LogicOp::kAnd;
  std::vector<BoundFilter> parts;
  for (const BoundFilter& child : logic->children) {
    std::optional<BoundFilter> enough = EnoughFor(child);
    if (enough) parts.push_back(*std::move(enough));
  }
  if (parts.empty() || (all && parts.size() < logic->children.size())) return std::nullopt;
  if (all && std::ranges::count_if(logic->children, std::not_fn(IsAboutProfile)) > 1) {
    return std::nullopt;
  }
  return Together(logic->op, std::move(parts));
}

}  // namespace roster::query
