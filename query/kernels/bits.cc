// SPDX-License-Identifier: Apache-2.0
#include "query/kernels/bits.h"

#include <bit>

// This file is compiled once for each target, by being included again.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "query/kernels/bits.cc"
#include <hwy/foreach_target.h>
// Behind it, for each target anew.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace roster::query::kernels {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

uint64_t Count(const uint64_t* words, size_t num_words) {
  const hn::CappedTag<uint64_t, 8> tag;
  const size_t lanes = hn::Lanes(tag);
  auto counts = hn::Zero(tag);
  size_t word = 0;
  for (; word + lanes <= num_words; word += lanes) {
    counts = hn::Add(counts, hn::PopulationCount(hn::LoadU(tag, words + word)));
  }
  uint64_t count = hn::GetLane(hn::SumOfLanes(tag, counts));
  for (; word < num_words; ++word) count += static_cast<uint64_t>(std::popcount(words[word]));
  return count;
}

void And(const uint64_t* others, size_t num_words, uint64_t* words) {
  const hn::CappedTag<uint64_t, 8> tag;
  const size_t lanes = hn::Lanes(tag);
  size_t word = 0;
  for (; word + lanes <= num_words; word += lanes) {
    const auto both = hn::And(hn::LoadU(tag, words + word), hn::LoadU(tag, others + word));
    hn::StoreU(both, tag, words + word);
  }
  for (; word < num_words; ++word) words[word] &= others[word];
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace roster::query::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roster::query::kernels {
namespace {

HWY_EXPORT(Count);
HWY_EXPORT(And);

}  // namespace

uint64_t CountBits(const uint64_t* words, size_t num_words) {
  return HWY_DYNAMIC_DISPATCH(Count)(words, num_words);
}

void AndBits(const uint64_t* others, size_t num_words, uint64_t* words) {
  HWY_DYNAMIC_DISPATCH(And)(others, num_words, words);
}

}  // namespace roster::query::kernels
#endif  // HWY_ONCE
