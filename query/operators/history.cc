// SPDX-License-Identifier: Apache-2.0
#include "query/operators/history.h"

#include <algorithm>
#include <limits>

#include "query/cells/cell_test.h"
#include "query/window.h"
#include "storage/memory/cells.h"
#include "storage/memory/people/implied_time.h"
#include "storage/memory/people/own_records.h"
#include "storage/memory/people/trait_writes.h"

namespace roster::query {
namespace {

// The rows of which more than one thing was said.
ChunkBits RowsWithSeveral(TraitId trait, const ReadView& view, uint32_t chunk) {
  const std::optional<EventTypeId> records = view.schema().trait(trait).records;
  return records ? RowsWithRecords(view.state(), *records, chunk) : ChunkBits();
}

// The rows of which a value is there, or was.
ChunkBits RowsWith(TraitId trait, const ReadView& view, uint32_t chunk) {
  ChunkBits rows = RowsWithSeveral(trait, view, chunk);
  const Column& column = view->column(trait);
  if (chunk < column.num_chunks()) rows.Or(column.chunk(chunk).present);
  return rows;
}

}  // namespace

Value ValueThen(const ReadView& view, RowId row, TraitId trait) {
  std::vector<TraitWrite> writes = WritesOf(view.state(), row, trait);
  std::erase_if(writes, [&](const TraitWrite& write) {
    return SaidAt(write.said.time).ms > view.clock().ms;
  });
  const auto shown = FoldWrites(view.state(), trait, writes);
  return shown ? shown->value : Value();
}

std::vector<Era> ErasOf(const ReadView& view, RowId row, TraitId trait) {
  std::vector<TraitWrite> writes = WritesOf(view.state(), row, trait);
  const auto time_of = [](const TraitWrite& write) { return SaidAt(write.said.time).ms; };
  std::sort(writes.begin(), writes.end(),
            [&](const TraitWrite& a, const TraitWrite& b) { return time_of(a) < time_of(b); });
  const bool latest = view.schema().trait(trait).policy == TraitPolicy::kLatest;
  const TraitRecord* last = nullptr;
  std::vector<Era> eras;
  for (size_t end = 1; end <= writes.size(); ++end) {
    const TraitRecord& said = writes[end - 1].said;
    if (last == nullptr || IsBefore(*last, said)) last = &said;
    // All that was said at one time is one.
    if (end < writes.size() && time_of(writes[end]) == time_of(writes[end - 1])) continue;
    Value value;
    if (latest) {
      value = last->value;
    } else if (const auto shown =
                   FoldWrites(view.state(), trait, absl::MakeSpan(writes).first(end))) {
      value = shown->value;
    }
    const bool same = eras.empty() ? IsMissing(value) : eras.back().value == value;
    if (!same) eras.push_back({time_of(writes[end - 1]), std::move(value)});
  }
  return eras;
}

bool HistoryOperator::Holds(const std::optional<CellPredicate>& predicate, const Value& value,
                            Timestamp now) const {
  if (!predicate) return true;
  if (IsMissing(value)) return false;
  if (std::holds_alternative<AnyValue>(predicate->test)) return !predicate->negated;
  if (const auto* text = std::get_if<std::string>(&value)) {
    return HoldsText(predicate->test, *text) != predicate->negated;
  }
  const CellType type{.type = bound_.info.type, .scale = bound_.info.scale, .dictionary = {}};
  return query::Holds(*predicate, type, EncodeCell(type, value), now);
}

bool HistoryOperator::Was(const std::vector<Era>& eras, Timestamp now) const {
  const TimeRange range = bound_.window.UntilNow(now);
  for (size_t i = 0; i < eras.size(); ++i) {
    const int64_t last_ms = i + 1 < eras.size() ? eras[i + 1].from_ms - 1 : now.ms;
    const bool meets =
        range.low <= range.high && eras[i].from_ms <= range.high && range.low <= last_ms;
    if (meets && Holds(bound_.to, eras[i].value)) return true;
  }
  return false;
}

bool HistoryOperator::Changed(const std::vector<Era>& eras, Timestamp now) const {
  const TimeRange range = bound_.window.UntilNow(now);
  for (size_t i = 1; i < eras.size(); ++i) {
    if (!range.Contains(eras[i].from_ms) || IsMissing(eras[i - 1].value)) continue;
    if (Holds(bound_.from, eras[i - 1].value) && Holds(bound_.to, eras[i].value)) return true;
  }
  return false;
}

bool HistoryOperator::Stays(const std::vector<Era>& eras, Timestamp now) const {
  bool holds = false;
  int64_t since_ms = 0;
  for (const Era& era : eras) {
    if (era.from_ms > now.ms) break;
    const bool held = holds;
    holds = Holds(bound_.to, era.value);
    if (!held) since_ms = era.from_ms;
  }
  return holds && bound_.window.At(now).Contains(since_ms);
}

HistoryOperator::HistoryOperator(BoundHistory bound, const ReadView& view, Preparation* preparation)
    : bound_(std::move(bound)) {
  const bool by_value =
      bound_.kind == BoundHistory::Kind::kWas || bound_.kind == BoundHistory::Kind::kStays;
  const bool is_latest = view.schema().trait(bound_.trait).policy == TraitPolicy::kLatest;
  if (!by_value || !is_latest || !bound_.to) return;
  value_now_.emplace(BoundTrait{bound_.trait, bound_.info, *bound_.to}, view, preparation);
}

// Of what was said once there is no record: it stands in its cell, and never changed.
void HistoryOperator::Evaluate(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  const ChunkBits several = RowsWithSeveral(bound_.trait, view, chunk);
  ChunkBits once;
  if (bound_.kind == BoundHistory::Kind::kChanged) {
    rows->And(several);
  } else if (value_now_) {
    once = *rows;
    once.AndNot(several);
    KeepSaidOnce(view, chunk, &once);
    rows->And(several);
  } else {
    rows->And(RowsWith(bound_.trait, view, chunk));
  }
  rows->ForEach([&](uint32_t offset) {
    if (!Matches(view, RowAt(chunk, offset))) rows->Clear(offset);
  });
  rows->Or(once);
}

void HistoryOperator::KeepSaidOnce(const ReadView& view, uint32_t chunk, ChunkBits* rows) const {
  value_now_->Evaluate(view, chunk, rows);
  const Timestamp now = view.clock();
  const bool stays = bound_.kind == BoundHistory::Kind::kStays;
  const TimeRange range = stays ? bound_.window.At(now) : bound_.window.UntilNow(now);
  rows->ForEach([&](uint32_t offset) {
    const int64_t from_ms = SaidAt(view->StampOf(bound_.trait, RowAt(chunk, offset))->time).ms;
    const bool began =
        from_ms <= now.ms &&
        (stays ? range.Contains(from_ms)
               : range.low <= range.high && from_ms <= range.high && range.low <= now.ms);
    if (!began) rows->Clear(offset);
  });
}

bool HistoryOperator::Matches(const ReadView& view, RowId row) const {
  const std::vector<Era> eras = ErasOf(view, row, bound_.trait);
  switch (bound_.kind) {
    case BoundHistory::Kind::kWas:
      return Was(eras, view.clock());
    case BoundHistory::Kind::kChanged:
      return Changed(eras, view.clock());
    case BoundHistory::Kind::kStays:
      return Stays(eras, view.clock());
    case BoundHistory::Kind::kIs:
      return Holds(bound_.to, ValueThen(view, row, bound_.trait), view.clock());
  }
  return false;
}

std::optional<Timestamp> HistoryOperator::NextChange(const ReadView& view, RowId row) const {
  std::optional<Timestamp> next;
  const std::vector<Era> eras = ErasOf(view, row, bound_.trait);
  const Timestamp now = view.clock();
  const auto consider = [&](int64_t ms) {
    if (ms > now.ms) next = Earlier(next, Timestamp{ms});
  };
  for (size_t i = 0; i < eras.size(); ++i) {
    const int64_t from_ms = eras[i].from_ms;
    consider(from_ms);
    next = Earlier(next, bound_.window.NextChange(now, from_ms));
    // An era is left when its last moment is.
    if (i + 1 < eras.size()) {
      next = Earlier(next, bound_.window.NextChange(now, eras[i + 1].from_ms - 1));
    }
  }
  // What still is meets a window as soon as that has come to now.
  const bool fixed = !bound_.window.low().ago;  // else it never comes nearer
  if (bound_.kind == BoundHistory::Kind::kWas && !eras.empty() && fixed) {
    consider(bound_.window.At(now).low);
  }
  return next;
}

}  // namespace roster::query
