// SPDX-License-Identifier: Apache-2.0
//
// What followed what, funnels, sessions: every chain is tried.
#include <algorithm>
#include <cstdio>
#include <map>
#include <tuple>

#include "tests/query/naive/evaluator.h"

namespace roster::query::naive {
namespace {

// Where whoever came was silent for so long, a session ends.
constexpr int64_t kSilenceMs = 30 * 60'000;

bool IsBefore(const Happened& a, const Happened& b) {
  return std::tie(a.time_ms, a.id, a.type) < std::tie(b.time_ms, b.id, b.type);
}

// What was said of it last; of one moment the greater value.
Value Said(const Visit& visit, const std::string& name) {
  const SessionWord* last = nullptr;
  for (const SessionWord* word : visit.words) {
    if (word->said.count(name) == 0) continue;
    const auto rank = [&](const SessionWord* one) {
      return std::tie(one->time_ms, one->said.at(name));
    };
    if (!last || rank(last) < rank(word)) last = word;
  }
  return last ? last->said.at(name) : Value();
}

Value TextOrMissing(const Value& said) {
  const auto* text = std::get_if<std::string>(&said);
  return text && text->empty() ? Value() : said;
}

}  // namespace

// Steps, and what holds of all of them.
struct Evaluator::Chain {
  const std::vector<ast::Step>& steps;
  const std::vector<ast::Name>& same;
  bool same_session;
  const Place& place;
  std::vector<const Happened*> come;
  std::map<const Happened*, size_t> session;
};

// Whether two events may stand in one chain.
bool Evaluator::Fits(const Chain& chain, const Happened& event, const Happened& before) const {
  for (const ast::Name& name : chain.same) {
    const auto a = event.properties.find(name.text);
    const auto b = before.properties.find(name.text);
    if (a == event.properties.end() || b == before.properties.end()) return false;
    if (a->second != b->second) return false;
  }
  return !chain.same_session || chain.session.at(&event) == chain.session.at(&before);
}

bool Evaluator::NeverFollows(const Chain& chain, const ast::Step& step,
                             const Happened& last) const {
  const int64_t until = clock_.Moved(last.time_ms, *step.within, 1);
  if (clock_.now_ms < until) return false;
  return std::none_of(chain.come.begin(), chain.come.end(), [&](const Happened* event) {
    return IsBefore(last, *event) && event->time_ms <= until && Fits(chain, *event, last) &&
           Passes(step.events, *event, chain.place.person);
  });
}

bool Evaluator::Follows(const Chain& chain, size_t step,
                        const std::vector<const Happened*>& so_far) const {
  const Happened& last = *so_far.back();
  if (!Fits(chain, last, last)) return false;
  if (step == chain.steps.size()) return true;
  const ast::Step& next = chain.steps[step];
  if (next.negated) return NeverFollows(chain, next, last);
  for (const Happened* event : chain.come) {
    if (!IsBefore(last, *event) || !Fits(chain, *event, last)) continue;
    if (next.within && event->time_ms > clock_.Moved(last.time_ms, *next.within, 1)) continue;
    if (!Passes(next.events, *event, chain.place.person)) continue;
    std::vector<const Happened*> longer = so_far;
    longer.push_back(event);
    if (Follows(chain, step + 1, longer)) return true;
  }
  return false;
}

bool Evaluator::Is(const ast::Sequence& sequence, const Place& place) const {
  Chain chain{sequence.steps, sequence.same, sequence.same_session, place, Come(place), {}};
  if (chain.same_session) chain.session = SessionOfEvents(place.person);
  const ast::Events& first = sequence.steps[0].events;
  const auto follows = [&](const Happened* event) { return Follows(chain, 1, {event}); };
  if (sequence.start == ast::Start::kNth) {
    const Happened* event = AtPlace(first, sequence.place, place);
    return event && Passes(first, *event, place.person) &&
           IsInWindow(first.window, *event, place.person) && follows(event);
  }
  const auto firsts = Meant(first, place);
  if (sequence.start == ast::Start::kSome)
    return std::any_of(firsts.begin(), firsts.end(), follows);
  return !firsts.empty() && std::all_of(firsts.begin(), firsts.end(), follows);
}

size_t Evaluator::Furthest(const ast::Funnel& funnel, const Chain& chain,
                           const std::vector<const Happened*>& so_far) const {
  size_t furthest = so_far.size();
  if (furthest == chain.steps.size()) return furthest;
  for (const Happened* event : chain.come) {
    const ast::Step& next = chain.steps[so_far.size()];
    if (!Passes(next.events, *event, chain.place.person) || !Fits(chain, *event, *event)) continue;
    if (so_far.empty()) {
      if (!IsInWindow(next.events.window, *event, chain.place.person)) continue;
    } else {
      const Happened& last = *so_far.back();
      if (!IsBefore(last, *event) || !Fits(chain, *event, last)) continue;
      const int64_t since = funnel.each ? last.time_ms : so_far[0]->time_ms;
      const ast::Duration limit = funnel.each ? *funnel.each : *funnel.overall;
      if (event->time_ms > clock_.Moved(since, limit, 1)) continue;
    }
    std::vector<const Happened*> longer = so_far;
    longer.push_back(event);
    furthest = std::max(furthest, Furthest(funnel, chain, longer));
  }
  return furthest;
}

size_t Evaluator::Reached(const ast::Funnel& funnel, const Person& person) const {
  const Place place{person};
  Chain chain{funnel.steps, funnel.same, funnel.same_session, place, Come(place), {}};
  if (chain.same_session) chain.session = SessionOfEvents(person);
  return Furthest(funnel, chain, {});
}

// --- Sessions ---

std::map<const Happened*, size_t> Evaluator::SessionOfEvents(const Person& person) const {
  std::map<const Happened*, size_t> session;
  const std::vector<Visit> visits = VisitsOf(person);
  for (size_t v = 0; v < visits.size(); ++v) {
    for (const Happened* event : visits[v].events) session[event] = v;
  }
  return session;
}

// Given ones, and those that are cut where whoever came was silent.
std::vector<Visit> Evaluator::VisitsOf(const Person& person) const {
  std::vector<Visit> visits;
  const auto given = [&](const std::string& id) -> Visit& {
    for (Visit& visit : visits) {
      if (visit.given == id) return visit;
    }
    visits.push_back({id, {}, {}});
    return visits.back();
  };
  std::map<std::string, std::vector<const Happened*>> streams;
  for (const Happened* event : Come({person})) {
    const auto session = event->properties.find("session");
    if (session == event->properties.end()) {
      streams[event->origin].push_back(event);
    } else {
      given(std::get<std::string>(session->second)).events.push_back(event);
    }
  }
  for (const SessionWord& word : person.sessions) {
    if (word.time_ms <= clock_.now_ms) given(word.id).words.push_back(&word);
  }
  for (const auto& [origin, events] : streams) {
    for (size_t i = 0; i < events.size(); ++i) {
      const bool cut = i == 0 || events[i]->time_ms - events[i - 1]->time_ms >= kSilenceMs;
      if (cut) visits.push_back({});
      visits.back().events.push_back(events[i]);
    }
  }
  return visits;
}

std::optional<int64_t> Evaluator::StartOf(const Visit& visit) const {
  const Value said = Said(visit, "start");
  if (const auto* time = std::get_if<Timestamp>(&said)) return time->ms;
  if (!visit.events.empty()) return visit.events.front()->time_ms;
  std::optional<int64_t> first;
  for (const SessionWord* word : visit.words) {
    first = first ? std::min(*first, word->time_ms) : word->time_ms;
  }
  return first;
}

std::optional<int64_t> Evaluator::EndOf(const Visit& visit) const {
  const Value said = Said(visit, "end");
  if (const auto* time = std::get_if<Timestamp>(&said)) return time->ms;
  if (!visit.events.empty()) return visit.events.back()->time_ms;
  std::optional<int64_t> last;
  for (const SessionWord* word : visit.words) {
    last = last ? std::max(*last, word->time_ms) : word->time_ms;
  }
  return last;
}

Value Evaluator::OfVisit(const std::string& name, const Visit& visit) const {
  const auto start = StartOf(visit);
  const auto end = EndOf(visit);
  if (name == "start") return start ? Value(Timestamp{*start}) : Value();
  if (name == "end") return end ? Value(Timestamp{*end}) : Value();
  if (name == "duration") return start && end ? Value(*end - *start) : Value();
  if (name == "events") return static_cast<int64_t>(visit.events.size());
  if (name == "agent_takeover") return Said(visit, name) == Value(true);
  if (name == "id") {
    if (!visit.given.empty()) return visit.given;
    char id[17];
    std::snprintf(id, sizeof(id), "%016llx",
                  static_cast<unsigned long long>(visit.events.front()->id));
    return std::string(id);
  }
  Value said = TextOrMissing(Said(visit, name));
  if (name == "kind" && IsMissing(said)) return std::string("visit");
  if (name != "channel" || !IsMissing(said)) return said;
  // Else of its first event that has one.
  for (const Happened* event : visit.events) {
    const auto channel = event->properties.find("channel");
    if (channel != event->properties.end()) return TextOrMissing(channel->second);
  }
  return {};
}

bool Evaluator::Is(const ast::Sessions& sessions, const Place& place) const {
  int64_t meant = 0;
  int64_t pass = 0;
  for (const Visit& visit : VisitsOf(place.person)) {
    // What is said to begin later has not come yet.
    const auto start = StartOf(visit);
    if (!start || *start > clock_.now_ms) continue;
    if (sessions.window && !clock_.MomentsOf(*sessions.window).Has(*start)) continue;
    ++meant;
    if (Holds(sessions.condition[0], Place{place.person, nullptr, &visit})) ++pass;
  }
  switch (sessions.quantifier) {
    case ast::Quantifier::kAll:
      return meant > 0 && pass == meant;
    case ast::Quantifier::kNo:
      return pass == 0;
    case ast::Quantifier::kAny:
      break;
  }
  switch (sessions.op) {
    case ast::CountOp::kAtLeast:
      return pass >= sessions.times;
    case ast::CountOp::kAtMost:
      return pass <= sessions.times;
    case ast::CountOp::kExactly:
      return pass == sessions.times;
  }
  return false;
}

}  // namespace roster::query::naive
