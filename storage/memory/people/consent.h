// SPDX-License-Identifier: Apache-2.0
//
// What a profile consents to, as a fold over what was said of it. Thread rule: pure functions of an
// immutable state. Source: IDENTITY.md R6.
#ifndef ROSTER_STORAGE_MEMORY_PEOPLE_CONSENT_H_
#define ROSTER_STORAGE_MEMORY_PEOPLE_CONSENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "roster/value.h"
#include "storage/memory/people/own_records.h"
#include "storage/memory/read_view.h"

namespace roster {

// As records keep it; do not renumber.
enum class ConsentDecision : uint8_t { kUnknown = 0, kGranted = 1, kWithdrawn = 2 };

// What holds for a channel, and where that was said.
struct StandingConsent {
  std::string channel;
  ConsentDecision decision = ConsentDecision::kUnknown;
  OwnRecord record;
};

// For each channel: the latest decision of each address, and of each home without one; of these the
// most guarded. By channel. `until`: of what was decided by then.
std::vector<StandingConsent> ConsentStanding(const State& state, RowId row,
                                             std::optional<Timestamp> until = {});

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_PEOPLE_CONSENT_H_
