// SPDX-License-Identifier: Apache-2.0
#include "query/kernels/order.h"

#include <algorithm>

#include "query/kernels/target.h"

// This file is compiled once for each target, by being included again.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "query/kernels/order.cc"
#include <hwy/foreach_target.h>
// Behind it, for each target anew.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace roster::query::kernels {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr size_t kMaxLanes = 8;

void Order(const uint64_t* numbers, size_t size, uint64_t* ordered) {
  const hn::CappedTag<int64_t, kMaxLanes> tag;
  const size_t lanes = hn::Lanes(tag);
  const auto* const signed_numbers = reinterpret_cast<const int64_t*>(numbers);
  HWY_ALIGN int64_t some[kMaxLanes] = {};
  HWY_ALIGN int64_t places[kMaxLanes];
  for (size_t i = 0; i < size; i += lanes) {
    const size_t num = std::min(lanes, size - i);
    std::copy_n(signed_numbers + i, num, some);
    const auto vector = hn::Load(tag, some);
    auto lower = hn::Zero(tag);
    for (size_t other = 0; other < size; ++other) {
      // A mask is -1 as a number.
      const auto is_lower = hn::Gt(vector, hn::Set(tag, signed_numbers[other]));
      lower = hn::Sub(lower, hn::VecFromMask(tag, is_lower));
    }
    hn::Store(lower, tag, places);
    for (size_t lane = 0; lane < num; ++lane) ordered[places[lane]] = numbers[i + lane];
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace roster::query::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace roster::query::kernels {
namespace {

HWY_EXPORT(Order);

}  // namespace

void PutInOrder(const uint64_t* numbers, size_t size, uint64_t* ordered) {
  HWY_DYNAMIC_DISPATCH(Order)(numbers, size, ordered);
}

}  // namespace roster::query::kernels
#endif  // HWY_ONCE
