// SPDX-License-Identifier: Apache-2.0
#include "query/kernels/narrow.h"

#include <algorithm>

#include "query/kernels/target.h"

// This file is compiled once for each target, by being included again.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "query/kernels/narrow.cc"
#include <hwy/foreach_target.h>
// Behind it, for each target anew.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace roster::query::kernels {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

const char* NameOfTarget() { return hwy::TargetName(HWY_TARGET); }

// A bit for each of 64 cells that is in one of the ranges, the first cell lowest.
template <typename UintN>
HWY_INLINE uint64_t InRanges(const UintN* cells, absl::Span<const RawRange<UintN>> ranges) {
  const hn::CappedTag<UintN, 64> tag;
  const size_t lanes = hn::Lanes(tag);
  uint64_t outside = 0;
  for (size_t i = 0; i < 64; i += lanes) {
    const auto vector = hn::LoadU(tag, cells + i);
    const auto is_outside = [&](const RawRange<UintN>& range) HWY_ATTR {
      return hn::Gt(hn::Sub(vector, hn::Set(tag, range.first)), hn::Set(tag, range.span));
    };
    auto all = is_outside(ranges[0]);
    for (size_t r = 1; r < ranges.size(); ++r) all = hn::And(all, is_outside(ranges[r]));
    uint64_t bits = 0;
    hn::StoreMaskBits(tag, all, reinterpret_cast<uint8_t*>(&bits));
    outside |= bits << i;
  }
  return ~outside;
}

// A bit for each of 64 bytes that is in a set, which comes as two tables by the low half of a byte,
// for high halves below 8 and from there on: a bit for each high half.
HWY_INLINE uint64_t InSet(const uint8_t* cells, const uint8_t (&tables)[2][16]) {
#if HWY_TARGET == HWY_SCALAR  // has vectors of one byte, which are no tables
  uint64_t word = 0;
  for (size_t i = 0; i < 64; ++i) {
    const uint8_t cell = cells[i];
    word |= uint64_t{tables[cell / 128][cell % 16] >> (cell / 16 % 8) & 1u} << i;
  }
  return word;
#else
  HWY_ALIGN static constexpr uint8_t kBitOf[16] = {1, 2, 4, 8, 16, 32, 64, 128,
                                                   1, 2, 4, 8, 16, 32, 64, 128};
  const hn::CappedTag<uint8_t, 64> tag;
  const auto low_table = hn::LoadDup128(tag, tables[0]);
  const auto high_table = hn::LoadDup128(tag, tables[1]);
  const auto bit_of = hn::LoadDup128(tag, kBitOf);
  const size_t lanes = hn::Lanes(tag);
  uint64_t word = 0;
  for (size_t i = 0; i < 64; i += lanes) {
    const auto vector = hn::LoadU(tag, cells + i);
    const auto low = hn::And(vector, hn::Set(tag, uint8_t{15}));
    const auto high = hn::ShiftRight<4>(vector);
    const auto set =
        hn::IfThenElse(hn::Gt(high, hn::Set(tag, uint8_t{7})),
                       hn::TableLookupBytes(high_table, low), hn::TableLookupBytes(low_table, low));
    uint64_t bits = 0;
    hn::StoreMaskBits(tag, hn::TestBit(set, hn::TableLookupBytes(bit_of, high)),
                      reinterpret_cast<uint8_t*>(&bits));
    word |= bits << i;
  }
  return word;
#endif
}

// A bit for each of 64 cells that is in a range; `at_ends`: whether any is the first or last of it.
HWY_INLINE uint64_t InRange(const uint32_t* cells, RawRange<uint32_t> range, bool* at_ends) {
  const hn::CappedTag<uint32_t, 64> tag;
  const auto first = hn::Set(tag, range.first);
  const auto span = hn::Set(tag, range.span);
  auto ends = hn::FirstN(tag, 0);
  uint64_t outside = 0;
  for (size_t i = 0; i < 64; i += hn::Lanes(tag)) {
    const auto above = hn::Sub(hn::LoadU(tag, cells + i), first);
    ends = hn::Or(ends, hn::Or(hn::Eq(above, hn::Zero(tag)), hn::Eq(above, span)));
    uint64_t bits = 0;
    hn::StoreMaskBits(tag, hn::Gt(above, span), reinterpret_cast<uint8_t*>(&bits));
    outside |= bits << i;
  }
  *at_ends = !hn::AllFalse(tag, ends);
  return ~outside;
}

// passes(cells): a bit for each of 64 that passes.
template <typename UintN, typename Passes>
HWY_INLINE void Narrow(const UintN* cells, size_t size, uint64_t* rows, const Passes& passes) {
  const size_t num_whole = size / 64;
  for (size_t word = 0; word < num_whole; ++word) {
    if (rows[word] != 0) rows[word] &= passes(cells + word * 64);
  }
  if (size % 64 == 0 || rows[num_whole] == 0) return;
  UintN last[64] = {};
  std::copy(cells + num_whole * 64, cells + size, last);
  rows[num_whole] &= passes(last);
}

template <typename UintN>
HWY_INLINE void NarrowIn(const UintN* cells, size_t size, absl::Span<const RawRange<UintN>> ranges,
                         bool negated, uint64_t* rows) {
  const uint64_t flip = negated ? ~uint64_t{0} : 0;
  // One is what there is mostly.
  if (ranges.size() == 1) {
    const RawRange<UintN> one = ranges[0];
    Narrow(cells, size, rows, [one, flip](const UintN* at) HWY_ATTR {
      return InRanges(at, absl::MakeConstSpan(&one, 1)) ^ flip;
    });
  } else {
    Narrow(cells, size, rows,
           [ranges, flip](const UintN* at) HWY_ATTR { return InRanges(at, ranges) ^ flip; });
  }
}

