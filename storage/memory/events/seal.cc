// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/events/seal.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

namespace roster {
namespace {

// A tail is sealed when it holds this part of its block, within the bounds: small tails keep reads
// quick, large blocks are not rewritten for a few events.
constexpr size_t kSealFraction = 4;
constexpr size_t kMinTail = 256;
constexpr size_t kMaxTail = 8192;
// In blocks of very many events a tail may be longer than that, or each event would be rewritten
// for every so many that come.
constexpr size_t kMaxTailFraction = 16;
// A tail of more than this part of its block is worth sealing when there is nothing else to do: an
// event in it takes several times what a sealed one does.
constexpr size_t kIdleFraction = 64;

// (row, time, id) of an event in either part: what a block is sorted by.
struct SortKey {
  uint32_t row;
  int64_t time;
  uint64_t id;
  auto operator<=>(const SortKey&) const = default;
};

// A run of events that stay side by side: of the sealed part, or a single one of the tail. What
// goes for a sealed event goes for its neighbours, so columns are copied by piece.
struct Piece {
  bool in_tail = false;
  uint32_t begin = 0;  // the place in its part
  uint32_t count = 0;
  uint32_t at = 0;  // the place in the new block
};

// Where everything goes.
struct Layout {
  std::vector<Piece> pieces;
  uint32_t size = 0;

  void Take(bool in_tail, uint32_t begin, uint32_t end) {
    if (begin >= end) return;
    pieces.push_back({in_tail, begin, end - begin, size});
    size += end - begin;
  }
};

// What is not taken over. Asked for ascending places.
class Dropped {
 public:
  Dropped(const SealedEvents& sealed, const SealRules& rules)
      : dead_(rules.dead_rows), floor_ms_(rules.floor_ms) {
    std::sort(dead_.begin(), dead_.end());
    if (floor_ms_ <= sealed.time_bounds.low) {
      for (const uint16_t row : dead_) Drop(sealed.run_begin[row], sealed.run_begin[row + 1]);
      return;
    }
    for (uint32_t r = 0; r < kChunkRows; ++r) {
      const uint32_t end = IsDead(r) ? sealed.run_begin[r + 1] : sealed.FirstFrom(r, floor_ms_);
      Drop(sealed.run_begin[r], end);
    }
  }
  bool Drops(const TailEvent& event) const {
    return event.time_ms < floor_ms_ || IsDead(event.row_offset);
  }
  // Takes [begin, end) of the sealed part, but for what is dropped.
  void TakeSealed(uint32_t begin, uint32_t end, Layout* layout) {
    for (; next_ < ranges_.size() && ranges_[next_].first < end; ++next_) {
      layout->Take(false, begin, ranges_[next_].first);
      begin = std::max(begin, ranges_[next_].second);
      if (ranges_[next_].second > end) break;  // goes on behind what is asked for
    }
    layout->Take(false, begin, end);
  }

 private:
  bool IsDead(uint32_t row) const { return std::binary_search(dead_.begin(), dead_.end(), row); }
  void Drop(uint32_t begin, uint32_t end) {
    if (begin != end) ranges_.emplace_back(begin, end);
  }

