// SPDX-License-Identifier: Apache-2.0
//
// Logic, who somebody is, and what was so before.
#include "tests/query/naive/evaluator.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace roster::query::naive {
namespace {

absl::TimeZone Zone(const std::string& name) {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(name, &zone)) std::abort();
  return zone;
}

Policy PolicyOf(const Definitions& definitions, const std::string& trait) {
  const auto policy = definitions.policies.find(trait);
  return policy == definitions.policies.end() ? Policy::kLatest : policy->second;
}

bool IsEmpty(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  const auto* list = std::get_if<TextList>(&value);
  return (text && text->empty()) || (list && list->empty());
}

bool IsLater(const Write& a, const Write& b) {
  return a.time_ms != b.time_ms ? a.time_ms > b.time_ms : b.value < a.value;
}

Value Sum(const Value& a, const Value& b) {
  if (const auto* decimal = std::get_if<Decimal>(&a)) {
    return Decimal{decimal->unscaled + std::get<Decimal>(b).unscaled, decimal->scale};
  }
  return std::get<int64_t>(a) + std::get<int64_t>(b);
}

Value Joined(Policy policy, const std::vector<Write>& writes) {
  if (policy == Policy::kSum) {
    Value sum = writes[0].value;
    for (size_t i = 1; i < writes.size(); ++i) sum = Sum(sum, writes[i].value);
    return sum;
  }
  std::set<std::string> texts;
  for (const Write& write : writes) {
    const auto& list = std::get<TextList>(write.value);
    texts.insert(list.begin(), list.end());
  }
  return TextList(texts.begin(), texts.end());
}

// What a policy makes of writes. A clear takes away what is before it.
Value Fold(Policy policy, std::vector<Write> writes) {
  std::optional<int64_t> cleared;
  for (const Write& write : writes) {
    if (!IsMissing(write.value)) continue;
    cleared = cleared ? std::max(*cleared, write.time_ms) : write.time_ms;
  }
  std::erase_if(writes, [&](const Write& write) {
    return IsMissing(write.value) || (cleared && write.time_ms < *cleared) ||
           (policy == Policy::kNonEmpty && IsEmpty(write.value));
  });
  if (writes.empty()) return {};
  if (policy == Policy::kSum || policy == Policy::kUnion) return Joined(policy, writes);
  const Write* best = &writes[0];
  for (const Write& write : writes) {
    bool better = IsLater(write, *best);
    if (policy == Policy::kEarliest && write.time_ms != best->time_ms) better = !better;
    if (policy == Policy::kMax && write.value != best->value) better = best->value < write.value;
    if (policy == Policy::kMin && write.value != best->value) better = write.value < best->value;
    if (better) best = &write;
  }
  return best->value;
}

}  // namespace

void Person::Take(Person other) {
  const auto append = [](auto* to, auto& from) { to->insert(to->end(), from.begin(), from.end()); };
  if (other.made_ms < made_ms) {
    made_ms = other.made_ms;
    via = other.via;
  }
  append(&ids, other.ids);
  for (auto& [trait, writes] : other.traits) append(&traits[trait], writes);
  append(&identities, other.identities);
  append(&labels, other.labels);
  append(&consent, other.consent);
  append(&events, other.events);
  append(&calls, other.calls);
  append(&sessions, other.sessions);
}

bool Evaluator::InScope(ast::Scope scope, const Person& person) const {
  if (then_ && CreatedMs(person) > clock_.now_ms) return false;
  if (scope == ast::Scope::kIncludingArchived) return true;
  return IsArchived(person) == (scope == ast::Scope::kOnlyArchived);
}

bool Evaluator::Holds(const ast::Filter& filter, const Place& place) const {
  return std::visit([&](const auto& node) { return Is(node, place); }, filter.node);
}

bool Evaluator::Is(const ast::Logic& logic, const Place& place) const {
  const auto holds = [&](const ast::Filter& child) { return Holds(child, place); };
  const auto& children = logic.children;
  switch (logic.op) {
    case ast::LogicOp::kAnd:
      return std::all_of(children.begin(), children.end(), holds);
    case ast::LogicOp::kOr:
      return std::any_of(children.begin(), children.end(), holds);
    case ast::LogicOp::kNot:
      return !holds(children[0]);
  }
  return false;
}

// --- Values by name ---

Value Evaluator::Named(const std::string& name, const Place& place) const {
  if (place.event) {
    const auto property = place.event->properties.find(name);
    return property == place.event->properties.end() ? Value() : property->second;
  }
  if (place.visit && name.rfind("profile.", 0) != 0) return OfVisit(name, *place.visit);
  return Shown(place.person, place.visit ? name.substr(8) : name);
}

