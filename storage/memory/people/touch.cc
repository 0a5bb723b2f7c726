// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/people/touch.h"

#include <array>
#include <string>
#include <utility>

#include "storage/base/unicode.h"

namespace roster {

std::string_view TouchOf(std::string_view type) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kTouches = {
      {{"sent", "sent"}, {"delivered", "sent"}, {"opened", "seen"}, {"clicked", "clicked"}}};
  const std::string lower = ToLower(type);
  if (!lower.starts_with("email") && !lower.starts_with("message")) return {};
  for (const auto& [end, touch] : kTouches) {
    if (lower.ends_with(end)) return touch;
  }
  return {};
}

}  // namespace roster
