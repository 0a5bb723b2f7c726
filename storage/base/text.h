// SPDX-License-Identifier: Apache-2.0
//
// The one place where std::string_view meets Debian's Abseil, whose absl::string_view is a class
// of its own: conversions, a transparent hash and a map keyed by text. Thread rule: pure functions.
#ifndef ROSTER_STORAGE_BASE_TEXT_H_
#define ROSTER_STORAGE_BASE_TEXT_H_

#include <functional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace roster {

inline absl::string_view AbslView(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view StdView(absl::string_view text) { return {text.data(), text.size()}; }

// Concatenates like absl::StrCat, but takes std::string_view too.
namespace text_internal {
inline absl::string_view Piece(std::string_view text) { return AbslView(text); }
inline absl::string_view Piece(const std::string& text) { return text; }
inline absl::string_view Piece(const char* text) { return text; }
template <typename T>
absl::AlphaNum Piece(const T& number) {
  return absl::AlphaNum(number);
}
}  // namespace text_internal

template <typename... Parts>
std::string StrCat(const Parts&... parts) {
  return absl::StrCat(text_internal::Piece(parts)...);
}

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const {
    return absl::Hash<absl::string_view>{}(AbslView(text));
  }
};

// A hash map from text that is looked up by std::string_view without a copy.
template <typename V>
using TextMap = absl::flat_hash_map<std::string, V, TextHash, std::equal_to<>>;

}  // namespace roster

#endif  // ROSTER_STORAGE_BASE_TEXT_H_
