// SPDX-License-Identifier: Apache-2.0
#include "query/sessions/chunk_events.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "storage/memory/people/found_events.h"

namespace roster::query {
namespace {

// Times before the clock that fit a key: four thousand years.
constexpr int64_t kSpanMs = (int64_t{1} << 47) - 1;

int64_t LessOrLeast(int64_t ms, int64_t by_ms) {
  const int64_t least = std::numeric_limits<int64_t>::min();
  return ms < least + by_ms ? least : ms - by_ms;
}

}  // namespace

ChunkEvents::ChunkEvents(const ReadView& view, uint32_t chunk, int64_t from_ms)
    : state_(view.state()),
      clock_ms_(view.clock().ms),
      base_ms_(LessOrLeast(clock_ms_, kSpanMs)) {
  for (size_t e = 0; e < state_.partitions.size(); ++e) {
    const EventTypeId type{static_cast<uint16_t>(e)};
    const EventPartition& partition = state_.partition(type);
    if (state_.schema->event(type).own || chunk >= partition.num_blocks()) continue;
    const Source source{type, &partition.block(chunk), std::max(from_ms, partition.floor_ms())};
    if (source.size() == 0) continue;
    const auto number = static_cast<uint32_t>(sources_.size());
    sources_.push_back(source);
    for (uint32_t t = 0; t < source.block->tail.size(); ++t) {
      const int64_t time_ms = source.block->tail[t].time_ms;
      if (time_ms < source.from_ms || time_ms > clock_ms_) continue;
      tail_.push_back({source.block->tail[t].row_offset, {number, source.num_sealed() + t}});
    }
  }
  std::sort(tail_.begin(), tail_.end(), IsBefore);
}

ChunkBits ChunkEvents::RowsWithGiven() const {
  ChunkBits rows;
  for (const Source& source : sources_) {
    const EventTypeInfo& info = state_.schema->event(source.type);
    const std::optional<PropertyId> given = info.FindProperty(kSessionProperty);
    if (!given || info.properties[given->value].type != ValueType::kText) continue;
    const SealedEvents& sealed = *source.block->sealed;
    if (const SealedProperty* const property = sealed.property(*given)) {
      for (uint32_t i = 0; i < sealed.size(); ++i) {
        if (property->Has(i)) rows.Set(sealed.rows[i]);
      }
    }
    for (uint32_t t = 0; t < source.block->tail.size(); ++t) {
      if (PropertyOf(*source.block, {true, t}, *given)) rows.Set(source.block->tail[t].row_offset);
    }
  }
  return rows;
}

bool ChunkEvents::Read(uint32_t offset) {
  found_.clear();
  keys_.clear();
  fits_ = true;
  for (uint32_t s = 0; s < sources_.size(); ++s) {
    const std::vector<uint32_t>& runs = sources_[s].block->sealed->run_begin;
    if (runs[offset] != runs[offset + 1]) ReadSealed(s, runs[offset], runs[offset + 1]);
  }
  while (next_tail_ < tail_.size() && tail_[next_tail_].offset < offset) ++next_tail_;
  for (; next_tail_ < tail_.size() && tail_[next_tail_].offset == offset; ++next_tail_) {
    const ChunkEvent event = tail_[next_tail_].event;
    const Source& source = sources_[event.source];
    Add(TimeOf(*source.block, source.RefOf(event.place)).ms, event);
  }
  if (fits_) Sort();
  return fits_;
}

// Runs are short, and most windows end now.
void ChunkEvents::ReadSealed(uint32_t source, uint32_t begin, uint32_t end) {
  const Source& of = sources_[source];
  const SealedEvents& sealed = *of.block->sealed;
  if (sealed.time_bounds.high > clock_ms_) {
    while (begin < end && sealed.times.Get(end - 1) > clock_ms_) --end;
  }
  uint32_t first = begin;
  if (sealed.time_bounds.low < of.from_ms) {
    first = end;
    while (first > begin && sealed.times.Get(first - 1) >= of.from_ms) --first;
  }
  for (uint32_t i = first; i < end; ++i) Add(sealed.times.Get(i), {source, i});
}

void ChunkEvents::Add(int64_t time_ms, ChunkEvent event) {
  fits_ &= time_ms >= base_ms_ && found_.size() <= kIndexMask;
  const uint64_t after_ms = static_cast<uint64_t>(time_ms) - static_cast<uint64_t>(base_ms_);
  keys_.push_back(after_ms << kIndexBits | (found_.size() & kIndexMask));
  found_.push_back(event);
}

// A few runs, which are sorted: mostly by insertion.
void ChunkEvents::Sort() {
  constexpr size_t kFew = 48;
  if (keys_.size() > kFew) return std::sort(keys_.begin(), keys_.end());
  for (size_t i = 1; i < keys_.size(); ++i) {
    const uint64_t key = keys_[i];
    size_t at = i;
    for (; at > 0 && keys_[at - 1] > key; --at) keys_[at] = keys_[at - 1];
    keys_[at] = key;
  }
}

uint32_t ChunkEvents::NumOf(uint32_t offset) const {
  const auto [first, last] = std::equal_range(tail_.begin(), tail_.end(), InTail{offset, {}}, IsBefore);
  auto num = static_cast<uint32_t>(last - first);
  for (const Source& source : sources_) {
    const std::vector<uint32_t>& runs = source.block->sealed->run_begin;
    num += runs[offset + 1] - runs[offset];
  }
  return num;
}

ChunkEvents::Gap ChunkEvents::Between(int64_t begin_ms, int64_t end_ms) const {
  size_t begin = 0;
  while (TimeAt(begin) < begin_ms) ++begin;
  size_t end = begin + 1;
  for (; end < size() && TimeAt(end) <= end_ms; ++end) {
    if (TimeAt(end) - TimeAt(end - 1) >= kSilenceMs) return Gap::kSilence;
  }
  for (size_t i = begin + 1; i < end; ++i) {
    if (OriginAt(i) != OriginAt(begin)) return Gap::kOthers;
  }
  return Gap::kNone;
}

bool ChunkEvents::SplitByOrigin(size_t begin, size_t end) {
  const uint32_t first = OriginAt(begin);
  size_t other = begin + 1;
  while (other < end && OriginAt(other) == first) ++other;
  if (other == end) return false;
  std::vector<std::pair<uint32_t, uint64_t>> by_origin;
  for (size_t i = begin; i < end; ++i) by_origin.emplace_back(OriginAt(i), keys_[i]);
  std::sort(by_origin.begin(), by_origin.end());
  for (size_t i = begin; i < end; ++i) keys_[i] = by_origin[i - begin].second;
  return true;
}

}  // namespace roster::query
