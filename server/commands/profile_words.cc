// SPDX-License-Identifier: Apache-2.0
#include "server/commands/profile_words.h"

#include <algorithm>
#include <charconv>

#include "roster/error.h"
#include "roster/json.h"
#include "server/request.h"

namespace roster::server {

bool ParseNumber(std::string_view text, uint64_t* value) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), *value);
  return !text.empty() && parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

absl::StatusOr<IdentityRef> ParseIdentityRef(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon + 1 == text.size()) {
    return MakeError(ErrorCode::kErr, "an identity is named by namespace:value");
  }
  return IdentityRef{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

absl::StatusOr<ProfileRef> ParseProfileRef(std::string_view text) {
  ProfileId id;
  if (text.substr(0, 1) == "p" && ParseNumber(text.substr(1), &id.value)) return ProfileRef(id);
  absl::StatusOr<IdentityRef> identity = ParseIdentityRef(text);
  if (identity.ok()) return ProfileRef(*std::move(identity));
  return MakeError(ErrorCode::kErr, "a profile is named by p and its number or namespace:value");
}

std::string EventIdText(uint64_t id) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text(16, '0');
  for (size_t i = 16; i-- > 0; id >>= 4) text[i] = kHex[id & 15];
  return text;
}

absl::StatusOr<OptionWords> OptionWords::Read(const std::vector<std::string>& words, size_t first,
                                              absl::Span<const OptionForm> forms) {
  const auto form_of = [&](const std::string& word) {
    const std::string name = ToUpper(word);
    return std::find_if(forms.begin(), forms.end(),
                        [&](const OptionForm& form) { return form.name == name; });
  };
  OptionWords options;
  for (size_t i = first; i < words.size();) {
    const auto form = form_of(words[i++]);
    if (form == forms.end()) {
      std::string expected;
      for (const OptionForm& known : forms) {
        expected += (expected.empty() ? "" : ", ") + std::string(known.name);
      }
      return MakeError(ErrorCode::kErr, "syntax error, expected one of " + expected);
    }
    const std::string name(form->name);
    const auto [found, is_new] = options.found_.try_emplace(name);
    if (!is_new) return MakeError(ErrorCode::kErr, "syntax error, " + name + " is there twice");
    std::vector<std::string>& taken = found->second;
    while (i < words.size() && taken.size() < form->max_words) {
      if (form->max_words > 1 && form_of(words[i]) != forms.end()) break;
      taken.push_back(words[i++]);
    }
    if (taken.size() < form->min_words) {
      return MakeError(ErrorCode::kErr, "syntax error, " + name + " takes a value");
    }
  }
  return options;
}

std::vector<std::string> OptionWords::Of(std::string_view name) const {
  const auto found = found_.find(name);
  return found == found_.end() ? std::vector<std::string>() : found->second;
}

std::string OptionWords::Text(std::string_view name) const {
  const auto found = found_.find(name);
  return found == found_.end() ? std::string() : found->second.front();
}

absl::StatusOr<uint32_t> OptionWords::Number(std::string_view name, uint32_t fallback, uint32_t min,
                                             uint32_t max) const {
  if (!Has(name)) return fallback;
  uint64_t number = 0;
  if (ParseNumber(Text(name), &number) && number >= min && number <= max) {
    return static_cast<uint32_t>(number);
  }
  return MakeError(ErrorCode::kErr, std::string(name) + " takes a number from " +
                                        std::to_string(min) + " to " + std::to_string(max));
}

absl::StatusOr<std::optional<Timestamp>> OptionWords::Time(std::string_view name) const {
  if (!Has(name)) return std::optional<Timestamp>();
  absl::StatusOr<Timestamp> time = ParseTimeWord(name, Text(name));
  if (!time.ok()) return time.status();
  return std::optional<Timestamp>(*time);
}

absl::StatusOr<Timestamp> ParseTimeWord(std::string_view what, std::string_view text) {
  absl::StatusOr<Timestamp> time = ParseTimestamp(text);
  if (time.ok()) return time;
  return MakeError(ErrorCode::kErr, std::string(what) + " takes a time like 2026-11-21T10:00:00Z");
}

absl::Status InLine(const absl::Status& status, uint32_t offset) {
  std::optional<ErrorPosition> position = ErrorPositionOf(status);
  if (!position || offset == 0) return status;
  position->offset += offset;
  if (position->line == 1) position->column += offset;
  return MakeError(ErrorCodeOf(status), std::string(status.message()), position);
}

}  // namespace roster::server
