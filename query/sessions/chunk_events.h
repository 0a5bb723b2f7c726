// SPDX-License-Identifier: Apache-2.0
//
// The events of one row after the other of a chunk, over all types in the order of time, and the
// sessions that silences cut them in: what Sessions says of rows of which no client said anything
// of sessions, without a copy of any event. Thread rule: belongs to one evaluation.
// Source: CAPABILITIES.md C15.
#ifndef ROSTER_QUERY_SESSIONS_CHUNK_EVENTS_H_
#define ROSTER_QUERY_SESSIONS_CHUNK_EVENTS_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "query/window.h"
#include "storage/memory/bitmap.h"
#include "storage/memory/events/block.h"
#include "storage/memory/people/sessions.h"
#include "storage/memory/read_view.h"

namespace roster::query {

// An event of a chunk: of the source with this number, sealed or, behind those, in its tail.
struct ChunkEvent {
  uint32_t source = 0;
  uint32_t place = 0;
};

class ChunkEvents {
 public:
  // The events of one type that somebody did.
  struct Source {
    EventTypeId type;
    const EventBlock* block;
    int64_t from_ms;  // none before it counts

    uint32_t num_sealed() const { return block->sealed->size(); }
    uint32_t size() const { return num_sealed() + static_cast<uint32_t>(block->tail.size()); }
    EventRef RefOf(uint32_t place) const {
      return place < num_sealed() ? EventRef{false, place} : EventRef{true, place - num_sealed()};
    }
  };

  // Of those that have come and are not before `from_ms`. Lifetime: the view outlives this.
  ChunkEvents(const ReadView& view, uint32_t chunk, int64_t from_ms);
  // The same of what says which sessions began in a range, and all of these.
  static ChunkEvents OfSessionsBegunIn(const ReadView& view, uint32_t chunk, TimeRange range);

  const std::vector<Source>& sources() const { return sources_; }
  // The rows that may have an event with the id of a session that a client gave it.
  ChunkBits RowsWithGiven() const;

  // Makes the events of a row those that the functions below are about. False when they have to be
  // read otherwise: they are too many, or too old.
  bool Read(uint32_t offset);
  size_t size() const { return size_; }
  int64_t TimeAt(size_t i) const { return static_cast<int64_t>(keys_[i] >> kIndexBits) + base_ms_; }
  ChunkEvent EventAt(size_t i) const { return found_[keys_[i] & kIndexMask]; }
  EventRef RefAt(size_t i) const { return sources_[EventAt(i).source].RefOf(EventAt(i).place); }
  const EventBlock& BlockAt(size_t i) const { return *sources_[EventAt(i).source].block; }

  // What there is between two moments at which there are events: nothing that ends a session, a
  // silence, or events that came by several identities, each of which has silences of its own.
  enum class Gap : uint8_t { kNone, kSilence, kOthers };
  Gap Between(uint32_t offset, int64_t begin_ms, int64_t end_ms);
  // As many events as a row may have.
  uint32_t NumOf(uint32_t offset) const;

  // Has the processor fetch what Read of a row will read.
  void Prefetch(uint32_t offset) const;

  // Calls f(begin, end) for the events of each session that began in a range, and maybe of others,
  // as long as it says so. Of equal times the order is any.
  template <typename F>
  void ForEachSession(TimeRange range, F&& f) {
    for (size_t begin = 0; begin < size() && TimeAt(begin) <= range.high;) {
      const size_t end = EndOfBurst(begin);
      if (TimeAt(end - 1) < range.low) {
        begin = end;
        continue;
      }
      const bool one = end - begin == 1 || !SplitByOrigin(begin, end);
      if (one ? !f(begin, end) : !ForEachOfStreams(begin, end, f)) return;
      begin = end;
    }
  }
  // Where the events end that follow each other without a silence, whoever they came by.
  size_t EndOfBurst(size_t begin) const {
    int64_t last_ms = TimeAt(begin);
    size_t end = begin + 1;
    for (; end < size(); ++end) {
      const int64_t time_ms = TimeAt(end);
      if (time_ms - last_ms >= kSilenceMs) break;
      last_ms = time_ms;
    }
    return end;
  }

 private:
  static constexpr uint32_t kIndexBits = 16;
  static constexpr size_t kFew = 64;
  static constexpr uint64_t kIndexMask = (uint64_t{1} << kIndexBits) - 1;

  struct InTail {
    uint32_t offset;
    ChunkEvent event;
  };
  static bool IsBefore(const InTail& a, const InTail& b) { return a.offset < b.offset; }

  void Read(uint32_t offset, TimeRange range);
  void ReadSealed(uint32_t source, uint32_t begin, uint32_t end, TimeRange range);
  void ReadTail(uint32_t offset, TimeRange range);
  void Sort();
  void SortMany();
  std::vector<uint64_t>::iterator End(std::vector<uint64_t>* of) {
    return of->begin() + static_cast<std::ptrdiff_t>(size_);
  }
  void MakeRoomFor(size_t num_events);
  // As it is stored.
  int64_t OriginAt(size_t i) const {
    const ChunkEvent event = EventAt(i);
    const Source& source = sources_[event.source];
    if (event.place < source.num_sealed()) return source.block->sealed->origins.Get(event.place);
    return source.block->tail[event.place - source.num_sealed()].origin;
  }
  // Puts events of one identity side by side; false when all came by one.
  bool SplitByOrigin(size_t begin, size_t end);
  template <typename F>
  bool ForEachOfStreams(size_t begin, size_t end, F&& f) {
    while (begin < end) {
      const int64_t origin = OriginAt(begin);
      size_t next = begin + 1;
      while (next < end && TimeAt(next) - TimeAt(next - 1) < kSilenceMs &&
             OriginAt(next) == origin) {
        ++next;
      }
      if (!f(begin, next)) return false;
      begin = next;
    }
    return true;
  }

  const State& state_;
  const int64_t clock_ms_;
  const int64_t base_ms_;  // that no time is before
  std::vector<Source> sources_;
  std::vector<InTail> tail_;  // by row
  const int64_t from_ms_;
  int64_t enough_ms_;  // until then events mostly say enough
  size_t size_ = 0;
  // Shape: room for more than `size_`.
  std::vector<ChunkEvent> found_;
  std::vector<uint64_t> keys_;           // times, and behind them places in `found_`
  std::vector<uint64_t> read_;           // the same, not in their order
  std::vector<uint32_t> begin_of_part_;  // of those, while many are put in order
  bool fits_ = true;
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_SESSIONS_CHUNK_EVENTS_H_
