// SPDX-License-Identifier: Apache-2.0
#include "query/kernels/chains.h"

#include <algorithm>

#include "storage/base/prefetch.h"

// This file is compiled once for each target, by being included again.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "query/kernels/chains.cc"
#include <hwy/foreach_target.h>
// Behind it, for each target anew.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace roster::query::kernels {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Times = hn::CappedTag<uint32_t, 16>;

// Fewer to compare with take no longer than to see which of them it is.
constexpr size_t kManyNext = 16;

// Times of a step that are followed by the rest of a chain.
struct Followed {
  HWY_ALIGN uint32_t times[kMostChained + 16];  // whole vectors are stored
};

// The first `count` times, if a vector has so many; 0 behind them. Reads no others.
HWY_INLINE hn::Vec<Times> LoadFirst(const uint32_t* times, size_t count) {
  const Times tag;
#if HWY_TARGET <= HWY_AVX2  // elsewhere it reads whole vectors, and only where they are aligned
  return hn::MaskedLoad(hn::FirstN(tag, count), tag, times);
#else
  if (count >= hn::Lanes(tag)) return hn::LoadU(tag, times);
  HWY_ALIGN uint32_t first[16] = {};
  std::copy(times, times + count, first);
  return hn::Load(tag, first);
#endif
}

// Of those that are in `next`, ascending, from which on some may follow times from `first` to
// `last`.
struct Window {
  size_t begin;
  size_t end;
};

HWY_INLINE bool IsBefore(uint32_t a, uint32_t b) { return static_cast<int32_t>(a - b) < 0; }

// Requires: `window` is that of earlier times. Not inlined: it is for rows with many events.
HWY_NOINLINE void Move(uint32_t first, uint32_t last, const RawRange<uint32_t>& maybe,
                       const uint32_t* next, size_t num_next, Window* window) {
  size_t& begin = window->begin;
  while (begin < num_next && IsBefore(next[begin], first + maybe.first)) ++begin;
  const uint32_t from = last + maybe.first;
  size_t& end = window->end;
  end = std::max(begin, end);
  while (end < num_next && (IsBefore(next[end], from) || next[end] - from <= maybe.span)) ++end;
}

// Leaves in `kept` those of `times` that one of `next` follows for sure, and gives how many they
// are; one is enough where `kept` is null. `unsure`: set where others may be followed too. Which
// pairs these are is no jump that the machine has to guess.
HWY_INLINE size_t Keep(const uint32_t* times, size_t num_times, const ChainStep& next_step,
                       const uint32_t* next, size_t num_next, Followed* kept, bool* unsure) {
  const Times tag;
  const size_t lanes = hn::Lanes(tag);
  const auto sure_first = hn::Set(tag, next_step.sure.first);
  const auto sure_span = hn::Set(tag, next_step.sure.span);
  const auto maybe_first = hn::Set(tag, next_step.maybe.first);
  const auto maybe_span = hn::Set(tag, next_step.maybe.span);
  const bool moves = num_next > kManyNext;
  Window window{0, moves ? 0 : num_next};
  size_t num_kept = 0;
  for (size_t i = 0; i < num_times; i += lanes) {
    const auto valid = hn::FirstN(tag, num_times - i);
    const auto time = LoadFirst(times + i, num_times - i);
    const auto from_sure = hn::Add(time, sure_first);
    const auto from_maybe = hn::Add(time, maybe_first);
    auto not_sure = valid;
    auto not_maybe = valid;
    if (moves) {
      const uint32_t last = times[std::min(i + lanes, num_times) - 1];
      Move(times[i], last, next_step.maybe, next, num_next, &window);
    }
    for (size_t n = window.begin; n < window.end; ++n) {
      const auto one = hn::Set(tag, next[n]);
      not_sure = hn::And(not_sure, hn::Gt(hn::Sub(one, from_sure), sure_span));
      not_maybe = hn::And(not_maybe, hn::Gt(hn::Sub(one, from_maybe), maybe_span));
    }
    *unsure |= !hn::AllFalse(tag, hn::AndNot(not_maybe, not_sure));
    const auto sure = hn::AndNot(not_sure, valid);
    if (kept == nullptr) {
      if (!hn::AllFalse(tag, sure)) return 1;
    } else {
      // Not CompressStore, which takes AMD's processors a hundred cycles.
      hn::StoreU(hn::Compress(time, sure), tag, kept->times + num_kept);
      num_kept += hn::CountTrue(tag, sure);
    }
  }
  return num_kept;
}

enum class Verdict : uint8_t { kNo, kMaybe, kYes };

// From the last step to the first: which of its events the rest of a chain begins with.
HWY_INLINE Verdict OfRow(absl::Span<const ChainStep> steps, size_t row, Followed (&kept)[2]) {
  const ChainStep& last = steps.back();
  const uint32_t* next = last.times + last.begins[row];
  size_t num_next = last.begins[row + 1] - last.begins[row];
  bool unsure = false;
  for (size_t step = steps.size() - 1; step > 0 && num_next != 0; --step) {
    const ChainStep& before = steps[step - 1];
    const uint32_t begin = before.begins[row];
    const size_t num_times = before.begins[row + 1] - begin;
    if (num_next > kMostChained || (step > 1 && num_times > kMostChained)) return Verdict::kMaybe;
    Followed* const to = step > 1 ? &kept[step % 2] : nullptr;
    num_next = Keep(before.times + begin, num_times, steps[step], next, num_next, to, &unsure);
    if (to != nullptr) next = to->times;
  }
  if (num_next != 0) return Verdict::kYes;
  return unsure ? Verdict::kMaybe : Verdict::kNo;
}

// Rows that have events of all steps lie apart, where the machine does not look ahead itself.
HWY_INLINE void Prefetch(absl::Span<const ChainStep> steps, size_t word, uint64_t rows) {
  for (; rows != 0; rows &= rows - 1) {
    const size_t row = word * 64 + hwy::Num0BitsBelowLS1Bit_Nonzero64(rows);
    for (const ChainStep& step : steps) PrefetchLine(step.times + step.begins[row]);
  }
}

void Find(absl::Span<const ChainStep> steps, size_t num_words, const uint64_t* rows, uint64_t* yes,
          uint64_t* maybe) {
  Followed kept[2];
  for (size_t word = 0; word < num_words; ++word) {
    if (word + 1 < num_words) Prefetch(steps, word + 1, rows[word + 1]);
    for (uint64_t left = rows[word]; left != 0; left &= left - 1) {
      const size_t bit = hwy::Num0BitsBelowLS1Bit_Nonzero64(left);
      const Verdict verdict = OfRow(steps, word * 64 + bit, kept);
      yes[word] |= uint64_t{verdict == Verdict::kYes} << bit;
      maybe[word] |= uint64_t{verdict == Verdict::kMaybe} << bit;
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

HWY_EXPORT(Find);

}  // namespace

void FindChains(absl::Span<const ChainStep> steps, size_t num_words, const uint64_t* rows,
                uint64_t* yes, uint64_t* maybe) {
  HWY_DYNAMIC_DISPATCH(Find)(steps, num_words, rows, yes, maybe);
}

}  // namespace roster::query::kernels
#endif  // HWY_ONCE