void Narrow8(const uint8_t* cells, size_t size, absl::Span<const RawRange<uint8_t>> ranges,
             bool negated, uint64_t* rows) {
  NarrowIn(cells, size, ranges, negated, rows);
}
void Narrow16(const uint16_t* cells, size_t size, absl::Span<const RawRange<uint16_t>> ranges,
              bool negated, uint64_t* rows) {
  NarrowIn(cells, size, ranges, negated, rows);
}
void Narrow32(const uint32_t* cells, size_t size, absl::Span<const RawRange<uint32_t>> ranges,
              bool negated, uint64_t* rows) {
  NarrowIn(cells, size, ranges, negated, rows);
}
void Narrow64(const uint64_t* cells, size_t size, absl::Span<const RawRange<uint64_t>> ranges,
              bool negated, uint64_t* rows) {
  NarrowIn(cells, size, ranges, negated, rows);
}

// What lies within by the upper bits is right, but for cells at the ends: those are few.
void NarrowSplit(const uint32_t* highs, const uint8_t* lows, size_t size, RawRange<uint64_t> range,
                 bool negated, uint64_t* rows) {
  const uint64_t flip = negated ? ~uint64_t{0} : 0;
  const auto first = static_cast<uint32_t>(range.first >> 8);
  const auto last = static_cast<uint32_t>((range.first + range.span) >> 8);
  const RawRange<uint32_t> upper{first, last - first};
  const auto passes = [&](const uint32_t* high, const uint8_t* low) HWY_ATTR {
    bool at_ends = false;
    uint64_t passed = InRange(high, upper, &at_ends);
    for (uint64_t left = at_ends ? passed : 0; left != 0; left &= left - 1) {
      const size_t i = hwy::Num0BitsBelowLS1Bit_Nonzero64(left);
      const uint64_t cell = uint64_t{high[i]} << 8 | low[i];
      if (cell - range.first > range.span) passed &= ~(uint64_t{1} << i);
    }
    return passed ^ flip;
  };
  const size_t num_whole = size / 64;
  for (size_t word = 0; word < num_whole; ++word) {
    if (rows[word] != 0) rows[word] &= passes(highs + word * 64, lows + word * 64);
  }
  if (size % 64 == 0 || rows[num_whole] == 0) return;
  uint32_t last_highs[64] = {};
  uint8_t last_lows[64] = {};
  std::copy(highs + num_whole * 64, highs + size, last_highs);
  std::copy(lows + num_whole * 64, lows + size, last_lows);
  rows[num_whole] &= passes(last_highs, last_lows);
}

void NarrowBytes(const uint8_t* cells, size_t size, const ByteSet& set, bool negated,
                 uint64_t* rows) {
  HWY_ALIGN uint8_t tables[2][16] = {};
  for (size_t byte = 0; byte < 256; ++byte) {
    const uint64_t has = set[byte / 64] >> (byte % 64) & 1;
    tables[byte / 128][byte % 16] |= static_cast<uint8_t>(has << (byte / 16 % 8));
  }
  const uint64_t flip = negated ? ~uint64_t{0} : 0;
  Narrow(cells, size, rows, [&](const uint8_t* at) HWY_ATTR { return InSet(at, tables) ^ flip; });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace roster::query::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roster::query::kernels {
namespace {

HWY_EXPORT(NameOfTarget);
HWY_EXPORT(Narrow8);
HWY_EXPORT(Narrow16);
HWY_EXPORT(Narrow32);
HWY_EXPORT(Narrow64);
HWY_EXPORT(NarrowSplit);
HWY_EXPORT(NarrowBytes);

}  // namespace

const char* TargetName() { return HWY_DYNAMIC_DISPATCH(NameOfTarget)(); }

void NarrowByRanges(const uint8_t* cells, size_t size, absl::Span<const RawRange<uint8_t>> ranges,
                    bool negated, uint64_t* rows) {
  HWY_DYNAMIC_DISPATCH(Narrow8)(cells, size, ranges, negated, rows);
}
void NarrowByRanges(const uint16_t* cells, size_t size, absl::Span<const RawRange<uint16_t>> ranges,
                    bool negated, uint64_t* rows) {
  HWY_DYNAMIC_DISPATCH(Narrow16)(cells, size, ranges, negated, rows);
}
void NarrowByRanges(const uint32_t* cells, size_t size, absl::Span<const RawRange<uint32_t>> ranges,
                    bool negated, uint64_t* rows) {
  HWY_DYNAMIC_DISPATCH(Narrow32)(cells, size, ranges, negated, rows);
}
void NarrowByRanges(const uint64_t* cells, size_t size, absl::Span<const RawRange<uint64_t>> ranges,
                    bool negated, uint64_t* rows) {
  HWY_DYNAMIC_DISPATCH(Narrow64)(cells, size, ranges, negated, rows);
}
void NarrowSplitByRange(const uint32_t* highs, const uint8_t* lows, size_t size,
                        RawRange<uint64_t> range, bool negated, uint64_t* rows) {
  HWY_DYNAMIC_DISPATCH(NarrowSplit)(highs, lows, size, range, negated, rows);
}
void NarrowByBytes(const uint8_t* cells, size_t size, const ByteSet& set, bool negated,
                   uint64_t* rows) {
  HWY_DYNAMIC_DISPATCH(NarrowBytes)(cells, size, set, negated, rows);
}

}  // namespace roster::query::kernels
#endif  // HWY_ONCE
