// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/traits/chunk_ints.h"

#include <algorithm>

namespace roster {

ChunkInts ChunkInts::Of(Form form, const ChunkBits& rows, const PackedInts& values) {
  ChunkInts ints(form);
  if (values.size() > kFew) {
    IntBounds bounds = IntBounds::None();
    values.Widen(0, values.size(), &bounds);
    ints.array_ = ints.MakeArray(bounds.low, bounds.high);
  } else {
    ints.rows_.reserve(values.size());
    ints.values_.reserve(values.size());
  }
  size_t next = 0;
  rows.ForEach([&](uint32_t i) {
    const int64_t value = values.Get(next++);
    if (ints.array_.size() != 0) return ints.array_.Put(i, value);
    ints.rows_.push_back(static_cast<uint16_t>(i));
    ints.values_.push_back(value);
  });
  return ints;
}

void ChunkInts::Set(uint32_t i, int64_t value) {
  if (array_.size() == 0) {
    const size_t place = PlaceOf(i);
    if (IsAt(place, i)) {
      values_[place] = value;
      return;
    }
    if (value == 0 && form_ == Form::kUnscannedOrZero) return;  // as it reads already
    if (rows_.size() < kFew) {
      const auto at = static_cast<std::ptrdiff_t>(place);
      rows_.insert(rows_.begin() + at, static_cast<uint16_t>(i));
      values_.insert(values_.begin() + at, value);
      return;
    }
    BeginArray(value);
  }
  array_.Set(i, value);
}

void ChunkInts::Forget(uint32_t i) {
  if (array_.size() != 0) return array_.Forget(i);
  const size_t place = PlaceOf(i);
  if (!IsAt(place, i)) return;
  std::copy(values_.begin() + static_cast<std::ptrdiff_t>(place) + 1, values_.end(),
            values_.begin() + static_cast<std::ptrdiff_t>(place));
  values_.back() = 0;
  values_.pop_back();
  rows_.erase(rows_.begin() + static_cast<std::ptrdiff_t>(place));
}

size_t ChunkInts::PlaceOf(uint32_t i) const {
  return static_cast<size_t>(std::lower_bound(rows_.begin(), rows_.end(), i) - rows_.begin());
}

int64_t ChunkInts::InList(uint32_t i) const {
  const size_t place = PlaceOf(i);
  return IsAt(place, i) ? values_[place] : 0;
}

PackedInts ChunkInts::MakeArray(int64_t low, int64_t high) const {
  switch (form_) {
    case Form::kNarrow:
      return PackedInts::ForSets(kChunkRows, low, high);
    case Form::kWide:
      return PackedInts::Wide(kChunkRows);
    case Form::kUnscanned:
      return PackedInts::UnscannedForSets(kChunkRows, low, high);
    case Form::kUnscannedOrZero:  // with base 0 for good, because 0 is one of the values
      break;
  }
  return PackedInts::UnscannedForSets(kChunkRows, std::min<int64_t>(low, 0),
                                      std::max<int64_t>(high, 0));
}

void ChunkInts::BeginArray(int64_t value) {
  IntBounds bounds = IntBounds::None();
  bounds.Widen(value);
  for (const int64_t known : values_) bounds.Widen(known);
  array_ = MakeArray(bounds.low, bounds.high);
  for (size_t p = 0; p < rows_.size(); ++p) array_.Put(rows_[p], values_[p]);
  // Not by `= {}`, which keeps the memory.
  rows_ = std::vector<uint16_t>();
  values_ = std::vector<int64_t>();
}

}  // namespace roster