Value Evaluator::Shown(const Person& person, const std::string& trait) const {
  if (trait == "created_at") return Timestamp{CreatedMs(person)};
  if (trait == "created_via") return person.via;
  if (trait == "first_seen") {
    const auto seen = FirstSeenMs(person);
    return seen ? Value(Timestamp{*seen}) : Value();
  }
  return ShownAt(person, trait, clock_.now_ms);
}

Value Evaluator::ShownAt(const Person& person, const std::string& trait, int64_t ms) const {
  const auto known = person.traits.find(trait);
  if (known == person.traits.end()) return {};
  std::vector<Write> writes = known->second;
  std::erase_if(writes, [&](const Write& write) { return write.time_ms > ms; });
  return Fold(PolicyOf(people_.definitions, trait), std::move(writes));
}

bool Evaluator::Is(const ast::Test& test, const Place& place) const {
  const std::string& name = test.name.text;
  const bool of_person = !place.event && (!place.visit || name.rfind("profile.", 0) == 0);
  if (!of_person) return naive::Holds(Named(name, place), test.what, clock_);
  const Person& person = place.person;
  const std::string own = place.visit ? name.substr(8) : name;
  if (own == "email" || own == "device_id") {
    std::vector<std::string> values;
    for (const Held& held : person.identities) {
      if (held.name_space == own && !held.former) values.push_back(held.value);
    }
    return OfIdentities(test, values);
  }
  if (own == "status") {
    const Value status = std::string(IsArchived(person) ? "archived" : "active");
    return naive::Holds(status, test.what, clock_);
  }
  if (own == "engagement") return OfEngagement(test, person);
  const auto computed = people_.definitions.computed.find(own);
  if (computed != people_.definitions.computed.end()) {
    return OfComputed(test, computed->second, place);
  }
  if (const auto* was = std::get_if<ast::Was>(&test.what)) return Was(*was, Eras(person, own));
  if (const auto* changed = std::get_if<ast::Changed>(&test.what)) {
    return Changed(*changed, Eras(person, own));
  }
  if (const auto* stays = std::get_if<ast::StaysFor>(&test.what)) {
    return Stays(*stays, Eras(person, own));
  }
  return naive::Holds(Shown(person, own), test.what, clock_);
}

bool Evaluator::OfIdentities(const ast::Test& test, const std::vector<std::string>& values) const {
  const auto* presence = std::get_if<ast::Presence>(&test.what);
  if (presence && presence->op != ast::PresenceOp::kEmpty) {
    return values.empty() == (presence->op == ast::PresenceOp::kMissing);
  }
  const auto* compare = std::get_if<ast::Compare>(&test.what);
  const auto* in = std::get_if<ast::In>(&test.what);
  const bool negated = (compare && compare->op == ast::CompareOp::kNe) || (in && in->negated);
  const auto holds = [&](const std::string& value) {
    return naive::Holds(value, test.what, clock_);
  };
  if (negated) return !values.empty() && std::all_of(values.begin(), values.end(), holds);
  return std::any_of(values.begin(), values.end(), holds);
}

bool Evaluator::OfEngagement(const ast::Test& test, const Person& person) const {
  const Definitions& definitions = people_.definitions;
  double sum = 0;
  for (const Points& points : definitions.engagement) {
    double gives = 0;
    for (const Happened* event : Come({person})) {
      const bool fits = !points.within_last || event->time_ms > clock_.Before(*points.within_last);
      if (event->type == points.event && fits) gives += points.each;
    }
    sum += points.cap ? std::min(gives, *points.cap) : gives;
  }
  const auto& levels = definitions.levels;
  int64_t own = 0;
  for (size_t i = 0; i < levels.size(); ++i) {
    if (sum >= levels[i].second) own = static_cast<int64_t>(i);
  }
  const auto order = [&](const ast::Literal& literal) {
    for (size_t i = 0; i < levels.size(); ++i) {
      const auto level = static_cast<int64_t>(i);
      if (levels[i].first == TextOf(literal)) return own < level ? -1 : own > level ? 1 : 0;
    }
    std::abort();
  };
  if (const auto* compare = std::get_if<ast::Compare>(&test.what)) {
    return naive::Passes(compare->op, order(compare->value));
  }
  const auto& in = std::get<ast::In>(test.what);
  const bool any = std::any_of(in.values.begin(), in.values.end(),
                               [&](const ast::Literal& one) { return order(one) == 0; });
  return any != in.negated;
}

