// SPDX-License-Identifier: Apache-2.0
#include "engine/normalise.h"

#include <algorithm>
#include <array>
#include <optional>

#include "absl/types/span.h"
#include "engine/identity/phone.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"

namespace roster {
namespace {

// Of the forms that are made here. A change that gives any value another form raises it.
constexpr int kVersion = 1;

// Before the region, in versions.
constexpr std::string_view kRegion = " region ";

constexpr std::array<std::string_view, 3> kPhones = {"phone", "whatsapp", "sms"};
// Who writes somebody's handle there writes an @ before it, or leaves it out.
constexpr std::array<std::string_view, 10> kHandles = {
    "messenger", "instagram", "telegram", "twitter",  "x",
    "tiktok",    "threads",   "youtube",  "snapchat", "wechat"};

template <size_t N>
bool IsOneOf(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Without the signs and words that stand before a handle or number; `value` when nothing is left.
std::string_view BareHandle(std::string_view value, absl::Span<const std::string_view> before) {
  std::string_view handle = value;
  for (bool changed = true; changed;) {
    changed = false;
    for (const std::string_view word : before) {
      if (!handle.starts_with(word)) continue;
      handle = Trim(handle.substr(word.size()));
      changed = true;
    }
  }
  return handle.empty() ? value : handle;
}

// Whatsapp itself writes numbers with their calling code and without a `+`, or as an address. Who
// has a name there is known by that.
std::string NormaliseWhatsapp(std::string_view value, std::string_view region) {
  constexpr std::string_view kBefore[] = {"@", "whatsapp:", "tel:"};
  constexpr std::string_view kSigns = "0123456789+-()./ ";
  constexpr size_t kMinDigits = 8;
  const std::string_view handle = BareHandle(value, kBefore);
  const std::string_view number = handle.substr(0, handle.find('@'));
  if (number.find_first_not_of(kSigns) != std::string_view::npos) return ToNfc(handle);
  const PhoneDigits phone = ReadPhoneDigits(number);
  const bool whole =
      !phone.international && phone.digits.size() >= kMinDigits && !phone.digits.starts_with('0');
  // What is no possible number so may be a national one.
  const auto possible = whole ? PossiblePhone({phone.digits, true}, {}) : std::nullopt;
  return possible ? *possible : NormalisePhone(number, region);
}

bool IsPlaceholder(std::string_view value) {
  constexpr std::array<std::string_view, 7> kBlocked = {"-1",  "null",      "undefined", "none",
                                                        "nan", "anonymous", "unknown"};
  const bool zeros =
      std::all_of(value.begin(), value.end(), [](char c) { return c == '0' || c == '-'; });
  return zeros || IsOneOf(kBlocked, ToLower(value));
}

}  // namespace

std::string NormaliseIdentity(std::string_view name_space, std::string_view value,
                              std::string_view region) {
  const std::string_view trimmed = Trim(value);
  if (trimmed.empty()) return {};
  if (name_space == "email") return ToLower(trimmed);
  if (name_space == "whatsapp") return NormaliseWhatsapp(trimmed, region);
  if (IsOneOf(kPhones, name_space)) return NormalisePhone(trimmed, region);
  constexpr std::string_view kAt[] = {"@"};
  if (IsOneOf(kHandles, name_space)) return ToNfc(BareHandle(trimmed, kAt));
  return ToNfc(trimmed);
}

bool IsBlockedIdentity(std::string_view given, std::string_view normalised) {
  return IsPlaceholder(Trim(given)) || IsPlaceholder(normalised);
}

std::string NormaliserVersion(std::string_view region) {
  return StrCat("forms ", kVersion, " phone ", PhoneRule(), kRegion, region.empty() ? "-" : region,
                " unicode ", UnicodeVersion());
}

std::string UnknownNormaliser(std::string_view region) {
  return StrCat("forms 0", kRegion, region.empty() ? "-" : region);
}

std::string_view RegionOf(std::string_view version) {
  const size_t at = version.find(kRegion);
  if (at == std::string_view::npos) return {};
  const std::string_view region = version.substr(at + kRegion.size(), 2);
  return IsRegion(region) ? region : std::string_view();
}

}  // namespace roster
