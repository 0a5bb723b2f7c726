// SPDX-License-Identifier: Apache-2.0
//
// Bytes as one word that clients give back: of letters, digits, `-` and `_`, with a checksum, so
// that a damaged one is known. What it says is no secret and not signed. Derived: nothing is kept
// of it here. Thread rule: pure functions.
#ifndef ROSTER_ENGINE_READING_WORDS_H_
#define ROSTER_ENGINE_READING_WORDS_H_

#include <optional>
#include <string>
#include <string_view>

namespace roster {

// `kind`: tells words of one use from those of another.
std::string SealWord(char kind, std::string_view bytes);
// Nothing when it is no such word.
std::optional<std::string> OpenWord(char kind, std::string_view word);

}  // namespace roster

#endif  // ROSTER_ENGINE_READING_WORDS_H_
