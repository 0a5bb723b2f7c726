// SPDX-License-Identifier: Apache-2.0
//
// Integers in the narrowest width that holds them: the physical form of every cell (dictionary
// codes, times, numbers as bits). Thread rule: as its owner.
#ifndef ROSTER_STORAGE_MEMORY_PACKED_INTS_H_
#define ROSTER_STORAGE_MEMORY_PACKED_INTS_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "storage/base/prefetch.h"

namespace roster {

// What values lie between, ends included: a zone map. As it is by default it says nothing.
struct IntBounds {
  int64_t low = std::numeric_limits<int64_t>::min();
  int64_t high = std::numeric_limits<int64_t>::max();

  // Of no value yet.
  static IntBounds None() {
    return {std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()};
  }
  void Widen(int64_t value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

// A vector of int64 stored as value - base in 0, 1, 2, 4 or 8 bytes (or others, if Unscanned; or
// split in two arrays, if SplitForRange). Grown by Set, or made whole by Of, or ForRange with Put
// and CopyFrom, and then not Set any more.
// Invariants: (1) base is 0 when that costs no width; (2) while it is Set, stored 0 is a place that
// was never set, unless base is 0; (3) with width 0 every value is base; (4) the width only grows.
class PackedInts {
 public:
  // Every value takes 8 bytes with base 0, whatever comes: for doubles as bits.
  static PackedInts Wide(size_t size) {
    PackedInts ints;
    ints.width_ = 8;
    ints.Resize(size);
    return ints;
  }
  // In any number of bytes from 0 to 8, for what is read one by one only: it has no data().
  static PackedInts Unscanned(size_t size) {
    PackedInts ints(size);
    ints.form_ = Form::kOdd;
    return ints;
  }
  static PackedInts Of(const std::vector<int64_t>& values);
  // To be filled by Put and CopyFrom: the narrowest width for values in [min, max].
  static PackedInts ForRange(size_t size, int64_t min, int64_t max);
  // The same, but where five bytes do, the upper four of each stand in an array of their own and
  // the lowest ones behind them: what is scanned is half of eight, and a bit of the rest.
  static PackedInts SplitForRange(size_t size, int64_t min, int64_t max);
  // As ForRange, but it can be Set afterwards; the places that are not Put are not set.
  static PackedInts ForSets(size_t size, int64_t min, int64_t max);
  static PackedInts UnscannedForSets(size_t size, int64_t min, int64_t max);
  // As bytes() of another one gave it. Nothing when these cannot be its parts.
  static std::optional<PackedInts> FromBytes(size_t size, uint8_t width, int64_t base,
                                             std::string_view bytes);

  PackedInts() = default;
  explicit PackedInts(size_t size) : size_(size) {}

  size_t size() const { return size_; }
  uint8_t width() const { return width_; }
  int64_t base() const { return base_; }
  // Whether the stored values are highs() and lows(), and not data().
  bool is_split() const { return form_ == Form::kSplit; }
  // The upper 32 bits of the stored values, and the lower 8. Shape: size(). Requires: is_split().
  const uint32_t* highs() const { return reinterpret_cast<const uint32_t*>(bytes_.data()); }
  const uint8_t* lows() const { return reinterpret_cast<const uint8_t*>(highs() + size_); }
  // The stored values. Shape: size() of UintN for width() N bytes; null with width 0.
  template <typename UintN>
  const UintN* data() const {
    return reinterpret_cast<const UintN*>(bytes_.data());
  }

  // The stored values as they are in memory. Shape: size() * width() bytes.
  std::string_view bytes() const {
    return {reinterpret_cast<const char*>(bytes_.data()), size_ * width_};
  }

  int64_t Get(size_t i) const {
    switch (width_) {
      case 0:
        return base_;
      case 1:
        return Add(data<uint8_t>()[i]);
      case 2:
        return Add(data<uint16_t>()[i]);
      case 4:
        return Add(data<uint32_t>()[i]);
      case 8:
        return Add(data<uint64_t>()[i]);
      default:
        return Add(is_split() ? uint64_t{highs()[i]} << 8 | lows()[i] : OddAt(i));
    }
  }
  // Has the processor fetch what Get of a place will read.
  void Prefetch(size_t i) const {
    const auto* const bytes = reinterpret_cast<const char*>(bytes_.data());
    PrefetchLine(bytes + i * (is_split() ? sizeof(uint32_t) : width_));
    if (is_split()) PrefetchLine(lows() + i);
  }
  // Cost: O(1), O(size) when the width or the base has to change.
  void Set(size_t i, int64_t value) {
    const uint64_t raw = static_cast<uint64_t>(value) - static_cast<uint64_t>(base_);
    if (width_ == 0 || !Fits(raw, width_) || (raw == 0 && base_ != 0)) return Repack(i, value);
    Store(i, raw);
  }
  // Makes the place one that was never set, and overwrites what stood there.
  void Forget(size_t i) { Store(i, 0); }
  // Requires: made by ForRange, ForSets or Wide; the value is in the range.
  void Put(size_t i, int64_t value) {
    Store(i, static_cast<uint64_t>(value) - static_cast<uint64_t>(base_));
  }
  // As Put of `count` values of another vector. Cost: that of a copy where the width is the same.
  void CopyFrom(size_t at, const PackedInts& from, size_t begin, size_t count);
  // The same values, not split.
  PackedInts Whole() const;
  // Widens `bounds` so that they hold `count` values from `begin` on.
  void Widen(size_t begin, size_t count, IntBounds* bounds) const;
  // New places are not set: they read as base.
  void Resize(size_t size) {
    size_ = size;
    bytes_.resize((size * width_ + 7) / 8 + (IsOdd() && !is_split() ? 1 : 0));
  }
  size_t MemoryBytes() const { return bytes_.capacity() * 8; }

 private:
  enum class Form : uint8_t { kWhole, kOdd, kSplit };

  bool IsOdd() const { return (width_ & (width_ - 1)) != 0; }
  // A value of 3, 5, 6 or 7 bytes; what is behind it is read and cut off.
  uint64_t OddAt(size_t i) const {
    uint64_t raw;
    std::memcpy(&raw, reinterpret_cast<const char*>(bytes_.data()) + i * width_, sizeof(raw));
    return raw & ((uint64_t{1} << (width_ * 8)) - 1);
  }
  static bool Fits(uint64_t raw, uint8_t width) { return width == 8 || (raw >> (width * 8)) == 0; }
  int64_t Add(uint64_t raw) const {
    return static_cast<int64_t>(raw + static_cast<uint64_t>(base_));
  }
  void Store(size_t i, uint64_t raw) {
    switch (width_) {
      case 0:
        return;
      case 1:
        return StoreAs<uint8_t>(i, raw);
      case 2:
        return StoreAs<uint16_t>(i, raw);
      case 4:
        return StoreAs<uint32_t>(i, raw);
      case 8:
        return StoreAs<uint64_t>(i, raw);
      default:
        if (is_split()) return StoreSplit(i, raw);
        std::memcpy(reinterpret_cast<char*>(bytes_.data()) + i * width_, &raw, width_);
    }
  }
  template <typename UintN>
  void StoreAs(size_t i, uint64_t raw) {
    reinterpret_cast<UintN*>(bytes_.data())[i] = static_cast<UintN>(raw);
  }
  void StoreSplit(size_t i, uint64_t raw) {
    const_cast<uint32_t*>(highs())[i] = static_cast<uint32_t>(raw >> 8);
    const_cast<uint8_t*>(lows())[i] = static_cast<uint8_t>(raw);
  }
  void Repack(size_t i, int64_t value);
  void Choose(int64_t min, int64_t max);

  std::vector<uint64_t> bytes_;  // words, so that every width is aligned
  size_t size_ = 0;
  int64_t base_ = 0;
  uint8_t width_ = 0;
  Form form_ = Form::kWhole;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_PACKED_INTS_H_
