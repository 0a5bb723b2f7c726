// SPDX-License-Identifier: Apache-2.0
//
// What the guard kept apart, of one profile or of all.
#include <algorithm>
#include <tuple>
#include <utility>

#include "engine/reading/pairs.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/people/own_records.h"

namespace roster {
namespace {

// Of all rows that are profiles, a block at a time: most have none.
std::vector<std::pair<RowId, OwnRecord>> FindAll(const State& state, EventTypeId type) {
  const EventPartition& partition = state.partition(type);
  std::vector<std::pair<RowId, OwnRecord>> found;
  for (uint32_t c = 0; c < partition.num_blocks(); ++c) {
    const EventBlock& block = partition.block(c);
    const auto add = [&](EventRef event, uint32_t offset) {
      const RowId row = RowAt(c, offset);
      if (TimeOf(block, event).ms < partition.floor_ms() || !state.live.Test(row)) return;
      found.emplace_back(row, OwnRecord(state, type, row, event));
    };
    for (uint32_t i = 0; i < block.sealed->size(); ++i) add({false, i}, block.sealed->rows[i]);
    for (uint32_t t = 0; t < block.tail.size(); ++t) add({true, t}, block.tail[t].row_offset);
  }
  return found;
}

ConflictEntry EntryOf(const State& state, RowId row, const OwnRecord& record) {
  // Who it was may be somebody else by now.
  const auto other = state.FindProfile({static_cast<uint64_t>(record.Integer("other"))});
  return {.time = record.time(),
          .profile = state.ProfileAt(row),
          .other = other ? state.ProfileAt(*other) : ProfileId{},
          .name_space = record.Text("identity"),
          .reason = record.Text("reason")};
}

}  // namespace

std::vector<ConflictEntry> ReadConflicts(const ReadView& view, std::optional<RowId> row,
                                         uint32_t limit) {
  const State& state = view.state();
  std::vector<std::pair<RowId, OwnRecord>> found;
  if (row) {
    for (const OwnRecord& record : OwnRecordsOf(state, *row, kConflictRecords)) {
      found.emplace_back(*row, record);
    }
  } else if (const auto type = state.schema->FindEvent(kConflictRecords)) {
    found = FindAll(state, *type);
  }
  // Those that were merged since are none any more.
  std::erase_if(found, [&](const auto& of) {
    const auto other = state.FindProfile({static_cast<uint64_t>(of.second.Integer("other"))});
    return other && *other == of.first;
  });
  const size_t num_shown = std::min<size_t>(found.size(), limit);
  const auto key = [](const std::pair<RowId, OwnRecord>& of) {
    return std::tuple(of.second.time(), of.second.id(), of.first);
  };
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(num_shown),
                    found.end(), [&](const auto& a, const auto& b) { return key(a) > key(b); });
  std::vector<ConflictEntry> conflicts;
  for (size_t i = 0; i < num_shown; ++i) {
    conflicts.push_back(EntryOf(state, found[i].first, found[i].second));
  }
  return conflicts;
}

}  // namespace roster
