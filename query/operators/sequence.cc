// SPDX-License-Identifier: Apache-2.0
#include "query/operators/sequence.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "query/window.h"
#include "storage/base/bytes.h"
#include "storage/memory/people/found_events.h"
#include "storage/memory/people/sessions.h"

namespace roster::query {
namespace {

// A cell so that equal values of any type of events are equal texts.
void AddKey(const CellType& type, int64_t cell, std::string* key) {
  ByteWriter out(key);
  if (type.dictionary != nullptr) {
    out.Text(type.dictionary->Text(static_cast<uint32_t>(cell)));
  } else {
    out.Signed(type.type == ValueType::kNumber && DoubleOf(cell) == 0 ? 0 : cell);
  }
}

// Which session each event of a row is of, by its place.
std::map<EventPlace, size_t> SessionsByPlace(const ReadView& view, RowId row) {
  const std::vector<FoundEvent> events = FindEvents(view.state(), row);
  const Sessions sessions(view, row, events);
  std::map<EventPlace, size_t> by_place;
  const size_t num_come = ComeBy(events, view.clock()).size();
  for (size_t i = 0; i < num_come; ++i) {
    const EventPlace place{events[i].time.ms, events[i].id.value, events[i].type.value};
    by_place.emplace(place, sessions.OfEvent(i));
  }
  return by_place;
}

}  // namespace

SequenceOperator::SequenceOperator(BoundSequence bound, const ReadView& view,
                                   Preparation* preparation)
    : bound_(std::move(bound)) {
  steps_.reserve(bound_.steps.size());
  for (BoundStep& step : bound_.steps) {
    steps_.emplace_back(std::exchange(step.events, {}), view, preparation);
  }
}

void SequenceOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  if (!rows->Any()) return;
  std::vector<std::pair<uint32_t, Hit>> hits;
  for (uint32_t step = 0; step < steps_.size(); ++step) {
    const std::vector<EventFilter>& filters = steps_[step].filters();
    for (uint32_t f = 0; f < filters.size(); ++f) {
      filters[f].ForEachIn(view, chunk,
                           [&](uint32_t offset, const EventBlock& block, EventRef event) {
                             if (!rows->Test(offset)) return;
                             const EventPlace place = PlaceOf(filters[f].event(), block, event);
                             hits.emplace_back(offset, Hit{place, step, f, &block, event});
                           });
    }
  }
  std::sort(hits.begin(), hits.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first, a.second.place, a.second.step) <
           std::tie(b.first, b.second.place, b.second.step);
  });
  size_t next = 0;
  rows->ForEach([&](uint32_t offset) {
    std::vector<Hit> of_row;
    for (; next < hits.size() && hits[next].first == offset; ++next) {
      of_row.push_back(hits[next].second);
    }
    if (!Holds(view, RowAt(chunk, offset), of_row)) rows->Clear(offset);
  });
}

bool SequenceOperator::Matches(const ReadView& view, RowId row) const {
  std::vector<Hit> hits;
  for (uint32_t step = 0; step < steps_.size(); ++step) {
    const std::vector<EventFilter>& filters = steps_[step].filters();
    for (uint32_t f = 0; f < filters.size(); ++f) {
      filters[f].ForEachOf(view, row, [&](const EventBlock& block, EventRef event) {
        hits.push_back({PlaceOf(filters[f].event(), block, event), step, f, &block, event});
      });
    }
  }
  std::sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) {
    return std::tie(a.place, a.step) < std::tie(b.place, b.step);
  });
  return Holds(view, row, hits);
}

std::vector<std::optional<std::string>> SequenceOperator::KeysOf(
    const ReadView& view, RowId row, const std::vector<Hit>& hits) const {
  std::map<EventPlace, size_t> sessions;
  if (bound_.same_session) sessions = SessionsByPlace(view, row);
  std::vector<std::optional<std::string>> keys;
  for (const Hit& hit : hits) {
    const BoundStep& step = bound_.steps[hit.step];
    const EventFilter& filter = steps_[hit.step].filters()[hit.filter];
    std::optional<std::string>& key = keys.emplace_back(std::string());
    if (!step.same.empty()) {
      for (const PropertyId property : step.same[hit.filter]) {
        const CellType& type = view->partition(filter.event()).properties()[property.value];
        const std::optional<int64_t> cell = PropertyOf(*hit.block, hit.event, property);
        if (!cell) key.reset();
        if (!key) break;
        AddKey(type, *cell, &*key);
      }
    }
    if (!key || !bound_.same_session) continue;
    const auto session = sessions.find(hit.place);
    if (session == sessions.end()) {
      key.reset();
    } else {
      ByteWriter(&*key).Varint(session->second);
    }
  }
  return keys;
}

std::optional<int64_t> SequenceOperator::LimitAfter(uint32_t step, int64_t time_ms) const {
  const std::optional<ast::Duration>& within = bound_.steps[step + 1].within;
  if (!within) return std::nullopt;
  return After({time_ms}, *within, bound_.zone);
}

