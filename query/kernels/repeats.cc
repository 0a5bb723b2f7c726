// SPDX-License-Identifier: Apache-2.0
#include "query/kernels/repeats.h"

// This file is compiled once for each target, by being included again.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "query/kernels/repeats.cc"
#include <hwy/foreach_target.h>
// Behind it, for each target anew.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace roster::query::kernels {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// A bit for each of 64 rows that is the same as another one is.
HWY_INLINE uint64_t Same(const uint16_t* rows, const uint16_t* others) {
  const hn::CappedTag<uint16_t, 64> tag;
  uint64_t same = 0;
  for (size_t i = 0; i < 64; i += hn::Lanes(tag)) {
    uint64_t bits = 0;
    hn::StoreMaskBits(tag, hn::Eq(hn::LoadU(tag, rows + i), hn::LoadU(tag, others + i)),
                      reinterpret_cast<uint8_t*>(&bits));
    same |= bits << i;
  }
  return same;
}

// The selection of 64 places, some of which may lie behind the end.
class Selection {
 public:
  Selection(const uint64_t* words, size_t size) : words_(words), num_words_((size + 63) / 64) {}
  uint64_t From(size_t place) const {
    const size_t shift = place % 64;
    const uint64_t low = WordAt(place / 64) >> shift;
    return shift == 0 ? low : low | WordAt(place / 64 + 1) << (64 - shift);
  }

 private:
  uint64_t WordAt(size_t word) const { return word < num_words_ ? words_[word] : 0; }

  const uint64_t* words_;
  size_t num_words_;
};

// Calls add(row) for each row that is found, perhaps several times.
template <typename F>
HWY_INLINE void Find(const uint16_t* rows, size_t size, const uint64_t* selected, size_t ahead,
                     const F& add) {
  const Selection selection(selected, size);
  for (size_t begin = 0; begin + ahead < size; begin += 64) {
    uint64_t found = selected[begin / 64] & selection.From(begin + ahead);
    if (found == 0) continue;
    const uint16_t* const at = rows + begin;
    if (begin + ahead + 64 < size) {
      if (ahead != 0) found &= Same(at, at + ahead);
      found &= ~(found >> 1 & Same(at, at + 1));  // one of a row's is enough
      for (; found != 0; found &= found - 1) {
        add(at[hwy::Num0BitsBelowLS1Bit_Nonzero64(found)]);
      }
    } else {
      for (; found != 0; found &= found - 1) {
        const size_t i = hwy::Num0BitsBelowLS1Bit_Nonzero64(found);
        if (at[i] == at[i + ahead]) add(at[i]);
      }
    }
  }
}

void Mark(const uint16_t* rows, size_t size, const uint64_t* selected, size_t ahead,
          uint8_t* reached) {
  Find(rows, size, selected, ahead, [reached](uint16_t row) { reached[row] = 1; });
}
void AddBits(const uint16_t* rows, size_t size, const uint64_t* selected, size_t ahead,
             uint64_t* found) {
  Find(rows, size, selected, ahead,
       [found](uint16_t row) { found[row / 64] |= uint64_t{1} << (row % 64); });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace roster::query::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roster::query::kernels {
namespace {

HWY_EXPORT(Mark);
HWY_EXPORT(AddBits);

}  // namespace

void MarkRepeated(const uint16_t* rows, size_t size, const uint64_t* selected, size_t ahead,
                  uint8_t* reached) {
  HWY_DYNAMIC_DISPATCH(Mark)(rows, size, selected, ahead, reached);
}
void AddRepeated(const uint16_t* rows, size_t size, const uint64_t* selected, size_t ahead,
                 uint64_t* found) {
  HWY_DYNAMIC_DISPATCH(AddBits)(rows, size, selected, ahead, found);
}

}  // namespace roster::query::kernels
#endif  // HWY_ONCE
