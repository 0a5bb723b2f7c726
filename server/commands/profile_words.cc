// SPDX-License-Identifier: Apache-2.0
#include "server/commands/profile_words.h"

#include <charconv>
#include <optional>

#include "roster/error.h"

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

absl::Status InLine(const absl::Status& status, uint32_t offset) {
  std::optional<ErrorPosition> position = ErrorPositionOf(status);
  if (!position || offset == 0) return status;
  position->offset += offset;
  if (position->line == 1) position->column += offset;
  return MakeError(ErrorCodeOf(status), std::string(status.message()), position);
}

}  // namespace roster::server
