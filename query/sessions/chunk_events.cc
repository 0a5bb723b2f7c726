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

int64_t LessOrLeast(int64_t ms, int64_t by_ms) { return ms < kLeast + by_ms ? kLeast : ms - by_ms; }

// Of the ascending times [begin, end). Most runs are short, and most windows end now.
template <typename TimeOfPlace>
uint32_t FirstNotBefore(const TimeOfPlace& time_of, uint32_t begin, uint32_t end, int64_t ms) {
  constexpr uint32_t kShort = 16;
  while (end - begin > kShort) {
    const uint32_t middle = begin + (end - begin) / 2;
    if (time_of(middle) < ms) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  while (begin < end && time_of(end - 1) >= ms) --end;
  return end;
}

}  // namespace

ChunkEvents::ChunkEvents(const ReadView& view, uint32_t chunk, int64_t from_ms)
    : state_(view.state()),
      clock_ms_(view.clock().ms),
      base_ms_(LessOrLeast(clock_ms_, static_cast<int64_t>(kSpanMs))),
      from_ms_(from_ms),
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

ChunkEvents ChunkEvents::OfSessionsBegunIn(const ReadView& view, uint32_t chunk, TimeRange range) {
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
  Read(offset, {from_ms_, enough_ms_});
  // A session that is not over by then may go on.
  const bool goes_on = fits_ && size_ > 0 && TimeAt(size_ - 1) > enough_ms_ - kSilenceMs;
  if (goes_on && enough_ms_ < clock_ms_) Read(offset, {from_ms_, clock_ms_});
  return fits_;
}

void ChunkEvents::Read(uint32_t offset, TimeRange range) {
  size_ = 0;
  fits_ = true;
  for (uint32_t s = 0; s < sources_.size(); ++s) {
    const std::vector<uint32_t>& runs = sources_[s].block->sealed->run_begin;
    if (runs[offset] != runs[offset + 1]) ReadSealed(s, runs[offset], runs[offset + 1], range);
  }
  if (!tail_.empty()) ReadTail(offset, range);
  Sort();
}

void ChunkEvents::ReadSealed(uint32_t source, uint32_t begin, uint32_t end, TimeRange range) {
  const Source& of = sources_[source];
  const IntBounds& bounds = of.block->sealed->time_bounds;
  MakeRoomFor(end - begin);
  kernels::WithReader(of.block->sealed->times, [&](const auto& time_of) {
    const int64_t low_ms = std::max(range.low, of.from_ms);
    if (bounds.low < low_ms) begin = FirstNotBefore(time_of, begin, end, low_ms);
    size_t at = size_;
    for (uint32_t i = begin; i < end; ++i, ++at) {
      const int64_t time_ms = time_of(i);
      if (time_ms > range.high) break;
      const uint64_t after_ms = static_cast<uint64_t>(time_ms) - static_cast<uint64_t>(base_ms_);
      fits_ &= after_ms <= kSpanMs;
      read_[at] = after_ms << kIndexBits | (at & kIndexMask);
      found_[at] = {source, i};
    }
    size_ = at;
  });
}

void ChunkEvents::ReadTail(uint32_t offset, TimeRange range) {
  const auto [first, last] =
      std::equal_range(tail_.begin(), tail_.end(), InTail{offset, {}}, IsBefore);
  MakeRoomFor(static_cast<size_t>(last - first));
  for (auto in_tail = first; in_tail != last; ++in_tail) {
    const Source& source = sources_[in_tail->event.source];
    const int64_t time_ms = TimeOf(*source.block, source.RefOf(in_tail->event.place)).ms;
    if (!range.Contains(time_ms)) continue;
    const uint64_t after_ms = static_cast<uint64_t>(time_ms) - static_cast<uint64_t>(base_ms_);
    fits_ &= after_ms <= kSpanMs;
    read_[size_] = after_ms << kIndexBits | (size_ & kIndexMask);
    found_[size_++] = in_tail->event;
  }
}

void ChunkEvents::MakeRoomFor(size_t num_events) {
  const size_t size = size_ + num_events;
  if (size <= read_.size()) return;
  read_.resize(2 * size);
  keys_.resize(2 * size);
  found_.resize(2 * size);
}

