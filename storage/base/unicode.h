// SPDX-License-Identifier: Apache-2.0
//
// UTF-8 and NFC by utf8proc: text is checked where it comes in, stored and compared in NFC.
// Thread rule: pure functions. Source: LANGUAGE.md "Meaning", 8.
#ifndef ROSTER_STORAGE_BASE_UNICODE_H_
#define ROSTER_STORAGE_BASE_UNICODE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace roster {

// The byte offset of the first byte that is not valid UTF-8, if any.
std::optional<size_t> FindInvalidUtf8(std::string_view text);

// Requires: valid UTF-8. Cost: one scan when the text is ASCII.
std::string ToNfc(std::string_view text);

// Lower case of every character, then NFC. Requires: valid UTF-8.
std::string ToLower(std::string_view text);
// The same of an ASCII text, written to `lower`; false, and nothing that means anything written, of
// another one. Shape: as many characters.
bool AsciiToLower(std::string_view text, char* lower);

// ToLower without accents and other marks, for comparing names. Requires: valid UTF-8.
std::string Fold(std::string_view text);

// Without white space (Unicode's) at both ends. Requires: valid UTF-8.
std::string_view Trim(std::string_view text);

// At most so many bytes of the beginning: no character is cut. Requires: valid UTF-8.
std::string_view Beginning(std::string_view text, size_t max_bytes);

// Of the tables that all of these go by.
std::string_view UnicodeVersion();

}  // namespace roster

#endif  // ROSTER_STORAGE_BASE_UNICODE_H_
