// SPDX-License-Identifier: Apache-2.0
//
// Telephone numbers in E.164, `+31612345678`, by libphonenumber where it is built in, otherwise by
// a simpler rule. Both agree on ordinary numbers that are written with their calling code.
// Thread rule: pure functions. Source: IDENTITY.md R0; engine/README.md "Identities".
#ifndef ROSTER_ENGINE_IDENTITY_PHONE_H_
#define ROSTER_ENGINE_IDENTITY_PHONE_H_

#include <optional>
#include <string>
#include <string_view>

namespace roster {

// Of what is read from a number: its digits, and whether it was written with its calling code, as
// by `+` or `00`. What stands behind a letter, `#`, `;` or `,` that follows digits is an extension
// and left out. Digits of other scripts count. Empty: there was none.
struct PhoneDigits {
  std::string digits;
  bool international = false;
};
PhoneDigits ReadPhoneDigits(std::string_view value);

// In E.164; what is no possible number stays as digits, with the `+` that it had. Empty without a
// digit. Normalising twice is as once. `region`: where numbers without a calling code are from,
// ISO 3166, two letters; empty: not known, then those stay digits. Requires: valid UTF-8.
std::string NormalisePhone(std::string_view value, std::string_view region);

// The E.164 of a possible number.
std::optional<std::string> PossiblePhone(const PhoneDigits& phone, std::string_view region);

// The same by the simpler rule: `+` and 7 to 15 digits are a number; before national ones the
// region's calling code is put, in place of the 0 that begins them where that is dialled inside of
// the country only. For regions that it does not know digits are none.
std::optional<std::string> SimplePhone(const PhoneDigits& phone, std::string_view region);

// By which of the two, and its version: "simple 1", "libphonenumber 8.12".
std::string_view PhoneRule();

// Whether it is two capital letters.
bool IsRegion(std::string_view text);

}  // namespace roster

#endif  // ROSTER_ENGINE_IDENTITY_PHONE_H_
