// SPDX-License-Identifier: Apache-2.0
//
// What the guard kept apart, of one profile or of all.
#include <algorithm>
#include <tuple>

#include "engine/reading/pairs.h"
#include "engine/reading/records.h"
#include "storage/memory/people/own_names.h"

namespace roster {
namespace {

struct Found {
  Timestamp time;
  EventId id;
  RowId row;
};

// Of all rows that are profiles, a block at a time: most have none.
std::vector<Found> FindAll(const State& state, const EventPartition& partition) {
  std::vector<Found> found;
  for (uint32_t c = 0; c < partition.num_blocks(); ++c) {
    const EventBlock& block = partition.block(c);
    const auto add = [&](EventRef event, uint32_t offset) {
      const RowId row = RowAt(c, offset);
      const Timestamp time = TimeOf(block, event);
      if (time.ms < partition.floor_ms() || !state.live.Test(row)) return;
      found.push_back({time, IdOf(block, event), row});
    };
    for (uint32_t i = 0; i < block.sealed->size(); ++i) add({false, i}, block.sealed->rows[i]);
    for (uint32_t t = 0; t < block.tail.size(); ++t) add({true, t}, block.tail[t].row_offset);
  }
  return found;
}

ConflictEntry EntryAt(const State& state, RowId row, const Records& records, size_t i) {
  ConflictEntry entry{.time = records.TimeAt(i),
                      .profile = state.ProfileAt(row),
                      .other = {},
                      .name_space = {},
                      .reason = {}};
  const Value other = records.ValueAt(i, kConflictOther);
  if (const auto* id = std::get_if<int64_t>(&other); id != nullptr && *id > 0) {
    // It may be another's by now.
    const auto now = state.FindProfile({static_cast<uint64_t>(*id)});
    if (now) entry.other = state.ProfileAt(*now);
  }
  const auto text = [&](PropertyId property) {
    Value value = records.ValueAt(i, property);
    auto* said = std::get_if<std::string>(&value);
    return said != nullptr ? std::move(*said) : std::string();
  };
  entry.name_space = text(kConflictSpace);
  entry.reason = text(kConflictReason);
  return entry;
}

}  // namespace

std::vector<ConflictEntry> ReadConflicts(const ReadView& view, std::optional<RowId> row,
                                         uint32_t limit) {
  const State& state = view.state();
  const std::optional<EventTypeId> type = state.schema->FindEvent(kConflictRecords);
  std::vector<ConflictEntry> conflicts;
  if (!type) return conflicts;
  std::vector<Found> found;
  if (row) {
    const Records records(state, *row, *type);
    for (size_t i = 0; i < records.size(); ++i) {
      found.push_back({records.TimeAt(i), records.IdAt(i), *row});
    }
  } else {
    found = FindAll(state, state.partition(*type));
  }
  const size_t num_shown = std::min<size_t>(found.size(), limit);
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(num_shown),
                    found.end(), [](const Found& a, const Found& b) {
                      return std::tie(a.time, a.id, a.row) > std::tie(b.time, b.id, b.row);
                    });
  for (size_t f = 0; f < num_shown; ++f) {
    const Records records(state, found[f].row, *type);
    for (size_t i = 0; i < records.size(); ++i) {
      if (records.IdAt(i) != found[f].id) continue;
      conflicts.push_back(EntryAt(state, found[f].row, records, i));
    }
  }
  return conflicts;
}

}  // namespace roster
