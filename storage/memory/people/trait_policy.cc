// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/people/trait_policy.h"

#include <algorithm>
#include <compare>
#include <limits>
#include <string>
#include <tuple>
#include <utility>

namespace roster {
namespace {

using Records = std::vector<const TraitRecord*>;

// Total: of numbers also where they are no numbers, for a file may say anything.
std::strong_ordering Compare(const Value& a, const Value& b) {
  if (a.index() != b.index()) return a.index() <=> b.index();
  if (const auto* number = std::get_if<double>(&a)) {
    return std::strong_order(*number, std::get<double>(b));
  }
  if (a == b) return std::strong_ordering::equal;
  return a < b ? std::strong_ordering::less : std::strong_ordering::greater;
}

bool Later(const TraitRecord* a, const TraitRecord* b) { return IsBefore(*a, *b); }

bool IsEmpty(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return text->empty();
  if (const auto* list = std::get_if<TextList>(&value)) return list->empty();
  return false;
}

// The order by which a policy takes the greatest record.
bool Before(TraitPolicy policy, const TraitRecord* a, const TraitRecord* b) {
  switch (policy) {
    case TraitPolicy::kEarliest:
      if (a->time != b->time) return a->time > b->time;
      break;
    case TraitPolicy::kPrimary:
      if (a->rank != b->rank) return a->rank > b->rank;
      break;
    case TraitPolicy::kNonEmpty:
      if (IsEmpty(a->value) != IsEmpty(b->value)) return IsEmpty(a->value);
      break;
    case TraitPolicy::kMax:
      if (const auto order = Compare(a->value, b->value); order != 0) return order < 0;
      break;
    case TraitPolicy::kMin:
      if (const auto order = Compare(a->value, b->value); order != 0) return order > 0;
      break;
    case TraitPolicy::kLatest:
    case TraitPolicy::kSum:
    case TraitPolicy::kUnion:
      break;
  }
  return Later(a, b);
}

int64_t AddSaturated(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? std::numeric_limits<int64_t>::max() : std::numeric_limits<int64_t>::min();
}

Value Add(const Value& a, const Value& b) {
  if (const auto* number = std::get_if<double>(&a)) return *number + std::get<double>(b);
  if (const auto* decimal = std::get_if<Decimal>(&a)) {
    return Decimal{AddSaturated(decimal->unscaled, std::get<Decimal>(b).unscaled), decimal->scale};
  }
  return AddSaturated(std::get<int64_t>(a), std::get<int64_t>(b));
}

// In the order of their values, so that a sum of doubles is the same whatever came first.
Value SumOf(Records records) {
  std::sort(records.begin(), records.end(),
            [](const auto* a, const auto* b) { return Compare(a->value, b->value) < 0; });
  Value sum = records[0]->value;
  for (size_t i = 1; i < records.size(); ++i) sum = Add(sum, records[i]->value);
  return sum;
}

Value UnionOf(const Records& records) {
  std::vector<std::string_view> texts;
  for (const TraitRecord* record : records) {
    const auto& list = std::get<TextList>(record->value);
    texts.insert(texts.end(), list.begin(), list.end());
  }
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return TextList(texts.begin(), texts.end());
}

FoldedTrait JoinAll(Records records) {
  const TraitRecord* last = *std::max_element(records.begin(), records.end(), Later);
  const bool lists = TypeOf(last->value) == ValueType::kTextList;
  Value joined = lists ? UnionOf(records) : SumOf(std::move(records));
  return {std::move(joined), last->time, last->origin};
}

}  // namespace

bool IsBefore(const TraitRecord& a, const TraitRecord& b) {
  if (a.time != b.time) return a.time < b.time;
  if (const auto order = Compare(a.value, b.value); order != 0) return order < 0;
  if (a.rank != b.rank) return a.rank > b.rank;
  return std::tie(a.space, a.name) < std::tie(b.space, b.name);
}

bool IsSame(const TraitRecord& a, const TraitRecord& b) {
  return a.time == b.time && a.origin == b.origin && Compare(a.value, b.value) == 0;
}

std::optional<FoldedTrait> FoldTrait(TraitPolicy policy, absl::Span<const TraitRecord> records) {
  if (records.empty()) return std::nullopt;
  const TraitRecord* clear = nullptr;
  for (const TraitRecord& record : records) {
    if (IsMissing(record.value) && (clear == nullptr || Later(clear, &record))) clear = &record;
  }
  Records shown;
  for (const TraitRecord& record : records) {
    if (IsMissing(record.value)) continue;
    // Of a value and a clear at one time the value is the greater.
    if (clear == nullptr || record.time >= clear->time) shown.push_back(&record);
  }
  if (shown.empty()) return FoldedTrait{{}, clear->time, clear->origin};
  if (policy == TraitPolicy::kNonEmpty) {
    const TraitRecord* last = *std::max_element(shown.begin(), shown.end(), Later);
    std::erase_if(shown, [](const TraitRecord* record) { return IsEmpty(record->value); });
    if (shown.empty()) return FoldedTrait{{}, last->time, last->origin};
  }
  if (Joins(policy)) return JoinAll(std::move(shown));
  const auto before = [&](const auto* a, const auto* b) { return Before(policy, a, b); };
  const TraitRecord* best = *std::max_element(shown.begin(), shown.end(), before);
  return FoldedTrait{best->value, best->time, best->origin};
}

bool PolicyFits(TraitPolicy policy, ValueType type) {
  if (policy == TraitPolicy::kUnion) return type == ValueType::kTextList;
  if (policy != TraitPolicy::kSum) return true;
  return type == ValueType::kInteger || type == ValueType::kNumber || type == ValueType::kDecimal;
}

}  // namespace roster