bool Evaluator::Is(const ast::Size& size, const Place& place) const {
  return HoldsSize(Named(size.name.text, place), size.compare);
}

bool Evaluator::Is(const ast::Anniversary& anniversary, const Place& place) const {
  return HoldsAnniversary(Named(anniversary.name.text, place), anniversary.window, clock_);
}

// --- Who somebody is ---

bool Evaluator::IsArchived(const Person& person) const {
  return ShownAt(person, kArchivedTrait, clock_.now_ms) == Value(true);
}

// A client gave these times: the earliest of them.
int64_t Evaluator::CreatedMs(const Person& person) const {
  return std::min(person.made_ms, FirstSeenMs(person).value_or(person.made_ms));
}

std::optional<int64_t> Evaluator::FirstSeenMs(const Person& person) const {
  std::optional<int64_t> first;
  const auto see = [&](int64_t ms) {
    if (!first || ms < *first) first = ms;
  };
  for (const Happened& event : person.events) see(event.time_ms);
  for (const Called& call : person.calls) see(call.time_ms);
  return first;
}

bool Evaluator::IsSaid(int64_t time_ms) const { return !then_ || time_ms <= clock_.now_ms; }

bool Evaluator::Is(const ast::HasLabel& has, const Place& place) const {
  const auto& words = place.person.labels;
  // The last word of each home on the label.
  return std::any_of(words.begin(), words.end(), [&](const LabelWord& word) {
    if (!word.added || !IsSaid(word.time_ms)) return false;
    for (const LabelWord& other : words) {
      const bool same = other.label == word.label && other.home == word.home;
      if (same && other.time_ms > word.time_ms && IsSaid(other.time_ms)) return false;
    }
    return std::any_of(has.labels.begin(), has.labels.end(),
                       [&](const ast::Literal& label) { return TextOf(label) == word.label; });
  });
}

bool Evaluator::Is(const ast::IsIdentified& is, const Place& place) const {
  const auto& held = place.person.identities;
  const bool identified = std::any_of(
      held.begin(), held.end(), [](const Held& one) { return one.names_a_person && !one.former; });
  return identified == is.identified;
}

bool Evaluator::Is(const ast::HasIdentity& has, const Place& place) const {
  const auto& held = place.person.identities;
  const bool any = std::any_of(held.begin(), held.end(), [&](const Held& one) {
    return !one.former && (!has.name_space || one.name_space == has.name_space->text);
  });
  return has.name_space ? any : !any;
}

bool Evaluator::Is(const ast::HasChannel& has, const Place& place) const {
  const std::string channel = TextOf(has.channel);
  for (const Happened* event : Come({place.person})) {
    const auto by = event->properties.find("channel");
    if (by != event->properties.end() && by->second == Value(channel)) return true;
  }
  return std::any_of(place.person.calls.begin(), place.person.calls.end(), [&](const Called& call) {
    return call.time_ms <= clock_.now_ms && call.channel == channel;
  });
}

bool Evaluator::Is(const ast::CreatedVia& created, const Place& place) const {
  return place.person.via == TextOf(created.via);
}

bool Evaluator::Is(const ast::KnownFor& known, const Place& place) const {
  return CreatedMs(place.person) <= clock_.Before(known.duration);
}

bool Evaluator::Is(const ast::Consent& consent, const Place& place) const {
  const auto guard = [](const ConsentWord& word) {
    return word.state == ast::ConsentState::kWithdrawn ? 2
           : word.state == ast::ConsentState::kUnknown ? 1
                                                       : 0;
  };
  // The latest of each address, and of each home that named none; of these the most guarded.
  const ConsentWord* holds = nullptr;
  for (const ConsentWord& word : place.person.consent) {
    if (word.channel != consent.channel.text || !IsSaid(word.time_ms)) continue;
    bool latest = true;
    for (const ConsentWord& other : place.person.consent) {
      const bool same = other.channel == word.channel && other.address == word.address &&
                        (!word.address.empty() || other.home == word.home);
      if (same && other.time_ms > word.time_ms && IsSaid(other.time_ms)) latest = false;
    }
    const auto rank = [&](const ConsentWord& one) { return std::pair(guard(one), one.time_ms); };
    if (latest && (!holds || rank(word) > rank(*holds))) holds = &word;
  }
  if (!holds) return consent.state == ast::ConsentState::kUnknown;
  if (holds->state != consent.state) return false;
  if (consent.since && holds->time_ms < clock_.MomentsOf(*consent.since).first) return false;
  return !consent.policy || holds->policy == TextOf(*consent.policy);
}

