// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/events/partition.h"

#include <algorithm>

namespace roster {
namespace {

// A tail this many times as long as its limit is sealed by the writer itself.
constexpr size_t kOverdue = 4;
// A block is due when this part of it is to be dropped.
constexpr size_t kDueFraction = 16;

EventSource SourceOf(const EventBlock& block, EventRef event, std::optional<PropertyId> home) {
  EventSource source{IdOf(block, event), TimeOf(block, event), OriginOf(block, event), {}};
  if (!home) return source;
  source.home.value = static_cast<uint64_t>(PropertyOf(block, event, *home).value_or(0));
  return source;
}

}  // namespace

std::vector<EventRef> EventPartition::EventsOf(RowId row) const {
  if (ChunkOf(row) >= blocks_.size()) return {};
  const EventBlock& b = block(ChunkOf(row));
  return Ordered(b, OffsetOf(row), b.LastInTail(OffsetOf(row)));
}

std::vector<EventRef> EventPartition::Ordered(const EventBlock& b, uint32_t row_offset,
                                              uint32_t last) const {
  std::vector<EventRef> events;
  const uint32_t end = b.sealed->run_begin[row_offset + 1];
  for (uint32_t i = b.sealed->FirstFrom(row_offset, floor_ms_); i < end; ++i) {
    events.push_back({false, i});
  }
  const auto num_sealed = static_cast<std::ptrdiff_t>(events.size());
  b.ForEachInTail(last, [&](uint32_t t) {
    if (b.tail[t].time_ms >= floor_ms_) events.push_back({true, t});
  });
  const auto key = [&](EventRef e) { return std::pair(TimeOf(b, e).ms, IdOf(b, e).value); };
  const auto before = [&](EventRef x, EventRef y) { return key(x) < key(y); };
  const auto tail_begin = events.begin() + num_sealed;
  std::reverse(tail_begin, events.end());
  if (!std::is_sorted(tail_begin, events.end(), before)) {
    std::sort(tail_begin, events.end(), before);
  }
  std::inplace_merge(events.begin(), tail_begin, events.end(), before);
  return events;
}

bool EventPartition::Contains(RowId row, EventId id) const {
  if (ChunkOf(row) >= blocks_.size()) return false;
  const EventBlock& b = block(ChunkOf(row));
  return b.sealed->Contains(OffsetOf(row), id.value, floor_ms_) ||
         upkeep_->blocks[ChunkOf(row)].tail.Contains(b, OffsetOf(row), id.value, floor_ms_);
}

bool EventPartition::HasAny(RowId row) const {
  if (ChunkOf(row) >= blocks_.size()) return false;
  const std::vector<uint32_t>& runs = block(ChunkOf(row)).sealed->run_begin;
  const uint32_t offset = OffsetOf(row);
  return runs[offset + 1] != runs[offset] ||
         upkeep_->blocks[ChunkOf(row)].tail.LastOf(offset) != TailEvent::kNone;
}

void EventPartition::Add(RowId row, const NewEvent& event, Sealing sealing) {
  if (event.time.ms < floor_ms_) return;
  const uint32_t chunk = ChunkOf(row);
  if (upkeep_->blocks.size() <= chunk) upkeep_->blocks.resize(chunk + 1);
  while (blocks_.size() <= chunk) {
    blocks_.emplace_back();
    upkeep_->block_bytes += sizeof(EventBlock) + blocks_.back()->sealed->MemoryBytes();
  }
  EventBlock& b = blocks_[chunk].Mutable();
  BlockUpkeep& upkeep = upkeep_->blocks[chunk];
  upkeep_->block_bytes -= TailBytes(chunk);
  const auto offset = static_cast<uint16_t>(OffsetOf(row));
  b.Append({.time_ms = event.time.ms,
            .id = event.id.value,
            .origin = event.origin.value + 1,
            .previous = upkeep.tail.LastOf(offset),
            .row_offset = offset},
           event.properties);
  upkeep.tail.AddLast(b);
  upkeep.min_tail_ms = std::min(upkeep.min_tail_ms, event.time.ms);
  upkeep_->block_bytes += TailBytes(chunk);
  upkeep_->hours.Add(event.time.ms);
  ++num_events_;
  SealIfLong(chunk, sealing);
}

void EventPartition::SealIfLong(uint32_t chunk, Sealing sealing) {
  const EventBlock& b = block(chunk);
  const size_t limit = TailLimit(b);
  if (b.tail.size() < limit) return;
  if (sealing == Sealing::kInline || b.tail.size() >= limit * kOverdue) {
    const SealJob job = JobOf(chunk);
    return Install(job, job.Run());
  }
  QueueDue(chunk);
}

void EventPartition::QueueDue(uint32_t chunk) {
  BlockUpkeep& upkeep = upkeep_->blocks[chunk];
  if (!upkeep.queued) upkeep_->due.push_back(chunk);
  upkeep.queued = true;
}

void EventPartition::Kill(RowId row) {
  const EventBlock& b = block(ChunkOf(row));
  BlockUpkeep& upkeep = upkeep_->blocks[ChunkOf(row)];
  const std::vector<EventRef> events = Ordered(b, OffsetOf(row), upkeep.tail.LastOf(OffsetOf(row)));
  for (const EventRef event : events) upkeep_->hours.Remove(TimeOf(b, event).ms);
  num_events_ -= events.size();
  upkeep.dead.push_back(static_cast<uint16_t>(OffsetOf(row)));
  upkeep.num_dead_events += events.size();
  upkeep_->stale.insert(ChunkOf(row));
  const size_t size = b.sealed->size() + b.tail.size();
  if (upkeep.num_dead_events * kDueFraction >= size) QueueDue(ChunkOf(row));
}

void EventPartition::Expire(int64_t floor_ms) {
  if (floor_ms <= floor_ms_) return;
  floor_ms_ = floor_ms;
  num_events_ -= upkeep_->hours.RemoveBefore(floor_ms);
  for (uint32_t c = 0; c < blocks_.size(); ++c) {
    if (HasExpired(c)) upkeep_->stale.insert(c);
  }
}

void EventPartition::LiftFloor() {
  for (uint32_t c = 0; c < blocks_.size(); ++c) {
    if (!HasExpired(c)) continue;
    const SealJob job = JobOf(c);
    Install(job, job.Run());
  }
  floor_ms_ = kNoFloor;
}

bool EventPartition::HasExpired(uint32_t chunk) const {
  const SealedEvents& sealed = *block(chunk).sealed;
  return (sealed.size() != 0 && sealed.time_bounds.low < floor_ms_) ||
         upkeep_->blocks[chunk].min_tail_ms < floor_ms_;
}

SealJob EventPartition::JobOf(uint32_t chunk) const {
  return {.event = {},  // the store knows
          .chunk = chunk,
          .generation = upkeep_->blocks[chunk].generation,
          .block = blocks_[chunk],
          .rules = {.num_properties = properties_.size(),
                    .floor_ms = floor_ms_,
                    .dead_rows = upkeep_->blocks[chunk].dead},
          .num_dead_events = upkeep_->blocks[chunk].num_dead_events};
}

std::optional<SealJob> EventPartition::TakeJob(bool or_stale) {
  if (upkeep_->due.empty()) {
    if (!or_stale || upkeep_->stale.empty()) return std::nullopt;
    QueueDue(*upkeep_->stale.begin());
  }
  const uint32_t chunk = upkeep_->due.front();
  upkeep_->due.pop_front();
  upkeep_->blocks[chunk].queued = false;
  return JobOf(chunk);
}

void EventPartition::Install(const SealJob& job, std::shared_ptr<const SealedEvents> sealed) {
  BlockUpkeep& upkeep = upkeep_->blocks[job.chunk];
  if (upkeep.generation != job.generation) return;
  ++upkeep.generation;
  upkeep_->block_bytes -= TailBytes(job.chunk) + block(job.chunk).sealed->MemoryBytes();
  upkeep.tail.Clear();
  for (const uint16_t row : job.rules.dead_rows) {
    upkeep_->purged.push_back(RowAt(job.chunk, row));
  }
  upkeep.dead.erase(upkeep.dead.begin(),
                    upkeep.dead.begin() + static_cast<std::ptrdiff_t>(job.rules.dead_rows.size()));
  upkeep.num_dead_events -= job.num_dead_events;
  upkeep.min_tail_ms = std::numeric_limits<int64_t>::max();
  EventBlock next;
  next.sealed = std::move(sealed);
  const EventBlock& now = block(job.chunk);
  for (size_t t = job.block->tail.size(); t < now.tail.size(); ++t) {
    TailEvent event = now.tail[t];
    event.previous = upkeep.tail.LastOf(event.row_offset);
    next.Append(event, now.PropertiesOf(now.tail[t]));
    upkeep.tail.AddLast(next);
    upkeep.min_tail_ms = std::min(upkeep.min_tail_ms, event.time_ms);
  }
  // What is replaced stays as long as a view has it.
  CopiedBytes() += now.TailBytes() + now.sealed->MemoryBytes();
  blocks_[job.chunk] = Cow<EventBlock>(std::move(next));
  upkeep_->block_bytes += TailBytes(job.chunk) + block(job.chunk).sealed->MemoryBytes();
  if (upkeep.dead.empty() && !HasExpired(job.chunk)) upkeep_->stale.erase(job.chunk);
}

void EventPartition::CopyEvents(RowId from, RowId to, const CopyRules& rules, Sealing sealing) {
  if (ChunkOf(from) >= blocks_.size()) return;
  const Cow<EventBlock> source = blocks_[ChunkOf(from)];  // stays as it is while `to` grows
  const uint32_t last = upkeep_->blocks[ChunkOf(from)].tail.LastOf(OffsetOf(from));
  std::vector<EventProperty> properties;
  for (const EventRef event : Ordered(*source, OffsetOf(from), last)) {
    const EventSource about = SourceOf(*source, event, rules.home_property);
    if ((rules.takes && !rules.takes(about)) || Contains(to, about.id)) continue;
    properties.clear();
    const bool keeps_home =
        rules.keeps_home && !(rules.needs_no_home && rules.needs_no_home(about));
    for (size_t p = 0; p < properties_.size(); ++p) {
      const PropertyId property{static_cast<uint16_t>(p)};
      if (property == rules.home_property && !keeps_home) continue;
      if (const auto bits = PropertyOf(*source, event, property)) {
        properties.push_back({property, *bits});
      }
    }
    if (rules.home.value != 0 && about.home.value == 0) {
      properties.push_back({*rules.home_property, static_cast<int64_t>(rules.home.value)});
    }
    Add(to, {.id = about.id, .time = about.time, .origin = about.origin, .properties = properties},
        sealing);
  }
}

void EventPartition::AppendBlock(std::shared_ptr<const SealedEvents> sealed) {
  upkeep_->blocks.emplace_back();
  for (uint32_t i = 0; i < sealed->size(); ++i) upkeep_->hours.Add(sealed->times.Get(i));
  num_events_ += sealed->size();
  blocks_.emplace_back().Mutable().sealed = std::move(sealed);
  const auto chunk = static_cast<uint32_t>(blocks_.size() - 1);
  upkeep_->block_bytes += TailBytes(chunk) + block(chunk).sealed->MemoryBytes();
}

size_t EventPartition::MemoryBytes() const {
  size_t bytes = upkeep_->block_bytes + upkeep_->hours.MemoryBytes();
  for (const CellType& type : properties_) {
    if (type.dictionary) bytes += type.dictionary->MemoryBytes();
  }
  return bytes;
}

size_t EventPartition::TailBytes(uint32_t chunk) const {
  return block(chunk).TailBytes() + upkeep_->blocks[chunk].tail.MemoryBytes();
}

}  // namespace roster
