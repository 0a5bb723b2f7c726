// SPDX-License-Identifier: Apache-2.0
#include "query/sessions/chunk_events.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "query/kernels/cell_reader.h"
#include "query/kernels/order.h"
#include "storage/memory/people/found_events.h"

namespace roster::query {
namespace {

// Times before the clock that fit a key: four thousand years.
constexpr uint64_t kSpanMs = (uint64_t{1} << 47) - 1;

constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

int64_t LessOrLeast(int64_t ms, int64_t by_ms) {
  return ms < kLeast + by_ms ? kLeast : ms - by_ms;
}

}  // namespace

ChunkEvents::ChunkEvents(const ReadView& view, uint32_t chunk, int64_t from_ms)
    : state_(view.state()),
      clock_ms_(view.clock().ms),
      base_ms_(LessOrLeast(clock_ms_, static_cast<int64_t>(kSpanMs))),
      enough_ms_(clock_ms_) {
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

ChunkEvents ChunkEvents::OfSessionsBegunIn(const ReadView& view, uint32_t chunk,
                                           TimeRange range) {
  constexpr int64_t kLongMs = 6 * 60 * 60'000;  // few sessions are longer
  ChunkEvents events(view, chunk, LessOrLeast(range.low, kSilenceMs));
  if (range.high < kMost - kLongMs) {
    events.enough_ms_ = std::min(events.clock_ms_, range.high + kLongMs);
  }
  return events;
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
  ReadUntil(offset, enough_ms_);
  // A session that is not over by then may go on.
  const bool goes_on = fits_ && size_ > 0 && TimeAt(size_ - 1) > enough_ms_ - kSilenceMs;
  if (goes_on && enough_ms_ < clock_ms_) ReadUntil(offset, clock_ms_);
  return fits_;
}

void ChunkEvents::ReadUntil(uint32_t offset, int64_t until_ms) {
  size_ = 0;
  fits_ = true;
  for (uint32_t s = 0; s < sources_.size(); ++s) {
    const std::vector<uint32_t>& runs = sources_[s].block->sealed->run_begin;
    if (runs[offset] != runs[offset + 1]) ReadSealed(s, runs[offset], runs[offset + 1], until_ms);
  }
  if (!tail_.empty()) ReadTail(offset, until_ms);
  if (fits_) Sort();
}

void ChunkEvents::ReadSealed(uint32_t source, uint32_t begin, uint32_t end, int64_t until_ms) {
  const Source& of = sources_[source];
  const IntBounds& bounds = of.block->sealed->time_bounds;
  MakeRoomFor(end - begin);
  kernels::WithReader(of.block->sealed->times, [&](const auto& time_of) {
    // Runs are short, and most windows end now.
    if (bounds.high > until_ms) {
      while (begin < end && time_of(end - 1) > until_ms) --end;
    }
    uint32_t first = begin;
    if (bounds.low < of.from_ms) {
      first = end;
      while (first > begin && time_of(first - 1) >= of.from_ms) --first;
    }
    size_t at = size_;
    for (uint32_t i = first; i < end; ++i, ++at) {
      const uint64_t after_ms = static_cast<uint64_t>(time_of(i)) - static_cast<uint64_t>(base_ms_);
      fits_ &= after_ms <= kSpanMs;
      read_[at] = after_ms << kIndexBits | (at & kIndexMask);
      found_[at] = {source, i};
    }
    size_ = at;
  });
}

void ChunkEvents::ReadTail(uint32_t offset, int64_t until_ms) {
  const auto [first, last] =
      std::equal_range(tail_.begin(), tail_.end(), InTail{offset, {}}, IsBefore);
  MakeRoomFor(static_cast<size_t>(last - first));
  for (auto in_tail = first; in_tail != last; ++in_tail) {
    const Source& source = sources_[in_tail->event.source];
    const int64_t time_ms = TimeOf(*source.block, source.RefOf(in_tail->event.place)).ms;
    if (time_ms > until_ms) continue;
    const uint64_t after_ms = static_cast<uint64_t>(time_ms) - static_cast<uint64_t>(base_ms_);
    fits_ &= after_ms <= kSpanMs;
    read_[size_] = after_ms << kIndexBits | (size_ & kIndexMask);
    found_[size_++] = in_tail->event;
  }
}

void ChunkEvents::MakeRoomFor(size_t num_events) {
  const size_t size = size_ + num_events + kernels::kOrderPadding;
  if (size <= read_.size()) return;
  read_.resize(2 * size);
  keys_.resize(2 * size);
  found_.resize(2 * size);
}

void ChunkEvents::Sort() {
  constexpr size_t kFew = 256;
  fits_ &= size_ <= kIndexMask;
  if (size_ == 0 || !fits_) return;
  if (size_ <= kFew) return kernels::PutInOrder(read_.data(), size_, keys_.data());
  keys_.swap(read_);
  std::sort(keys_.begin(), keys_.begin() + static_cast<std::ptrdiff_t>(size_));
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
