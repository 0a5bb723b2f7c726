// SPDX-License-Identifier: Apache-2.0
//
// Strong types for the ids that never leave the engine. Thread rule: plain values.
#ifndef ROSTER_STORAGE_BASE_IDS_H_
#define ROSTER_STORAGE_BASE_IDS_H_

#include <compare>
#include <cstdint>
#include <utility>

namespace roster {

// An integer that does not mix with other ids. Hashable by Abseil.
template <typename Tag, typename Rep>
struct StrongId {
  Rep value = 0;
  auto operator<=>(const StrongId&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, StrongId id) {
    return H::combine(std::move(h), id.value);
  }
};

using RowId = StrongId<struct RowTag, uint32_t>;              // dense position of a profile
using TraitId = StrongId<struct TraitTag, uint16_t>;          // index into Schema::traits
using EventTypeId = StrongId<struct EventTypeTag, uint16_t>;  // index into Schema::events
using PropertyId = StrongId<struct PropertyTag, uint16_t>;    // index within one event type
using NamespaceId = StrongId<struct NamespaceTag, uint16_t>;  // index into Schema::namespaces
using EventId = StrongId<struct EventIdTag, uint64_t>;        // hash of the client's id

// The dense number of an identity, a (namespace, value). Events and trait values keep the one by
// which they came as their origin; kNoOrigin where none vouched.
using IdentityId = StrongId<struct IdentityTag, uint32_t>;
inline constexpr IdentityId kNoOrigin{0xffffffffu};

}  // namespace roster

#endif  // ROSTER_STORAGE_BASE_IDS_H_