void ChunkEvents::Sort() {
  fits_ &= size_ <= kIndexMask;
  if (size_ == 0 || !fits_) return;
  if (size_ == 1) {
    keys_[0] = read_[0];
  } else if (size_ <= kFew) {
    kernels::PutInOrder(read_.data(), size_, keys_.data());
  } else {
    SortMany();
  }
}

// By parts of the time that they take, which hold a few each, mostly.
void ChunkEvents::SortMany() {
  const auto [least, most] = std::minmax_element(read_.begin(), End(&read_));
  const uint64_t first = *least;
  const size_t num_parts = size_ / (kFew / 2);
  const uint64_t span = (*most - first) / num_parts + 1;
  begin_of_part_.assign(num_parts + 2, 0);
  const auto part_of = [&](uint64_t key) { return (key - first) / span; };
  for (size_t i = 0; i < size_; ++i) ++begin_of_part_[part_of(read_[i]) + 2];
  for (size_t part = 2; part < begin_of_part_.size(); ++part) {
    begin_of_part_[part] += begin_of_part_[part - 1];
  }
  // Where the next one of a part goes, until that is where the part behind it begins.
  for (size_t i = 0; i < size_; ++i) keys_[begin_of_part_[part_of(read_[i]) + 1]++] = read_[i];
  for (size_t part = 0; part < num_parts; ++part) {
    const uint32_t begin = begin_of_part_[part];
    const uint32_t size = begin_of_part_[part + 1] - begin;
    if (size > 2 * kFew) {
      std::sort(keys_.begin() + begin, keys_.begin() + begin + size);
    } else if (size > 1) {
      std::copy_n(keys_.begin() + begin, size, read_.begin());
      kernels::PutInOrder(read_.data(), size, keys_.data() + begin);
    }
  }
}

void ChunkEvents::Prefetch(uint32_t offset) const {
  for (const Source& source : sources_) {
    const SealedEvents& sealed = *source.block->sealed;
    sealed.times.Prefetch(sealed.run_begin[offset + 1]);
  }
}

uint32_t ChunkEvents::NumOf(uint32_t offset) const {
  const auto [first, last] =
      std::equal_range(tail_.begin(), tail_.end(), InTail{offset, {}}, IsBefore);
  auto num = static_cast<uint32_t>(last - first);
  for (const Source& source : sources_) {
    const std::vector<uint32_t>& runs = source.block->sealed->run_begin;
    num += runs[offset + 1] - runs[offset];
  }
  return num;
}

// Piece by piece, for the first silence is mostly near.
ChunkEvents::Gap ChunkEvents::Between(uint32_t offset, int64_t begin_ms, int64_t end_ms) {
  constexpr int64_t kPieceMs = 2 * kSilenceMs;
  Gap gap = Gap::kNone;
  int64_t origin = 0;
  for (int64_t from_ms = begin_ms;;) {
    const int64_t until_ms = std::min(end_ms, from_ms + kPieceMs);
    Read(offset, {from_ms, until_ms});
    if (!fits_ || size_ == 0) return Gap::kOthers;
    if (from_ms == begin_ms) origin = OriginAt(0);
    for (size_t i = 0; i < size_; ++i) {
      if (i > 0 && TimeAt(i) - TimeAt(i - 1) >= kSilenceMs) return Gap::kSilence;
      if (gap == Gap::kNone && OriginAt(i) != origin) gap = Gap::kOthers;
    }
    if (until_ms == end_ms) return gap;
    from_ms = TimeAt(size_ - 1);
    if (until_ms - from_ms >= kSilenceMs) return Gap::kSilence;
  }
}

bool ChunkEvents::SplitByOrigin(size_t begin, size_t end) {
  const int64_t first = OriginAt(begin);
  size_t other = begin + 1;
  while (other < end && OriginAt(other) == first) ++other;
  if (other == end) return false;
  std::vector<std::pair<int64_t, uint64_t>> by_origin;
  for (size_t i = begin; i < end; ++i) by_origin.emplace_back(OriginAt(i), keys_[i]);
  std::sort(by_origin.begin(), by_origin.end());
  for (size_t i = begin; i < end; ++i) keys_[i] = by_origin[i - begin].second;
  return true;
}

}  // namespace roster::query