// From the last event to the first: what counts of what follows is, for each step, the earliest
// event that begins the rest of a chain, for no later one is nearer.
bool SequenceOperator::Holds(const ReadView& view, RowId row, const std::vector<Hit>& hits) const {
  using Places = std::vector<std::optional<EventPlace>>;  // by step
  if (hits.empty()) return false;
  const std::vector<std::optional<std::string>> keys = KeysOf(view, row, hits);
  std::optional<EventPlace> chosen;
  if (bound_.start == ast::Start::kNth) {
    chosen = Chosen(steps_[0].filters(), bound_.place, view, row);
  }
  std::map<std::string, Places> following;
  const auto begins = [&](const Hit& hit, const Places& next) {
    if (hit.step + 1 == steps_.size()) return true;
    const std::optional<int64_t> limit_ms = LimitAfter(hit.step, hit.place.time_ms);
    const std::optional<EventPlace>& after = next[hit.step + 1];
    const bool comes = after && (!limit_ms || after->time_ms <= *limit_ms);
    if (!bound_.steps[hit.step + 1].negated) return comes;
    return !comes && limit_ms && view.clock().ms >= *limit_ms;
  };
  bool any = false;
  bool every = true;
  for (size_t end = hits.size(); end > 0;) {
    size_t begin = end;  // the hits of one event
    while (begin > 0 && hits[begin - 1].place == hits[end - 1].place) --begin;
    std::vector<size_t> valid;
    for (size_t h = begin; h < end; ++h) {
      const bool is_first = hits[h].step == 0;
      bool holds = false;
      if (keys[h]) {
        Places& next = following.try_emplace(*keys[h], steps_.size()).first->second;
        holds = begins(hits[h], next);
      }
      if (holds) valid.push_back(h);
      if (!is_first || (bound_.start == ast::Start::kNth && hits[h].place != chosen)) continue;
      any |= holds;
      every &= holds;
    }
    for (const size_t h : valid) following[*keys[h]][hits[h].step] = hits[h].place;
    end = begin;
  }
  return any && (bound_.start != ast::Start::kEvery || every);
}

std::optional<Timestamp> SequenceOperator::NextChange(const ReadView& view, RowId row) const {
  std::optional<Timestamp> next;
  for (const EventSet& step : steps_) next = Earlier(next, step.NextChange(view, row));
  if (!bound_.steps.back().negated) return next;
  // What did not come is known when its time is over.
  const auto last = static_cast<uint32_t>(steps_.size()) - 2;
  steps_[last].ForEachOf(view, row, [&](const EventBlock& block, EventRef event) {
    const std::optional<int64_t> limit_ms = LimitAfter(last, TimeOf(block, event).ms);
    if (limit_ms && *limit_ms > view.clock().ms) next = Earlier(next, Timestamp{*limit_ms});
  });
  return next;
}

void SequenceOperator::AddDependencies(Dependencies* dependencies) const {
  for (const EventSet& step : steps_) step.AddDependencies(dependencies);
}

// --- Resumed ---

ResumedOperator::ResumedOperator(BoundResumed bound, const ReadView& view, Preparation* preparation)
    : bound_(std::move(bound)), events_(std::exchange(bound_.events, {}), view, preparation) {}

bool ResumedOperator::Holds(const std::vector<int64_t>& times, Timestamp now) const {
  const TimeRange range = bound_.window.UntilNow(now);
  for (size_t i = 1; i < times.size(); ++i) {
    if (!range.Contains(times[i])) continue;
    if (After({times[i - 1]}, bound_.silence, bound_.zone) <= times[i]) return true;
  }
  return false;
}

void ResumedOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  if (!rows->Any()) return;
  std::vector<std::pair<uint32_t, int64_t>> times;
  events_.ForEachIn(view, chunk, [&](uint32_t offset, const EventBlock& block, EventRef event) {
    if (rows->Test(offset)) times.emplace_back(offset, TimeOf(block, event).ms);
  });
  std::sort(times.begin(), times.end());
  size_t next = 0;
  rows->ForEach([&](uint32_t offset) {
    std::vector<int64_t> of_row;
    for (; next < times.size() && times[next].first == offset; ++next) {
      of_row.push_back(times[next].second);
    }
    if (!Holds(of_row, view.clock())) rows->Clear(offset);
  });
}

bool ResumedOperator::Matches(const ReadView& view, RowId row) const {
  std::vector<int64_t> times;
  events_.ForEachOf(view, row, [&](const EventBlock& block, EventRef event) {
    times.push_back(TimeOf(block, event).ms);
  });
  std::sort(times.begin(), times.end());
  return Holds(times, view.clock());
}

std::optional<Timestamp> ResumedOperator::NextChange(const ReadView& view, RowId row) const {
  std::optional<Timestamp> next = events_.NextChange(view, row);
  events_.ForEachOf(view, row, [&](const EventBlock& block, EventRef event) {
    next = Earlier(next, bound_.window.NextChange(view.clock(), TimeOf(block, event).ms));
  });
  return next;
}

}  // namespace roster::query
