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

template <typename UintN>
HWY_INLINE void Narrow(const UintN* cells, size_t size, absl::Span<const RawRange<UintN>> ranges,
                       bool negated, uint64_t* rows) {
  const uint64_t flip = negated ? ~uint64_t{0} : 0;
  const size_t num_whole = size / 64;
  for (size_t word = 0; word < num_whole; ++word) {
    if (rows[word] != 0) rows[word] &= InRanges(cells + word * 64, ranges) ^ flip;
  }
  if (size % 64 == 0 || rows[num_whole] == 0) return;
  UintN last[64] = {};
  std::copy(cells + num_whole * 64, cells + size, last);
  rows[num_whole] &= InRanges(last, ranges) ^ flip;
}

void Narrow8(const uint8_t* cells, size_t size, absl::Span<const RawRange<uint8_t>> ranges,
             bool negated, uint64_t* rows) {
  Narrow(cells, size, ranges, negated, rows);
}
void Narrow16(const uint16_t* cells, size_t size, absl::Span<const RawRange<uint16_t>> ranges,
              bool negated, uint64_t* rows) {
  Narrow(cells, size, ranges, negated, rows);
}
void Narrow32(const uint32_t* cells, size_t size, absl::Span<const RawRange<uint32_t>> ranges,
              bool negated, uint64_t* rows) {
  Narrow(cells, size, ranges, negated, rows);
}
void Narrow64(const uint64_t* cells, size_t size, absl::Span<const RawRange<uint64_t>> ranges,
              bool negated, uint64_t* rows) {
  Narrow(cells, size, ranges, negated, rows);
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

}  // namespace roster::query::kernels
#endif  // HWY_ONCE
