// SPDX-License-Identifier: Apache-2.0
//
// What somebody did: counts, single events, aggregates.
#include <algorithm>
#include <cctype>
#include <set>
#include <tuple>

#include "tests/query/naive/evaluator.h"

namespace roster::query::naive {
namespace {

bool Counts(ast::CountOp op, int64_t asked, int64_t count) {
  switch (op) {
    case ast::CountOp::kAtLeast:
      return count >= asked;
    case ast::CountOp::kAtMost:
      return count <= asked;
    case ast::CountOp::kExactly:
      return count == asked;
  }
  return false;
}

// "Email Clicked", "message_sent": what became of a message stands in the type of its event.
bool IsTouch(ast::Touch touch, std::string type) {
  for (char& c : type) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto ends = [&](const std::string& end) {
    return type.size() > end.size() && type.substr(type.size() - end.size()) == end;
  };
  if (touch == ast::Touch::kAny) return true;
  if (type.rfind("email", 0) != 0 && type.rfind("message", 0) != 0) return false;
  if (touch == ast::Touch::kSent) return ends("sent") || ends("delivered");
  return ends(touch == ast::Touch::kSeen ? "opened" : "clicked");
}

std::optional<Exact> ExactOf(const Result& result) {
  if (const auto* exact = std::get_if<Exact>(&result)) return *exact;
  const auto* value = std::get_if<Value>(&result);
  return value ? naive::ExactOf(*value) : std::nullopt;
}

double DoubleOf(const Result& result) {
  if (const auto exact = ExactOf(result)) return exact->ToDouble();
  if (const auto* value = std::get_if<Value>(&result)) return std::get<double>(*value);
  return std::get<double>(result);
}

int Order(const Result& result, const ast::Literal& literal, const Clock& clock) {
  if (const auto* exact = std::get_if<Exact>(&result)) {
    return exact->Compare(naive::ExactOf(literal));
  }
  if (const auto* number = std::get_if<double>(&result)) {
    return naive::Order(*number, literal, clock);
  }
  return naive::Order(std::get<Value>(result), literal, clock);
}

bool AreTimes(const Result& result) {
  const auto* value = std::get_if<Value>(&result);
  return value &&
         (std::holds_alternative<Date>(*value) || std::holds_alternative<Timestamp>(*value));
}

int Order(const Result& left, const Result& right) {
  if (AreTimes(left)) {
    const Value& a = std::get<Value>(left);
    const Value& b = std::get<Value>(right);
    return a < b ? -1 : b < a ? 1 : 0;
  }
  const auto a = ExactOf(left);
  const auto b = ExactOf(right);
  if (a && b) return a->Compare(*b);
  const double x = DoubleOf(left);
  const double y = DoubleOf(right);
  return x < y ? -1 : x > y ? 1 : 0;
}

// Of values that are there; all of one type.
Result Summed(const std::vector<Value>& values, bool average) {
  const auto count = static_cast<int64_t>(values.size());
  if (std::holds_alternative<double>(values[0])) {
    double sum = 0;
    for (const Value& value : values) sum += std::get<double>(value);
    return average ? sum / static_cast<double>(count) : sum;
  }
  Exact sum{0, naive::ExactOf(values[0])->den};
  for (const Value& value : values) sum.num += naive::ExactOf(value)->num;
  if (average) sum.den *= count;
  return sum;
}

}  // namespace

// --- Which events ---

std::vector<const Happened*> Evaluator::Come(const Place& place) const {
  if (place.visit) return place.visit->events;
  std::vector<const Happened*> come;
  for (const Happened& event : place.person.events) {
    if (event.time_ms <= clock_.now_ms) come.push_back(&event);
  }
  std::sort(come.begin(), come.end(), [](const Happened* a, const Happened* b) {
    return std::tie(a->time_ms, a->id, a->type) < std::tie(b->time_ms, b->id, b->type);
  });
  return come;
}

bool Evaluator::IsOfType(const ast::Events& said, const Happened& event,
                         const Person& person) const {
  const std::string& name = said.event.text;
  switch (said.kind) {
    case ast::EventKind::kType:
      return event.type == name;
    case ast::EventKind::kAny:
      return true;
    case ast::EventKind::kCampaign: {
      const auto campaign = event.properties.find("campaign");
      return campaign != event.properties.end() && campaign->second == Value(name) &&
             IsTouch(said.touch, event.type);
    }
    case ast::EventKind::kGoal:
      break;
  }
  const auto& ways = people_.definitions.goals.at(name);
  return std::any_of(ways.begin(), ways.end(), [&](const Completed& way) {
    return way.event == event.type && (!way.where || Holds(*way.where, Place{person, &event}));
  });
}

bool Evaluator::Passes(const ast::Events& said, const Happened& event, const Person& person) const {
  return IsOfType(said, event, person) &&
         (said.where.empty() || Holds(said.where[0], Place{person, &event}));
}

bool Evaluator::IsInWindow(const std::optional<ast::Window>& window, const Happened& event,
                           const Person& person) const {
  if (!window) return true;
  if (window->kind != ast::Window::Kind::kOfFirstSeen) {
    return clock_.MomentsOf(*window).Has(event.time_ms);
  }
  const auto seen = FirstSeenMs(person);
  return seen && *seen <= event.time_ms && event.time_ms <= clock_.Moved(*seen, window->first, 1);
}

std::vector<const Happened*> Evaluator::Meant(const ast::Events& said, const Place& place) const {
  std::vector<const Happened*> meant;
  for (const Happened* event : Come(place)) {
    if (Passes(said, *event, place.person) && IsInWindow(said.window, *event, place.person)) {
      meant.push_back(event);
    }
  }
  return meant;
}

// Chosen by its type, before anything else is asked.
const Happened* Evaluator::AtPlace(const ast::Events& said, int64_t at, const Place& place) const {
  std::vector<const Happened*> of_type;
  for (const Happened* event : Come(place)) {
    if (IsOfType(said, *event, place.person)) of_type.push_back(event);
  }
  const auto count = static_cast<int64_t>(of_type.size());
  const int64_t index = at > 0 ? at - 1 : count + at;
  return index < 0 || index >= count ? nullptr : of_type[static_cast<size_t>(index)];
}

// --- Counts ---

bool Evaluator::Is(const ast::Did& did, const Place& place) const {
  const auto meant = Meant(did.events, place);
  auto count = static_cast<int64_t>(meant.size());
  if (did.on) {
    std::set<absl::CivilDay> days;
    for (const Happened* event : meant) {
      days.insert(Clock::FirstDay(clock_.Day(event->time_ms), *did.on));
    }
    count = static_cast<int64_t>(days.size());
  }
  return Counts(did.op, did.times, count);
}

bool Evaluator::Is(const ast::Nth& nth, const Place& place) const {
  const Happened* event = AtPlace(nth.events, nth.place, place);
  return event && Passes(nth.events, *event, place.person) &&
         IsInWindow(nth.events.window, *event, place.person);
}

bool Evaluator::Is(const ast::Paused& paused, const Place& place) const {
  ast::Events all = paused.events;
  all.window.reset();
  const auto done = Meant(all, place);
  if (!paused.resumed) {
    // Did so before, and not since.
    return !done.empty() && done.back()->time_ms <= clock_.Before(paused.duration);
  }
  for (size_t i = 1; i < done.size(); ++i) {
    const bool silent = clock_.Moved(done[i - 1]->time_ms, paused.duration, 1) <= done[i]->time_ms;
    if (silent && IsInWindow(paused.events.window, *done[i], place.person)) return true;
  }
  return false;
}

// --- Aggregates ---

Result Evaluator::ResultOf(const ast::AggregateOf& of, const Place& place) const {
  std::vector<Value> values;
  const auto meant = Meant(of.events, place);
  for (const Happened* event : meant) {
    if (!of.property) continue;
    const auto value = event->properties.find(of.property->text);
    if (value != event->properties.end()) values.push_back(value->second);
  }
  const bool all = !of.property;
  const auto count = static_cast<int64_t>(all ? meant.size() : values.size());
  switch (of.op) {
    case ast::AggregateOp::kCount:
      return Exact{count, 1};
    case ast::AggregateOp::kDistinct: {
      const std::set<Value> distinct(values.begin(), values.end());
      return Exact{static_cast<int64_t>(distinct.size()), 1};
    }
    case ast::AggregateOp::kSum:
    case ast::AggregateOp::kAvg: {
      const bool average = of.op == ast::AggregateOp::kAvg;
      if (values.empty()) return average ? Result() : Exact{0, 1};
      return Summed(values, average);
    }
    case ast::AggregateOp::kMin:
      if (!values.empty()) return *std::min_element(values.begin(), values.end());
      break;
    case ast::AggregateOp::kMax:
      if (!values.empty()) return *std::max_element(values.begin(), values.end());
      break;
  }
  return {};
}

bool Evaluator::Is(const ast::Aggregate& aggregate, const Place& place) const {
  const Result left = ResultOf(aggregate.left, place);
  if (std::holds_alternative<std::monostate>(left)) return false;
  if (const auto* literal = std::get_if<ast::Literal>(&aggregate.right)) {
    return naive::Passes(aggregate.op, Order(left, *literal, clock_));
  }
  const Result right = ResultOf(std::get<ast::AggregateOf>(aggregate.right), place);
  if (std::holds_alternative<std::monostate>(right)) return false;
  return naive::Passes(aggregate.op, Order(left, right));
}

bool Evaluator::OfComputed(const ast::Test& test, const Computed& computed,
                           const Place& place) const {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(computed.zone, &zone)) std::abort();
  const Result result =
      Evaluator(people_, clock_.now_ms, zone, then_).ResultOf(computed.of, Place{place.person});
  const bool missing = std::holds_alternative<std::monostate>(result);
  if (const auto* presence = std::get_if<ast::Presence>(&test.what)) {
    return missing == (presence->op == ast::PresenceOp::kMissing);
  }
  if (missing) return false;
  if (const auto* compare = std::get_if<ast::Compare>(&test.what)) {
    return naive::Passes(compare->op, Order(result, compare->value, clock_));
  }
  if (const auto* in = std::get_if<ast::In>(&test.what)) {
    const bool any = std::any_of(in->values.begin(), in->values.end(),
                                 [&](const auto& one) { return Order(result, one, clock_) == 0; });
    return any != in->negated;
  }
  if (AreTimes(result)) return naive::Holds(std::get<Value>(result), test.what, clock_);
  const auto& between = std::get<ast::Between>(test.what);
  return Order(result, between.low, clock_) >= 0 && Order(result, between.high, clock_) <= 0;
}

}  // namespace roster::query::naive
