// SPDX-License-Identifier: Apache-2.0
//
// R0: identities in their normal form, and values that are none. Thread rule: pure functions.
// Source: IDENTITY.md R0.
#ifndef ROSTER_ENGINE_NORMALISE_H_
#define ROSTER_ENGINE_NORMALISE_H_

#include <string>
#include <string_view>

namespace roster {

// Trimmed, NFC, and by namespace: email in lower case; phone as its digits, with a leading + when
// it had one or began with 00. Requires: valid UTF-8.
std::string NormaliseIdentity(std::string_view name_space, std::string_view value);

// Whether a normalised value is a placeholder that many people share ("null", "0", "undefined"):
// it stays on the event and is no identity.
bool IsBlockedIdentity(std::string_view normalised);

}  // namespace roster

#endif  // ROSTER_ENGINE_NORMALISE_H_
