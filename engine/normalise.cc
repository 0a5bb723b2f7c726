// SPDX-License-Identifier: Apache-2.0
#include "engine/normalise.h"

#include <algorithm>
#include <array>

#include "storage/base/unicode.h"

namespace roster {
namespace {

// What has fewer digits is no number that somebody could be called by.
constexpr size_t kMinPhoneDigits = 5;

std::string NormalisePhone(std::string_view value) {
  std::string digits;
  for (const char c : value) {
    if (c >= '0' && c <= '9') digits.push_back(c);
  }
  if (digits.size() < kMinPhoneDigits) return {};
  if (value.front() == '+') return "+" + digits;
  if (digits.starts_with("00") && digits.size() > 2) return "+" + digits.substr(2);
  return digits;
}

}  // namespace

std::string NormaliseIdentity(std::string_view name_space, std::string_view value) {
  const std::string_view trimmed = Trim(value);
  if (trimmed.empty()) return {};
  if (name_space == "email") return ToLower(trimmed);
  if (name_space == "phone") return NormalisePhone(trimmed);
  return ToNfc(trimmed);
}

bool IsBlockedIdentity(std::string_view normalised) {
  constexpr std::array<std::string_view, 8> kBlocked = {"-1",  "null",      "undefined", "none",
                                                        "nan", "anonymous", "unknown",   ""};
  const bool zeros = std::all_of(normalised.begin(), normalised.end(),
                                 [](char c) { return c == '0' || c == '-'; });
  return zeros ||
         std::find(kBlocked.begin(), kBlocked.end(), ToLower(normalised)) != kBlocked.end();
}

}  // namespace roster