  std::vector<uint16_t> dead_;
  int64_t floor_ms_;
  std::vector<std::pair<uint32_t, uint32_t>> ranges_;  // of the sealed part, ascending
  size_t next_ = 0;
};

// The tail's events in order, as places in the tail.
std::vector<std::pair<SortKey, uint32_t>> SortedTail(const EventBlock& block) {
  std::vector<std::pair<SortKey, uint32_t>> keys(block.tail.size());
  for (uint32_t t = 0; t < keys.size(); ++t) {
    const TailEvent& event = block.tail[t];
    keys[t] = {{event.row_offset, event.time_ms, event.id}, t};
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

// The first sealed event of the row, from `from` on, that comes after the key.
uint32_t PlaceIn(const SealedEvents& sealed, const SortKey& key, uint32_t from) {
  uint32_t low = std::max(from, sealed.run_begin[key.row]);
  uint32_t high = sealed.run_begin[key.row + 1];
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (std::pair(sealed.times.Get(middle), sealed.ids[middle]) < std::pair(key.time, key.id)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

Layout MakeLayout(const EventBlock& block, const SealRules& rules) {
  Layout layout;
  Dropped dropped(*block.sealed, rules);
  uint32_t taken = 0;
  for (const auto& [key, t] : SortedTail(block)) {
    if (dropped.Drops(block.tail[t])) continue;
    const uint32_t place = PlaceIn(*block.sealed, key, taken);
    dropped.TakeSealed(taken, place, &layout);
    layout.Take(true, t, t + 1);
    taken = place;
  }
  dropped.TakeSealed(taken, block.sealed->size(), &layout);
  return layout;
}

// A column of the new block: of sealed events the cells of `old`, of the tail's what value(t) says.
// `make`: PackedInts::ForRange, or SplitForRange.
template <typename F>
PackedInts MakeColumn(const Layout& layout, const PackedInts& old, F&& value, IntBounds* bounds,
                      decltype(PackedInts::ForRange) make = PackedInts::ForRange) {
  if (layout.size == 0) return {};
  *bounds = IntBounds::None();
  for (const Piece& piece : layout.pieces) {
    if (piece.in_tail) {
      bounds->Widen(value(piece.begin));
    } else {
      old.Widen(piece.begin, piece.count, bounds);
    }
  }
  PackedInts cells = make(layout.size, bounds->low, bounds->high);
  for (const Piece& piece : layout.pieces) {
    if (piece.in_tail) {
      cells.Put(piece.at, value(piece.begin));
    } else {
      cells.CopyFrom(piece.at, old, piece.begin, piece.count);
    }
  }
  return cells;
}

// The tail's cells of one property, by place in the tail.
struct TailCells {
  std::vector<int64_t> bits;
  std::vector<bool> present;
  size_t num_present = 0;
};

// By property; those that the tail has nothing of are left empty.
std::vector<TailCells> CellsOfTail(const EventBlock& block, size_t num_properties) {
  std::vector<TailCells> all(num_properties);
  for (uint32_t t = 0; t < block.tail.size(); ++t) {
    for (const EventProperty& p : block.PropertiesOf(block.tail[t])) {
      TailCells& cells = all[p.property.value];
      cells.bits.resize(block.tail.size());
      cells.present.resize(block.tail.size());
      cells.bits[t] = p.bits;
      cells.present[t] = true;
      ++cells.num_present;
    }
  }
  return all;
}

std::vector<uint64_t> MakePresent(const Layout& layout, const SealedProperty* old,
                                  const TailCells& tail) {
  std::vector<uint64_t> present((layout.size + 63) / 64);
  const auto set = [&](size_t i) { present[i / 64] |= uint64_t{1} << (i % 64); };
  size_t num_present = 0;
  for (const Piece& piece : layout.pieces) {
    for (uint32_t i = 0; i < piece.count; ++i) {
      const uint32_t place = piece.begin + i;
      const bool has = piece.in_tail ? tail.num_present != 0 && tail.present[place]
                                     : old != nullptr && old->Has(place);
      if (!has) continue;
      set(piece.at + i);
      ++num_present;
    }
  }
  if (num_present == layout.size) return {};
  return present;
}

SealedProperty MakeProperty(const Layout& layout, const SealedEvents& sealed, PropertyId id,
                            const TailCells& tail) {
  const SealedProperty* const old = sealed.property(id);
  if (layout.size == 0 || (old == nullptr && tail.num_present == 0)) return {};
  SealedProperty property;
  property.present = MakePresent(layout, old, tail);
  const auto any = [](uint64_t word) { return word != 0; };
  if (!property.present.empty() &&
      std::none_of(property.present.begin(), property.present.end(), any)) {
    return {};
  }
  // What stands where there is no value is a value of the column, so that it costs no width.
  int64_t filler = 0;
  if (old != nullptr) {
    filler = old->cells.Get(0);
  } else {
    filler = tail.bits[static_cast<size_t>(
        std::find(tail.present.begin(), tail.present.end(), true) - tail.present.begin())];
  }
  const PackedInts none = PackedInts::ForRange(sealed.size(), filler, filler);
  property.cells = MakeColumn(
      layout, old != nullptr ? old->cells : none,
      [&](uint32_t t) { return tail.num_present != 0 && tail.present[t] ? tail.bits[t] : filler; },
      &property.bounds);
  return property;
}

// Where the sealed events of a run went, by place in the run; those that are gone stay kGone.
constexpr uint32_t kGone = 0xffffffffu;

// The places of a long run by id: those that were listed before keep their order.
void AppendById(const SealedEvents& old, uint32_t row, const std::vector<uint32_t>& moved,
                SealedEvents* sealed) {
  const auto begin = static_cast<std::ptrdiff_t>(sealed->by_id.size());
  const auto by_id = [&](uint32_t a, uint32_t b) { return sealed->ids[a] < sealed->ids[b]; };
  const uint32_t old_begin = old.run_begin[row];
  for (const uint32_t place : old.ById(row)) {
    if (moved[place - old_begin] != kGone) sealed->by_id.push_back(moved[place - old_begin]);
  }
  const auto middle = static_cast<std::ptrdiff_t>(sealed->by_id.size());
  std::vector<bool> known(sealed->run_begin[row + 1] - sealed->run_begin[row]);
  for (auto i = begin; i < middle; ++i) {
    known[sealed->by_id[static_cast<size_t>(i)] - sealed->run_begin[row]] = true;
  }
  for (uint32_t i = 0; i < known.size(); ++i) {
    if (!known[i]) sealed->by_id.push_back(sealed->run_begin[row] + i);
  }
  const auto first = sealed->by_id.begin();
  std::sort(first + middle, sealed->by_id.end(), by_id);
  std::inplace_merge(first + begin, first + middle, sealed->by_id.end(), by_id);
}

// For the rows with so many events that a search among their ids would be felt.
void IndexLongRuns(const Layout& layout, const SealedEvents& old, SealedEvents* sealed) {
  size_t p = 0;  // the pieces ascend in both blocks, and so do the rows
  std::vector<uint32_t> moved;
  for (uint32_t r = 0; r < kChunkRows; ++r) {
    const uint32_t begin = sealed->run_begin[r];
    const uint32_t end = sealed->run_begin[r + 1];
    if (end - begin <= SealedEvents::kLongRun) continue;
    const uint32_t old_begin = old.run_begin[r];
    moved.assign(old.run_begin[r + 1] - old_begin, kGone);
    while (p < layout.pieces.size() && layout.pieces[p].at + layout.pieces[p].count <= begin) ++p;
    for (; p < layout.pieces.size() && layout.pieces[p].at < end; ++p) {
      const Piece& piece = layout.pieces[p];
      const uint32_t piece_end = piece.at + piece.count;
      for (uint32_t at = std::max(piece.at, begin); at < std::min(piece_end, end); ++at) {
        if (!piece.in_tail) moved[piece.begin + (at - piece.at) - old_begin] = at;
      }
      if (piece_end > end) break;  // goes on in the next rows
    }
    sealed->id_runs.push_back({r, static_cast<uint32_t>(sealed->by_id.size())});
    AppendById(old, r, moved, sealed);
  }
  sealed->id_runs.shrink_to_fit();
  sealed->by_id.shrink_to_fit();
}

void FillRuns(SealedEvents* sealed) {
  sealed->run_begin.assign(kChunkRows + 1, 0);
  for (const uint16_t row : sealed->rows) ++sealed->run_begin[row + 1];
  for (uint32_t r = 0; r < kChunkRows; ++r) sealed->run_begin[r + 1] += sealed->run_begin[r];
}

// The arrays that are not packed.
void FillRowsAndIds(const Layout& layout, const EventBlock& block, SealedEvents* sealed) {
  const SealedEvents& old = *block.sealed;
  sealed->rows.resize(layout.size);
  sealed->ids.resize(layout.size);
  for (const Piece& piece : layout.pieces) {
    if (piece.in_tail) {
      sealed->rows[piece.at] = block.tail[piece.begin].row_offset;
      sealed->ids[piece.at] = block.tail[piece.begin].id;
    } else {
      std::copy_n(old.rows.data() + piece.begin, piece.count, sealed->rows.data() + piece.at);
      std::copy_n(old.ids.data() + piece.begin, piece.count, sealed->ids.data() + piece.at);
    }
  }
  FillRuns(sealed);
}

}  // namespace

size_t TailLimit(const EventBlock& block) {
  const size_t size = block.sealed->size();
  return std::clamp(size / kSealFraction, kMinTail, std::max(kMaxTail, size / kMaxTailFraction));
}

bool IsLoose(const EventBlock& block) {
  return block.tail.size() * kIdleFraction > block.sealed->size();
}

std::shared_ptr<const SealedEvents> Seal(const EventBlock& block, const SealRules& rules) {
  const SealedEvents& old = *block.sealed;
  const Layout layout = MakeLayout(block, rules);
  auto sealed = std::make_shared<SealedEvents>();
  FillRowsAndIds(layout, block, sealed.get());
  sealed->times = MakeColumn(
      layout, old.times, [&](uint32_t t) { return block.tail[t].time_ms; }, &sealed->time_bounds,
      PackedInts::SplitForRange);
  IntBounds origins;
  sealed->origins = MakeColumn(
      layout, old.origins, [&](uint32_t t) { return static_cast<int64_t>(block.tail[t].origin); },
      &origins);
  const std::vector<TailCells> tail = CellsOfTail(block, rules.num_properties);
  for (size_t p = 0; p < rules.num_properties; ++p) {
    const PropertyId id{static_cast<uint16_t>(p)};
    sealed->properties.push_back(MakeProperty(layout, old, id, tail[p]));
  }
  IndexLongRuns(layout, old, sealed.get());
  return sealed;
}

bool DeriveRuns(SealedEvents* sealed) {
  FillRuns(sealed);
  sealed->time_bounds = IntBounds::None();
  sealed->times.Widen(0, sealed->size(), &sealed->time_bounds);
  const std::vector<uint64_t>& ids = sealed->ids;
  std::vector<uint64_t> run;
  for (uint32_t r = 0; r < kChunkRows; ++r) {
    const auto begin = static_cast<std::ptrdiff_t>(sealed->run_begin[r]);
    const auto end = static_cast<std::ptrdiff_t>(sealed->run_begin[r + 1]);
    if (end - begin < 2) continue;
    run.assign(ids.begin() + begin, ids.begin() + end);
    std::sort(run.begin(), run.end());
    if (std::adjacent_find(run.begin(), run.end()) != run.end()) return false;
    if (run.size() <= SealedEvents::kLongRun) continue;
    sealed->id_runs.push_back({r, static_cast<uint32_t>(sealed->by_id.size())});
    const auto first = static_cast<std::ptrdiff_t>(sealed->by_id.size());
    sealed->by_id.resize(sealed->by_id.size() + run.size());
    std::iota(sealed->by_id.begin() + first, sealed->by_id.end(), sealed->run_begin[r]);
    std::sort(sealed->by_id.begin() + first, sealed->by_id.end(),
              [&](uint32_t a, uint32_t b) { return ids[a] < ids[b]; });
  }
  return true;
}

}  // namespace roster
