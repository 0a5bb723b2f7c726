// SPDX-License-Identifier: Apache-2.0
#include "query/operators/steps.h"

#include <algorithm>
#include <map>
#include <tuple>

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

// At once; a few dozen bytes each.
constexpr size_t kMaxHits = size_t{1} << 18;

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

Steps::Steps(BoundSequence bound, const ReadView& view, Preparation* preparation)
    : bound_(std::move(bound)) {
  events_.reserve(bound_.steps.size());
  for (BoundStep& step : bound_.steps) {
    events_.emplace_back(std::exchange(step.events, {}), view, preparation);
  }
}

std::vector<ChunkBits> Steps::SlicesOf(const ReadView& view, uint32_t chunk,
                                       const ChunkBits& rows) const {
  size_t num_events = 0;
  for (const EventSet& step : events_) {
    for (const EventFilter& filter : step.filters()) {
      const EventPartition& partition = view->partition(filter.event());
      if (chunk >= partition.num_blocks()) continue;
      num_events += partition.block(chunk).sealed->size() + partition.block(chunk).tail.size();
    }
  }
  if (num_events <= kMaxHits) return {rows};
  const auto width =
      static_cast<uint32_t>(kChunkRows / std::min<size_t>(num_events / kMaxHits + 1, kChunkRows));
  std::vector<ChunkBits> slices;
  uint32_t end = 0;
  rows.ForEach([&](uint32_t offset) {
    if (offset >= end) {
      slices.emplace_back();
      end = (offset / width + 1) * width;
    }
    slices.back().Set(offset);
  });
  return slices;
}

std::vector<std::pair<uint32_t, StepHit>> Steps::HitsIn(const ReadView& view, uint32_t chunk,
                                                        const ChunkBits& rows) const {
  std::vector<std::pair<uint32_t, StepHit>> hits;
  for (uint32_t step = 0; step < events_.size(); ++step) {
    const std::vector<EventFilter>& filters = events_[step].filters();
    for (uint32_t f = 0; f < filters.size(); ++f) {
      filters[f].ForEachIn(view, chunk, rows,
                           [&](uint32_t offset, const EventBlock& block, EventRef event) {
                             if (!rows.Test(offset)) return;
                             const EventPlace place = PlaceOf(filters[f].event(), block, event);
                             hits.emplace_back(offset, StepHit{place, step, f, &block, event});
                           });
    }
  }
  std::sort(hits.begin(), hits.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first, a.second.place, a.second.step) <
           std::tie(b.first, b.second.place, b.second.step);
  });
  return hits;
}

std::vector<StepHit> Steps::HitsOf(const ReadView& view, RowId row) const {
  std::vector<StepHit> hits;
  for (uint32_t step = 0; step < events_.size(); ++step) {
    const std::vector<EventFilter>& filters = events_[step].filters();
    for (uint32_t f = 0; f < filters.size(); ++f) {
      filters[f].ForEachOf(view, row, [&](const EventBlock& block, EventRef event) {
        hits.push_back({PlaceOf(filters[f].event(), block, event), step, f, &block, event});
      });
    }
  }
  std::sort(hits.begin(), hits.end(), [](const StepHit& a, const StepHit& b) {
    return std::tie(a.place, a.step) < std::tie(b.place, b.step);
  });
  return hits;
}

std::vector<std::optional<std::string>> Steps::KeysOf(const ReadView& view, RowId row,
                                                      const std::vector<StepHit>& hits) const {
  std::map<EventPlace, size_t> sessions;
  if (bound_.same_session) sessions = SessionsByPlace(view, row);
  std::vector<std::optional<std::string>> keys;
  for (const StepHit& hit : hits) {
    const BoundStep& step = bound_.steps[hit.step];
    const EventFilter& filter = events_[hit.step].filters()[hit.filter];
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

std::optional<int64_t> Steps::LimitAfter(uint32_t step, int64_t time_ms) const {
  const std::optional<ast::Duration>& within = bound_.steps[step + 1].within;
  if (!within) return std::nullopt;
  return After({time_ms}, *within, bound_.zone);
}

void Steps::AddDependencies(Dependencies* dependencies) const {
  for (const EventSet& one : events_) one.AddDependencies(dependencies);
  if (bound_.same_session) dependencies->sessions = true;
}

}  // namespace roster::query
