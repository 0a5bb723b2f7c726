// SPDX-License-Identifier: Apache-2.0
#include "query/kernels/runs.h"

// This file is compiled once for each target, by being included again.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "query/kernels/runs.cc"
#include <hwy/foreach_target.h>
// Behind it, for each target anew.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace roster::query::kernels {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

void NonEmpty(const uint32_t* begins, size_t num_words, const uint64_t* wanted, uint64_t* rows) {
  const hn::CappedTag<uint32_t, 64> tag;
  const size_t lanes = hn::Lanes(tag);
  for (size_t word = 0; word < num_words; ++word) {
    if (wanted[word] == 0) continue;
    const uint32_t* const at = begins + word * 64;
    for (size_t i = 0; i < 64; i += lanes) {
      uint64_t bits = 0;
      hn::StoreMaskBits(tag, hn::Ne(hn::LoadU(tag, at + i), hn::LoadU(tag, at + i + 1)),
                        reinterpret_cast<uint8_t*>(&bits));
      rows[word] |= bits << i;
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace roster::query::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roster::query::kernels {
namespace {

HWY_EXPORT(NonEmpty);

}  // namespace

void AddNonEmpty(const uint32_t* begins, size_t num_words, const uint64_t* wanted, uint64_t* rows) {
  HWY_DYNAMIC_DISPATCH(NonEmpty)(begins, num_words, wanted, rows);
}

}  // namespace roster::query::kernels
#endif  // HWY_ONCE
