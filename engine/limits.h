// SPDX-License-Identifier: Apache-2.0
//
// The limits of writes, each answered by an error or a warning that names it.
#ifndef ROSTER_ENGINE_LIMITS_H_
#define ROSTER_ENGINE_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "storage/memory/people/implied_time.h"

namespace roster {

inline constexpr size_t kMaxTraits = 1000;       // declared traits
inline constexpr size_t kMaxEventTypes = 10000;  // declared event types
inline constexpr size_t kMaxProperties = 1000;   // properties of one event type
inline constexpr size_t kMaxNamespaces = 100;
inline constexpr size_t kMaxDefinitions = 1000;  // goals, interests, ...
inline constexpr size_t kMaxBlocked = 1000;      // values that are no identities
inline constexpr size_t kMaxNameBytes = 255;     // of a trait, event, property
inline constexpr size_t kMaxTextBytes = 64 << 10;
inline constexpr size_t kMaxIdentityBytes = 1024;
inline constexpr size_t kMaxItemIdentities = 64;
inline constexpr size_t kMaxItemFields = 1000;
inline constexpr size_t kMaxItemLabels = 1000;  // of one command
inline constexpr size_t kMaxProfileLabels = 1000;
// Of a value in the audit trail, as JSON.
inline constexpr size_t kMaxAuditBytes = 1024;
inline constexpr uint32_t kMaxProfileIdentities = 1000;  // R11
inline constexpr uint32_t kMaxProfileMerges = 100;       // R11
inline constexpr size_t kMaxCommandBytes = 16 << 20;     // of the commit that a command becomes
inline constexpr size_t kMaxQueuedItems = 1 << 20;       // accepted and not yet applied
inline constexpr size_t kMaxRequestIdBytes = 256;
inline constexpr size_t kMaxActorBytes = 256;
inline constexpr int64_t kMaxTimeoutMs = 86'400'000;  // of a statement
// Times of clients lie between year 1 (kMinTimeMs) and this far ahead of the clock.
inline constexpr int64_t kMaxFutureMs = int64_t{366} * 86'400'000;

}  // namespace roster

#endif  // ROSTER_ENGINE_LIMITS_H_
