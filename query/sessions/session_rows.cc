// SPDX-License-Identifier: Apache-2.0
#include "query/sessions/session_rows.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "query/sessions/needs.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/people/own_records.h"

namespace roster::query {
namespace {

// The rows of which clients said something of sessions.
ChunkBits SpokenOf(const ReadView& view, uint32_t chunk, const ChunkEvents& events) {
  ChunkBits rows = events.RowsWithGiven();
  if (const auto records = view.schema().FindEvent(kSessionRecords)) {
    rows.Or(RowsWithRecords(view.state(), *records, chunk));
  }
  return rows;
}

}  // namespace

SessionRows::SessionRows(const BoundSessions& bound, const PlanOfProfile& plan,
                         const ReadView& view, Preparation* preparation)
    : all_(bound.all),
      min_(bound.min),
      max_(bound.max),
      max_is_open_(bound.max == std::numeric_limits<int64_t>::max()),
      range_(bound.window.UntilNow(view.clock())),
      limits_(preparation->limits()),
      is_ever_(IsEver(bound.window)),
      least_to_pass_(LeastEventsFor(bound.condition[0], true)),
      least_to_fail_(LeastEventsFor(bound.condition[0], false)) {
  const BoundFilter& condition = bound.condition[0];
  BoundLogic needed;
  needed.children.push_back(WithEvents(view.schema(), bound.window));
  WantedSessions wanted{view.schema(), bound.window};
  if (!all_ && min_ > 0) wanted.times = min_;
  if (auto more = NeededFor(condition, wanted)) {
    needed.children.push_back(*std::move(more));
    needed_ = plan({std::move(needed)});
  } else {
    needed_ = plan(std::move(needed.children[0]));
  }
  // When sessions begin is known only of cut ones.
  if (is_ever_ && OneDecides()) {
    if (auto enough = EnoughFor(condition)) enough_ = plan(*std::move(enough));
  }
  if (is_ever_ && (OneDecides() || all_)) {
    auto failing = NeededFor(condition, {view.schema(), bound.window, false});
    if (failing) failing_ = plan(*std::move(failing));
  }
  test_ = MakeSessionTest(condition, plan, view, preparation);
}

void SessionRows::Narrow(const ReadView& view, uint32_t chunk, ChunkBits* rows,
                         const std::function<bool(RowId)>& passes) const {
  if (!rows->Any()) return;
  constexpr uint32_t kRowsPerCheck = 256;
  constexpr size_t kRowsAhead = 8;
  uint32_t seen = 0;
  const auto stops = [&] { return seen++ % kRowsPerCheck == 0 && !limits_.Check().ok(); };
  ChunkEvents events = ChunkEvents::OfSessionsBegunIn(view, chunk, range_);
  ChunkBits spoken_of = SpokenOf(view, chunk, events);
  spoken_of.And(*rows);
  ChunkBits undecided = *rows;
  undecided.AndNot(spoken_of);
  rows->ClearAll();
  Decide(view, chunk, &undecided, rows);
  DecideByNumbers(events, &undecided, rows);
  bool stopped = false;
  const auto ask = [&](uint32_t offset) {
    stopped = stopped || stops();
    if (!stopped && passes(RowAt(chunk, offset))) rows->Set(offset);
  };
  spoken_of.ForEach(ask);
  if (!undecided.Any()) return;
  const CutSessionTest test = test_->In({view, chunk, events, undecided});
  std::vector<uint16_t> offsets;
  undecided.ForEach([&](uint32_t offset) { offsets.push_back(static_cast<uint16_t>(offset)); });
  for (size_t i = 0; i < offsets.size() && !(stopped |= stops()); ++i) {
    // Runs of rows that are asked about lie apart.
    if (i + kRowsAhead < offsets.size()) events.Prefetch(offsets[i + kRowsAhead]);
    if (!events.Read(offsets[i])) {
      ask(offsets[i]);
    } else if (PassesCut(&events, offsets[i], test)) {
      rows->Set(offsets[i]);
    }
  }
}

void SessionRows::Decide(const ReadView& view, uint32_t chunk, ChunkBits* undecided,
                         ChunkBits* passed) const {
  ChunkBits none = *undecided;
  needed_->Evaluate(view, chunk, undecided);
  none.AndNot(*undecided);
  if (Passes(0, 0)) *passed = none;
  ChunkBits certain;
  if (failing_ != nullptr) {
    ChunkBits failing = *undecided;
    failing_->Evaluate(view, chunk, &failing);
    certain = *undecided;
    certain.AndNot(failing);
    undecided->AndNot(certain);
  }
  if (enough_ != nullptr) {
    ChunkBits enough = *undecided;
    enough_->Evaluate(view, chunk, &enough);
    certain.Or(enough);
    undecided->AndNot(enough);
  }
  if (Passes(1, 1)) passed->Or(certain);
}

void SessionRows::DecideByNumbers(const ChunkEvents& events, ChunkBits* undecided,
                                  ChunkBits* passed) const {
  const int64_t num_wanted = all_ ? 1 : std::max<int64_t>(min_, 1);
  const bool one_is_known = is_ever_ && (OneDecides() || all_);
  const bool may_be_few = least_to_pass_ > 1 || num_wanted > 1;
  if (!may_be_few && !(one_is_known && least_to_fail_ > 1)) return;
  const ChunkBits asked = *undecided;
  asked.ForEach([&](uint32_t offset) {
    const int64_t num = events.NumOf(offset);
    const bool none = num < least_to_pass_;
    const bool too_few = !all_ && num / num_wanted < least_to_pass_ && min_ > 0;
    const bool all = one_is_known && num < least_to_fail_;
    if (!none && !too_few && !all) return;
    undecided->Clear(offset);
    if (none ? Passes(0, 0) : !too_few && Passes(1, 1)) passed->Set(offset);
  });
}

bool SessionRows::PassesCut(ChunkEvents* events, uint32_t offset,
                            const CutSessionTest& test) const {
  int64_t num_meant = 0;
  int64_t num_passed = 0;
  events->ForEachSession(range_, [&](size_t begin, size_t end) {
    if (!range_.Contains(events->TimeAt(begin))) return true;
    ++num_meant;
    num_passed += test({*events, offset, begin, end}) ? 1 : 0;
    return !IsKnown(num_meant, num_passed);
  });
  return Passes(num_meant, num_passed);
}

}  // namespace roster::query
