// SPDX-License-Identifier: Apache-2.0
//
// Which of everything that was ever said of a trait is shown. Derived: a function of the records,
// so that neither arrival nor merging in another order changes it. Thread rule: pure functions.
// Source: IDENTITY.md R5, R12.
#ifndef ROSTER_STORAGE_MEMORY_PEOPLE_TRAIT_POLICY_H_
#define ROSTER_STORAGE_MEMORY_PEOPLE_TRAIT_POLICY_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "roster/value.h"
#include "storage/base/ids.h"

namespace roster {

// The numbers stand in files; do not renumber.
enum class TraitPolicy : uint8_t {
  kLatest = 0,
  kEarliest = 1,
  kPrimary = 2,   // the latest by hand, else of those by an identity of the strongest rank
  kNonEmpty = 3,  // the latest that is neither an empty text nor an empty list
  kMax = 4,
  kMin = 5,
  kSum = 6,    // of numbers
  kUnion = 7,  // of lists: each text once, in order
};

// One write of a trait. A missing value cleared it.
struct TraitRecord {
  Value value;
  Timestamp time;
  IdentityId origin = kNoOrigin;
  uint8_t rank = 0;  // of the origin's namespace; 1 is the strongest; 0: by hand
  // The origin by name, so that of equals the same one counts in every store.
  std::string_view space = {};
  std::string_view name = {};
};

// The order of records that says which is shown: by time, then value, then how strong the origin
// is. Total but for what no name tells apart.
bool IsBefore(const TraitRecord& a, const TraitRecord& b);
// Whether two say the same of the same time.
bool IsSame(const TraitRecord& a, const TraitRecord& b);

// What is shown, and what it came from: of a sum or union the latest part. A missing value: the
// trait was cleared.
struct FoldedTrait {
  Value value;
  Timestamp time;
  IdentityId origin = kNoOrigin;
};

// A clear takes away what is not later. Of records that are equal in what the policy looks at the
// last counts. A sum that does not fit stays at the end of its type.
// Nothing when there is no record.
// Cost: O(n log n), of a union in the texts of all lists.
std::optional<FoldedTrait> FoldTrait(TraitPolicy policy, absl::Span<const TraitRecord> records);

// Whether a policy can be had by a type: sums of numbers, unions of lists.
bool PolicyFits(TraitPolicy policy, ValueType type);
// Whether what is shown is made of several records, so that it is none itself.
inline bool Joins(TraitPolicy policy) {
  return policy == TraitPolicy::kSum || policy == TraitPolicy::kUnion;
}

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_PEOPLE_TRAIT_POLICY_H_
