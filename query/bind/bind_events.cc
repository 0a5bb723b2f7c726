// SPDX-License-Identifier: Apache-2.0
//
// Questions about what somebody did.
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "query/bind/binder.h"
#include "query/declarations/names.h"
#include "query/declarations/parser.h"
#include "query/errors.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/memory/people/found_events.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/people/touch.h"

namespace roster::query {
namespace {

bool CanSum(ValueType type) {
  return type == ValueType::kInteger || type == ValueType::kDecimal || type == ValueType::kNumber;
}
bool HasLeast(ValueType type) {
  return CanSum(type) || type == ValueType::kDate || type == ValueType::kTimestamp;
}

void AddCondition(BoundFilter condition, std::vector<BoundFilter>* where) {
  if (where->empty()) return where->push_back(std::move(condition));
  where->front() = Both(std::move(condition), std::move(where->front()));
}

// An event that passes one of two conditions is meant once. Shape: as BoundEvents::where.
void AddAlternative(std::vector<BoundFilter> other, std::vector<BoundFilter>* where) {
  if (where->empty() || other.empty()) return where->clear();
  BoundLogic either{ast::LogicOp::kOr, {}};
  either.children.push_back(std::move(where->front()));
  either.children.push_back(std::move(other.front()));
  where->front() = {std::move(either)};
}

// The properties that a condition names.
void AddNames(const ast::Filter& filter, std::vector<const ast::Name*>* names) {
  if (const auto* test = std::get_if<ast::Test>(&filter.node)) names->push_back(&test->name);
  if (const auto* size = std::get_if<ast::Size>(&filter.node)) names->push_back(&size->name);
  if (const auto* day = std::get_if<ast::Anniversary>(&filter.node)) names->push_back(&day->name);
  const auto* logic = std::get_if<ast::Logic>(&filter.node);
  if (logic == nullptr) return;
  for (const ast::Filter& child : logic->children) AddNames(child, names);
}

bool TouchFits(ast::Touch touch, std::string_view type) {
  switch (touch) {
    case ast::Touch::kAny:
      return true;
    case ast::Touch::kSent:
      return TouchOf(type) == "sent";
    case ast::Touch::kSeen:
      return TouchOf(type) == "seen";
    case ast::Touch::kClicked:
      return TouchOf(type) == "clicked";
  }
  return false;
}

}  // namespace

// --- Events ---

absl::Status Binder::BindWindow(const ast::Window& window, BoundEvents* events) const {
  if (window.kind == ast::Window::Kind::kOfFirstSeen) {
    events->after_first_seen = AfterFirstSeen{window.first, zone_};
    return absl::OkStatus();
  }
  ROSTER_ASSIGN_OR_RETURN(events->window, values_.BindWindow(window));
  return absl::OkStatus();
}

absl::StatusOr<BoundEvents> Binder::BindEvents(const ast::Events& events, EventTypeId event,
                                               bool lenient) {
  BoundEvents bound{event, {}, {}, {}};
  for (const ast::Filter& where : events.where) {
    const NameScope scope{NameScope::Kind::kEvent, event, lenient};
    ROSTER_ASSIGN_OR_RETURN(BoundFilter condition, BindFilter(where, scope));
    bound.where.push_back(std::move(condition));
  }
  if (events.window) ROSTER_RETURN_IF_ERROR(BindWindow(*events.window, &bound));
  return bound;
}

absl::StatusOr<BoundEventSet> Binder::BindEventSet(const ast::Events& events) {
  switch (events.kind) {
    case ast::EventKind::kAny:
      return BindAnyEvent(events);
    case ast::EventKind::kGoal:
      return BindGoal(events);
    case ast::EventKind::kCampaign:
      return BindCampaign(events);
    case ast::EventKind::kType:
      break;
  }
  ROSTER_ASSIGN_OR_RETURN(const EventTypeId event, FindEvent(events.event));
  ROSTER_ASSIGN_OR_RETURN(BoundEvents bound, BindEvents(events, event, false));
  BoundEventSet set;
  set.push_back(std::move(bound));
  return set;
}

// Each name is a property of one of the types at least.
absl::Status Binder::CheckNames(const ast::Events& events,
                                const std::vector<EventTypeId>& types) const {
  std::vector<const ast::Name*> names;
  if (types.empty()) return absl::OkStatus();  // there never was such an event
  for (const ast::Filter& where : events.where) AddNames(where, &names);
  for (const ast::Name* name : names) {
    std::vector<std::string_view> candidates;
    bool found = false;
    for (const EventTypeId type : types) {
      found |= catalog_.FindProperty(type, name->text).has_value();
      const std::vector<std::string_view> known = catalog_.PropertyNames(type);
      candidates.insert(candidates.end(), known.begin(), known.end());
    }
    if (!found) return Unknown("property", *name, candidates);
  }
  return absl::OkStatus();
}

// Adds what the statement itself says of events that are found otherwise.
absl::Status Binder::NarrowSet(const ast::Events& events, BoundEventSet* set) {
  std::vector<EventTypeId> types;
  for (const BoundEvents& one : *set) types.push_back(one.event);
  ROSTER_RETURN_IF_ERROR(CheckNames(events, types));
  for (BoundEvents& one : *set) {
    ROSTER_ASSIGN_OR_RETURN(BoundEvents said, BindEvents(events, one.event, true));
    if (!said.where.empty()) AddCondition(std::move(said.where.front()), &one.where);
    one.window = said.window;
    one.after_first_seen = said.after_first_seen;
  }
  return absl::OkStatus();
}

absl::StatusOr<BoundEventSet> Binder::BindAnyEvent(const ast::Events& events) {
  BoundEventSet set;
  for (const std::string_view name : catalog_.EventNames()) {
    set.push_back({*catalog_.FindEvent(name), {}, {}, {}});
  }
  ROSTER_RETURN_IF_ERROR(NarrowSet(events, &set));
  return set;
}

absl::StatusOr<BoundEventSet> Binder::BindGoal(const ast::Events& events) {
  const auto stored = catalog_.FindDefinition(kGoals, events.event.text);
  if (!stored) return Unknown("goal", events.event, catalog_.DefinitionNames(kGoals));
  const absl::StatusOr<ast::Declaration> declaration = ParseStored(*stored);
  const auto* goal = declaration.ok() ? std::get_if<ast::DefineGoal>(&declaration->what) : nullptr;
  BoundEventSet set;
  if (goal == nullptr) return set;
  const BindContext context = ContextOf(*stored, *declaration);
  for (const ast::Events& one : goal->any_of) {
    absl::StatusOr<BoundEvents> bound = query::BindEvents(one, context);
    if (!bound.ok()) continue;
    const auto same = std::find_if(set.begin(), set.end(), [&](const BoundEvents& known) {
      return known.event == bound->event;
    });
    if (same == set.end()) {
      set.push_back(*std::move(bound));
    } else {
      AddAlternative(std::move(bound->where), &same->where);
    }
  }
  ROSTER_RETURN_IF_ERROR(NarrowSet(events, &set));
  return set;
}

BoundEventSet Binder::EventsWith(std::string_view property_name, const std::string& value,
                                 bool calls, ast::Touch touch) const {
  BoundEventSet set;
  const auto add = [&](EventTypeId event) {
    const auto property = catalog_.FindProperty(event, property_name);
    if (!property) return;
    const ValueInfo info = catalog_.PropertyType(event, *property);
    if (info.type != ValueType::kText) return;
    BoundEvents one{event, {}, {}, {}};
    one.where.push_back({BoundProperty{*property, info, {TextSet{{value}}}}});
    set.push_back(std::move(one));
  };
  for (const std::string_view name : catalog_.EventNames()) {
    if (TouchFits(touch, name)) add(*catalog_.FindEvent(name));
  }
  const std::optional<EventTypeId> call = catalog_.CallRecords();
  if (calls && call) add(*call);
  return set;
}

absl::StatusOr<BoundEventSet> Binder::BindCampaign(const ast::Events& events) {
  BoundEventSet set = EventsWith(kCampaignProperty, events.event.text, false, events.touch);
  ROSTER_RETURN_IF_ERROR(NarrowSet(events, &set));
  return set;
}

// --- Counts ---

absl::StatusOr<BoundFilter> Binder::BindNode(const ast::Did& did, const ast::Filter& at) {
  BoundDid bound;
  ROSTER_ASSIGN_OR_RETURN(bound.events, BindEventSet(did.events));
  bound.min = did.op == ast::CountOp::kAtMost ? 0 : did.times;
  if (did.op != ast::CountOp::kAtLeast) bound.max = did.times;
  if (did.on) bound.on = CalendarUnit{*did.on, zone_};
  bound.said = ast::ToText(at);
  return BoundFilter{std::move(bound)};
}

absl::StatusOr<BoundFilter> Binder::BindNode(const ast::Nth& nth, const ast::Filter& at) {
  if (nth.place == 0) {
    return values_.Error(ErrorCode::kType, at.span, "events are counted from 1: `nth 1`");
  }
  BoundNth bound{nth.place, {}, ast::ToText(at)};
  ROSTER_ASSIGN_OR_RETURN(bound.events, BindEventSet(nth.events));
  return BoundFilter{std::move(bound)};
}

// --- Aggregates ---

absl::StatusOr<BoundAggregateOf> Binder::BindAggregateOf(const ast::AggregateOf& aggregate) {
  using ast::AggregateOp;
  ROSTER_ASSIGN_OR_RETURN(const EventTypeId event, FindEvent(aggregate.events.event));
  BoundAggregateOf bound;
  bound.op = aggregate.op;
  const std::string_view op = ast::Spelling(aggregate.op);
  if (!aggregate.property && aggregate.op != AggregateOp::kCount) {
    return values_.Error(ErrorCode::kType, aggregate.events.event.span,
                         StrCat("`", op, "` needs a property: ", op, "(order.total)"));
  }
  if (aggregate.property) {
    ROSTER_ASSIGN_OR_RETURN(bound.property, FindProperty(event, *aggregate.property));
    bound.info = catalog_.PropertyType(event, *bound.property);
    const ValueType type = bound.info.type;
    const bool of_order = aggregate.op == AggregateOp::kMin || aggregate.op == AggregateOp::kMax;
    const bool of_sum = aggregate.op == AggregateOp::kSum || aggregate.op == AggregateOp::kAvg;
    const bool no_value = aggregate.op == AggregateOp::kDistinct &&
                          (type == ValueType::kJson || type == ValueType::kTextList);
    if ((of_order && !HasLeast(type)) || (of_sum && !CanSum(type)) || no_value) {
      return values_.Error(ErrorCode::kType, aggregate.property->span,
                           StrCat("`", op, "` cannot be taken of ", TypeWords(type)));
    }
  }
  ROSTER_ASSIGN_OR_RETURN(bound.events, BindEvents(aggregate.events, event, false));
  return bound;
}

namespace {

bool IsNumber(const BoundAggregateOf& of) {
  return of.op == ast::AggregateOp::kCount || of.op == ast::AggregateOp::kDistinct ||
         CanSum(of.info.type);
}

}  // namespace

absl::StatusOr<BoundFilter> Binder::BindNode(const ast::Aggregate& aggregate,
                                             const ast::Filter& at) {
  using ast::AggregateOp;
  BoundAggregate bound;
  ROSTER_ASSIGN_OR_RETURN(bound.of, BindAggregateOf(aggregate.left));
  if (const auto* other = std::get_if<ast::AggregateOf>(&aggregate.right)) {
    AggregateCompare compare{aggregate.op, {}};
    ROSTER_ASSIGN_OR_RETURN(compare.right, BindAggregateOf(*other));
    const bool same = IsNumber(bound.of) == IsNumber(compare.right) &&
                      (IsNumber(bound.of) || bound.of.info.type == compare.right.info.type);
    if (!same) {
      return values_.Error(ErrorCode::kType, other->span,
                           "two aggregates that are compared are both numbers, both dates or both "
                           "times");
    }
    bound.test = std::move(compare);
    return BoundFilter{std::move(bound)};
  }
  const ast::Compare compare{aggregate.op, std::get<ast::Literal>(aggregate.right)};
  return BindResult(std::move(bound.of), compare, ast::ToText(at));
}

absl::StatusOr<BoundFilter> Binder::BindResult(BoundAggregateOf of, const ast::Compare& compare,
                                               const std::string& said) const {
  using ast::AggregateOp;
  const AggregateOp op = of.op;
  if (op == AggregateOp::kCount) return CountOf(std::move(of), compare, said);
  BoundAggregate bound{std::move(of), CellPredicate()};
  if (op == AggregateOp::kDistinct) {
    ROSTER_ASSIGN_OR_RETURN(bound.test, values_.Bind({ValueType::kInteger, 0}, compare));
  } else if (op == AggregateOp::kMin || op == AggregateOp::kMax ||
             bound.of.info.type == ValueType::kNumber) {
    ROSTER_ASSIGN_OR_RETURN(bound.test, values_.Bind(bound.of.info, compare));
  } else {
    ROSTER_ASSIGN_OR_RETURN(ExactNumber number, values_.BindNumber(compare.value));
    bound.test = ExactCompare{compare.op, ExactThreshold(std::move(number), bound.of.info.scale)};
  }
  return BoundFilter{std::move(bound)};
}

// count(e.p where C) compares the number of events that have p and pass C.
absl::StatusOr<BoundFilter> Binder::CountOf(BoundAggregateOf of, const ast::Compare& compare,
                                            const std::string& said) const {
  BoundDid bound;
  if (of.property) {
    AddCondition({BoundProperty{*of.property, of.info, {AnyValue{}}}}, &of.events.where);
  }
  bound.events.push_back(std::move(of.events));
  ROSTER_ASSIGN_OR_RETURN(const CellPredicate count,
                          values_.Bind({ValueType::kInteger, 0}, compare));
  const IntRange range = std::get<IntRange>(count.test);
  bound.min = range.low;
  bound.max = range.high;
  bound.negated = count.negated;
  bound.said = said;
  return BoundFilter{std::move(bound)};
}

// A computed trait, asked about as if it were kept: `between` and `in` are comparisons.
absl::StatusOr<BoundFilter> Binder::BindTestOfComputed(const ast::Test& test,
                                                       std::string_view stored) {
  using ast::CompareOp;
  ROSTER_ASSIGN_OR_RETURN(const BoundAggregateOf of, BindComputed(stored, test.name));
  const std::string said = ast::ToText(ast::Filter{test, {}});
  const auto compared = [&](CompareOp op, const ast::Literal& value) {
    return BindResult(of, {op, value}, said);
  };
  if (const auto* compare = std::get_if<ast::Compare>(&test.what); compare && !compare->folded) {
    return compared(compare->op, compare->value);
  }
  if (const auto* between = std::get_if<ast::Between>(&test.what)) {
    ROSTER_ASSIGN_OR_RETURN(BoundFilter low, compared(CompareOp::kGe, between->low));
    ROSTER_ASSIGN_OR_RETURN(BoundFilter high, compared(CompareOp::kLe, between->high));
    return Both(std::move(low), std::move(high));
  }
  if (const auto* in = std::get_if<ast::In>(&test.what)) {
    BoundLogic each{in->negated ? ast::LogicOp::kAnd : ast::LogicOp::kOr, {}};
    for (const ast::Literal& value : in->values) {
      ROSTER_ASSIGN_OR_RETURN(BoundFilter one,
                              compared(in->negated ? CompareOp::kNe : CompareOp::kEq, value));
      each.children.push_back(std::move(one));
    }
    if (each.children.size() == 1) return std::move(each.children[0]);
    return BoundFilter{std::move(each)};
  }
  const auto* presence = std::get_if<ast::Presence>(&test.what);
  if (presence != nullptr && presence->op != ast::PresenceOp::kEmpty) {
    // Over nothing sums and counts are 0; the others are there where an event is.
    const bool always = of.op == ast::AggregateOp::kSum || of.op == ast::AggregateOp::kCount ||
                        of.op == ast::AggregateOp::kDistinct;
    BoundFilter missing = Nobody();
    if (!always) {
      const ast::Literal none{ExactNumber(int64_t{0}), {}};
      ROSTER_ASSIGN_OR_RETURN(missing, CountOf(of, {CompareOp::kEq, none}, said));
    }
    return presence->op == ast::PresenceOp::kMissing ? missing : Negation(std::move(missing));
  }
  return values_.Error(
      ErrorCode::kType, test.name.span,
      StrCat("`", test.name.text, "` is computed; compare it, or ask whether it `is set`"));
}

}  // namespace roster::query
