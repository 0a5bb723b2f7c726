// SPDX-License-Identifier: Apache-2.0
//
// R0: identities in their normal form, and values that are none. Thread rule: pure functions.
// Source: IDENTITY.md R0; engine/README.md "Identities".
#ifndef ROSTER_ENGINE_NORMALISE_H_
#define ROSTER_ENGINE_NORMALISE_H_

#include <string>
#include <string_view>

namespace roster {

// Trimmed, NFC, and by namespace: email in lower case; phone, sms and numbers of whatsapp as
// NormalisePhone has them, with `region` as there; handles of channels that write an @ before them
// without it.
// Normalising twice is as once. Requires: valid UTF-8.
std::string NormaliseIdentity(std::string_view name_space, std::string_view value,
                              std::string_view region);

// Whether a value is a placeholder that many people share ("null", "0", "undefined"), as it came
// (`given`) or in its normal form: it stays on the event and is no identity.
bool IsBlockedIdentity(std::string_view given, std::string_view normalised);

// By what the normal forms are made, for the manifest: rule and version, region, Unicode's tables.
std::string NormaliserVersion(std::string_view region);
// The same where only the region is known: no opening has this one.
std::string UnknownNormaliser(std::string_view region);
// The region in one of them; empty: none. Lifetime: of `version`.
std::string_view RegionOf(std::string_view version);

}  // namespace roster

#endif  // ROSTER_ENGINE_NORMALISE_H_
