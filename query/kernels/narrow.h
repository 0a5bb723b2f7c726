// SPDX-License-Identifier: Apache-2.0
//
// Narrowing a bit set by what packed cells are, 64 cells a word. Thread rule: pure functions.
#ifndef ROSTER_QUERY_KERNELS_NARROW_H_
#define ROSTER_QUERY_KERNELS_NARROW_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace roster::query::kernels {

// The stored values from `first` on, `first` + `span` included; behind the last one comes 0.
template <typename UintN>
struct RawRange {
  UintN first;
  UintN span;
};

// Clears the bits of `rows` whose cell is in none of the ranges; `negated`: whose cell is in one.
// Clear bits stay clear, and cells of words without a bit are not read. Shape: rows has (size + 63)
// / 64 words. Requires: a range at least. Cost: that of reading the cells, a comparison a range.
void NarrowByRanges(const uint8_t* cells, size_t size, absl::Span<const RawRange<uint8_t>> ranges,
                    bool negated, uint64_t* rows);
void NarrowByRanges(const uint16_t* cells, size_t size, absl::Span<const RawRange<uint16_t>> ranges,
                    bool negated, uint64_t* rows);
void NarrowByRanges(const uint32_t* cells, size_t size, absl::Span<const RawRange<uint32_t>> ranges,
                    bool negated, uint64_t* rows);
void NarrowByRanges(const uint64_t* cells, size_t size, absl::Span<const RawRange<uint64_t>> ranges,
                    bool negated, uint64_t* rows);

// The same for cells of 40 bits in two arrays: the upper 32 and the lower 8. Cost: that of reading
// the upper ones, and the lower ones of cells that share their upper bits with an end.
void NarrowSplitByRange(const uint32_t* highs, const uint8_t* lows, size_t size,
                        RawRange<uint64_t> range, bool negated, uint64_t* rows);

// Bytes that pass: a bit for each.
using ByteSet = std::array<uint64_t, 4>;

// The same for any set of bytes. Cost: about that of three ranges.
void NarrowByBytes(const uint8_t* cells, size_t size, const ByteSet& set, bool negated,
                   uint64_t* rows);

}  // namespace roster::query::kernels

#endif  // ROSTER_QUERY_KERNELS_NARROW_H_