bool Evaluator::Is(const ast::InSegment& in, const Place& place) const {
  if (IsArchived(place.person)) return false;
  const Segment& segment = people_.definitions.segments.at(in.segment.text);
  if (!segment.filter) {
    const auto& ids = place.person.ids;
    return std::any_of(ids.begin(), ids.end(), [&](uint64_t id) {
      return std::count(segment.members.begin(), segment.members.end(), id) > 0;
    });
  }
  const Evaluator inside(people_, clock_.now_ms, Zone(segment.zone), then_);
  const bool holds = inside.Holds(*segment.filter, place.person);
  close_call_ = close_call_ || inside.close_call();
  return holds;
}

bool Evaluator::Is(const ast::InterestIn& in, const Place& place) const {
  const auto& interests = people_.definitions.interests;
  const Interest& interest =
      in.interest ? interests.at(in.interest->text) : interests.begin()->second;
  double all = 0;
  double own = 0;
  const auto show = [&](const std::string& text, double weight) {
    all += weight;
    if (text == TextOf(in.value)) own += weight;
  };
  for (const Happened* event : Come({place.person})) {
    double weight = 1;
    if (interest.half_life) {
      const int64_t half_ms = clock_.Moved(0, *interest.half_life, 1);
      weight = std::pow(
          0.5, static_cast<double>(clock_.now_ms - event->time_ms) / static_cast<double>(half_ms));
    }
    for (const auto& [type, property] : interest.shown) {
      const auto value = event->properties.find(property);
      if (event->type != type || value == event->properties.end()) continue;
      if (const auto* text = std::get_if<std::string>(&value->second)) show(*text, weight);
      const auto* list = std::get_if<TextList>(&value->second);
      for (size_t i = 0; list && i < list->size(); ++i) show((*list)[i], weight);
    }
  }
  if (all == 0) return false;
  const double share = own / all;
  const double asked = DoubleOf(in.share);
  if (interest.half_life && std::abs(share - asked) < 1e-9) close_call_ = true;
  return naive::Passes(in.op, share < asked ? -1 : share > asked ? 1 : 0);
}

bool Evaluator::Is(const ast::Sample&, const Place& place) const { return place.person.sampled; }

// --- What changed ---

// From each time at which something was written, what the policy makes of all that was by then.
std::vector<Write> Evaluator::Eras(const Person& person, const std::string& trait) const {
  std::set<int64_t> times;
  const auto known = person.traits.find(trait);
  if (known == person.traits.end()) return {};
  for (const Write& write : known->second) {
    if (write.time_ms <= clock_.now_ms) times.insert(write.time_ms);
  }
  std::vector<Write> eras;
  for (const int64_t ms : times) eras.push_back({ms, ShownAt(person, trait, ms)});
  return eras;
}

bool Evaluator::Was(const ast::Was& was, const std::vector<Write>& eras) const {
  Moments window = was.window ? clock_.MomentsOf(*was.window) : Moments();
  window.last = std::min(window.last, clock_.now_ms);
  for (size_t i = 0; i < eras.size(); ++i) {
    const int64_t until = i + 1 < eras.size() ? eras[i + 1].time_ms - 1 : clock_.now_ms;
    const int64_t first = std::max(eras[i].time_ms, window.first);
    if (first > std::min(until, window.last) || IsMissing(eras[i].value)) continue;
    if (Order(eras[i].value, was.value, clock_) == 0) return true;
  }
  return false;
}

bool Evaluator::Changed(const ast::Changed& changed, const std::vector<Write>& eras) const {
  const Moments window = changed.window ? clock_.MomentsOf(*changed.window) : Moments();
  const auto is = [&](const Value& value, const std::optional<ast::Literal>& asked) {
    return !asked || (!IsMissing(value) && Order(value, *asked, clock_) == 0);
  };
  for (size_t i = 1; i < eras.size(); ++i) {
    if (IsMissing(eras[i - 1].value) || eras[i].value == eras[i - 1].value) continue;
    if (!window.Has(eras[i].time_ms)) continue;
    if (is(eras[i - 1].value, changed.from) && is(eras[i].value, changed.to)) return true;
  }
  return false;
}

bool Evaluator::Stays(const ast::StaysFor& stays, const std::vector<Write>& eras) const {
  const int64_t since = clock_.Before(stays.duration);
  if (eras.empty() || eras[0].time_ms > since) return false;
  for (size_t i = 0; i < eras.size(); ++i) {
    const bool is_over = i + 1 < eras.size() && eras[i + 1].time_ms <= since;
    if (!is_over && !Compares(eras[i].value, stays.compare, clock_)) return false;
  }
  return true;
}

}  // namespace roster::query::naive
