// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/packed_ints.h"

#include <algorithm>

namespace roster {

namespace {

template <typename UintN>
void WidenBy(const UintN* raw, size_t count, uint64_t* min, uint64_t* max) {
  UintN low = raw[0];
  UintN high = raw[0];
  for (size_t i = 1; i < count; ++i) {
    low = std::min(low, raw[i]);
    high = std::max(high, raw[i]);
  }
  *min = low;
  *max = high;
}

}  // namespace

PackedInts PackedInts::Of(const std::vector<int64_t>& values) {
  if (values.empty()) return {};
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  PackedInts ints = ForRange(values.size(), *min, *max);
  for (size_t i = 0; i < values.size(); ++i) ints.Put(i, values[i]);
  return ints;
}

PackedInts PackedInts::ForRange(size_t size, int64_t min, int64_t max) {
  PackedInts ints;
  const uint64_t range = static_cast<uint64_t>(max) - static_cast<uint64_t>(min);
  if (range != 0) ints.width_ = 1;
  while (!Fits(range, ints.width_)) ints.width_ *= 2;
  // What the width can hold beyond the range has to be a number too.
  const uint64_t most = ints.width_ == 8 ? 0 : (uint64_t{1} << (ints.width_ * 8)) - 1;
  if (min > 0 && static_cast<uint64_t>(INT64_MAX - min) < most) ints.width_ = 8;
  const bool zero_based = min >= 0 && Fits(static_cast<uint64_t>(max), ints.width_);
  ints.base_ = zero_based || ints.width_ == 8 ? 0 : min;
  ints.Resize(size);
  return ints;
}

PackedInts PackedInts::SplitForRange(size_t size, int64_t min, int64_t max) {
  constexpr uint64_t kWidth = 5;
  constexpr int64_t kMost = (int64_t{1} << (kWidth * 8)) - 1;
  // A base that stays when the range grows a little: copies are quick then.
  constexpr int64_t kSteps = int64_t{1} << 36;
  const auto fits_from = [max](int64_t base) {
    return Fits(static_cast<uint64_t>(max) - static_cast<uint64_t>(base), kWidth);
  };
  const bool in_four = Fits(static_cast<uint64_t>(max) - static_cast<uint64_t>(min), 4);
  const int64_t base = fits_from(min & -kSteps) ? min & -kSteps : min;
  if (in_four || !fits_from(base) || base > INT64_MAX - kMost) return ForRange(size, min, max);
  PackedInts ints;
  ints.width_ = kWidth;
  ints.form_ = Form::kSplit;
  ints.base_ = base;
  ints.Resize(size);
  return ints;
}

PackedInts PackedInts::Whole() const {
  if (!is_split()) return *this;
  IntBounds bounds = IntBounds::None();
  Widen(0, size_, &bounds);
  PackedInts whole = ForRange(size_, bounds.low, bounds.high);
  whole.CopyFrom(0, *this, 0, size_);
  return whole;
}

PackedInts PackedInts::ForSets(size_t size, int64_t min, int64_t max) {
  PackedInts ints;
  ints.Choose(min, max);
  ints.Resize(size);
  return ints;
}

PackedInts PackedInts::UnscannedForSets(size_t size, int64_t min, int64_t max) {
  PackedInts ints = Unscanned(0);
  ints.Choose(min, max);
  ints.Resize(size);
  return ints;
}

std::optional<PackedInts> PackedInts::FromBytes(size_t size, uint8_t width, int64_t base,
                                                std::string_view bytes) {
  const bool known = width == 0 || width == 1 || width == 2 || width == 4 || width == 8;
  if (!known || bytes.size() != size * width) return std::nullopt;
  // The highest value that the width holds has to be one.
  if (width == 8 && base != 0) return std::nullopt;
  const uint64_t most = width == 8 ? 0 : (uint64_t{1} << (width * 8)) - 1;
  if (base > 0 && static_cast<uint64_t>(INT64_MAX - base) < most) return std::nullopt;
  PackedInts ints;
  ints.width_ = width;
  ints.base_ = base;
  ints.Resize(size);
  if (!bytes.empty()) std::memcpy(ints.bytes_.data(), bytes.data(), bytes.size());
  return ints;
}

void PackedInts::CopyFrom(size_t at, const PackedInts& from, size_t begin, size_t count) {
  if (width_ == 0) return;  // there is nothing to copy, not even an address
  if (width_ == from.width_ && base_ == from.base_ && form_ == from.form_) {
    if (is_split()) {
      std::copy_n(from.highs() + begin, count, const_cast<uint32_t*>(highs()) + at);
      std::copy_n(from.lows() + begin, count, const_cast<uint8_t*>(lows()) + at);
      return;
    }
    std::memcpy(reinterpret_cast<char*>(bytes_.data()) + at * width_,
                reinterpret_cast<const char*>(from.bytes_.data()) + begin * width_, count * width_);
    return;
  }
  for (size_t i = 0; i < count; ++i) Put(at + i, from.Get(begin + i));
}

void PackedInts::Widen(size_t begin, size_t count, IntBounds* bounds) const {
  if (count == 0) return;
  if (width_ == 8) {  // with base 0, and signed
    const auto [low, high] =
        std::minmax_element(data<int64_t>() + begin, data<int64_t>() + begin + count);
    bounds->Widen(*low);
    bounds->Widen(*high);
    return;
  }
  uint64_t low = 0;
  uint64_t high = 0;
  if (is_split()) {
    WidenBy(highs() + begin, count, &low, &high);
    // The exact ends are among those that share their upper part.
    for (size_t i = begin; i < begin + count; ++i) {
      if (highs()[i] == low || highs()[i] == high) bounds->Widen(Get(i));
    }
    return;
  }
  if (width_ == 1) WidenBy(data<uint8_t>() + begin, count, &low, &high);
  if (width_ == 2) WidenBy(data<uint16_t>() + begin, count, &low, &high);
  if (width_ == 4) WidenBy(data<uint32_t>() + begin, count, &low, &high);
  bounds->Widen(Add(low));
  bounds->Widen(Add(high));
}

// The narrowest width for [min, max]. Where base 0 does not do, the range lies in the middle of
// what the width can hold, so that later values below and above still fit.
void PackedInts::Choose(int64_t min, int64_t max) {
  const uint64_t range = static_cast<uint64_t>(max) - static_cast<uint64_t>(min);
  width_ = std::max<uint8_t>(width_, 1);
  while (width_ != 8 && !Fits(range + 1, width_)) width_ += form_ == Form::kOdd ? 1 : width_;
  base_ = 0;
  if (width_ == 8 || (min >= 0 && Fits(static_cast<uint64_t>(max), width_))) return;
  const uint64_t slack = ((uint64_t{1} << (width_ * 8)) - 1 - range) / 2;
  const uint64_t below = std::max<uint64_t>(slack, 1);
  const bool room = min > INT64_MIN + static_cast<int64_t>(below);
  if (room) {
    base_ = min - static_cast<int64_t>(below);
  } else {
    width_ = 8;
  }
}

void PackedInts::Repack(size_t i, int64_t value) {
  std::vector<int64_t> values(size_);
  std::vector<bool> is_set(size_);
  int64_t min = value;
  int64_t max = value;
  for (size_t k = 0; k < size_; ++k) {
    values[k] = Get(k);
    is_set[k] = width_ != 0 && (base_ == 0 || values[k] != base_);
    if (!is_set[k]) continue;
    min = std::min(min, values[k]);
    max = std::max(max, values[k]);
  }
  Choose(min, max);
  bytes_ = {};  // so that no more is allocated than is needed
  Resize(size_);
  values[i] = value;
  is_set[i] = true;
  for (size_t k = 0; k < size_; ++k) {
    Store(k, is_set[k] ? static_cast<uint64_t>(values[k]) - static_cast<uint64_t>(base_) : 0);
  }
}

}  // namespace roster
