// SPDX-License-Identifier: Apache-2.0
#include "query/steps/steps.h"

#include <algorithm>

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

// Which session each event of a row is of.
class SessionsByPlace {
 public:
  SessionsByPlace(const ReadView& view, RowId row) {
    const std::vector<FoundEvent> events = FindEvents(view.state(), row);
    const Sessions sessions(view, row, events);
    const size_t num_come = ComeBy(events, view.clock()).size();
    for (size_t i = 0; i < num_come; ++i) {
      const EventPlace place{events[i].time.ms, events[i].id.value, events[i].type.value};
      by_place_.emplace_back(place, sessions.OfEvent(i));
    }
    std::sort(by_place_.begin(), by_place_.end());  // nearly is
  }
  // Nothing of one that has not come.
  std::optional<size_t> Of(const EventPlace& place) const {
    const auto found =
        std::lower_bound(by_place_.begin(), by_place_.end(), std::pair(place, size_t{0}));
    if (found == by_place_.end() || found->first != place) return std::nullopt;
    return found->second;
  }

 private:
  std::vector<std::pair<EventPlace, size_t>> by_place_;
};

// Nothing where the calendar says it, or nobody, or it is longer than time is.
std::optional<int64_t> LengthOf(const std::optional<ast::Duration>& within) {
  if (!within || FixedLength(within->unit) == 0) return std::nullopt;
  const Int128 length_ms = Int128{within->amount} * FixedLength(within->unit);
  if (length_ms < 0 || length_ms > Steps::kForEver) return std::nullopt;
  return static_cast<int64_t>(length_ms);
}

}  // namespace

Steps::Steps(BoundSequence bound, const ReadView& view, Preparation* preparation)
    : bound_(std::move(bound)) {
  BoundEventSet chosen_among;
  if (bound_.start == ast::Start::kNth) chosen_among = AllOf(bound_.steps[0].events);
  for (BoundStep& step : bound_.steps) {
    events_.emplace_back(std::exchange(step.events, {}), view, preparation);
    lengths_ms_.push_back(LengthOf(step.within));
    most_ms_.push_back(static_cast<uint64_t>(lengths_ms_.back().value_or(-1)));
    has_keys_ |= !step.same.empty();
    has_no_lengths_ &= !step.within;
  }
  if (bound_.start == ast::Start::kNth) {
    events_.emplace_back(std::move(chosen_among), view, preparation);
  }
}

bool Steps::IsPlain() const {
  for (uint32_t step = 0; step < size(); ++step) {
    const bool by_calendar = bound_.steps[step].within && !lengths_ms_[step];
    if (bound_.steps[step].negated || by_calendar) return false;
  }
  return !has_keys_ && events_.size() == size();
}

std::vector<std::vector<StepHit>> Steps::HitsOf(const ReadView& view, RowId row) const {
  std::vector<std::vector<StepHit>> hits;
  for (const EventSet& step : events_) hits.push_back(query::HitsOf(step, view, row));
  return hits;
}

std::optional<std::string> Steps::KeyOf(const ReadView& view, uint32_t step,
                                        const StepHit& hit) const {
  std::string key;
  const BoundStep& bound = bound_.steps[step];
  if (bound.same.empty()) return key;
  const EventTypeId type = events_[step].filters()[hit.filter].event();
  for (const PropertyId property : bound.same[hit.filter]) {
    const std::optional<int64_t> cell = PropertyOf(*hit.block, hit.event, property);
    if (!cell) return std::nullopt;
    AddKey(view->partition(type).properties()[property.value], *cell, &key);
  }
  return key;
}

Steps::Groups Steps::GroupsOf(const ReadView& view, RowId row,
                              absl::Span<const StepRun> runs) const {
  std::optional<SessionsByPlace> sessions;
  if (bound_.same_session) sessions.emplace(view, row);
  Groups groups;
  for (uint32_t step = 0; step < size(); ++step) {
    for (uint32_t i = 0; i < runs[step].size(); ++i) {
      const StepHit hit = runs[step].HitAt(i);
      std::optional<std::string> key = KeyOf(view, step, hit);
      if (!key) continue;
      if (sessions) {
        const std::optional<size_t> session = sessions->Of(hit.place);
        if (!session) continue;
        ByteWriter(&*key).Varint(*session);
      }
      groups.try_emplace(*std::move(key), size()).first->second[step].push_back(hit);
    }
  }
  return groups;
}

int64_t Steps::LimitByCalendar(uint32_t step, int64_t time_ms) const {
  const std::optional<ast::Duration>& within = bound_.steps[step + 1].within;
  return within ? After({time_ms}, *within, bound_.zone) : kForEver;
}

void Steps::AddDependencies(Dependencies* dependencies) const {
  for (uint32_t step = 0; step < size(); ++step) events_[step].AddDependencies(dependencies);
  if (bound_.same_session) dependencies->sessions = true;
}

}  // namespace roster::query
