// SPDX-License-Identifier: Apache-2.0
#include "storage/base/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "storage/base/check.h"

namespace roster {
namespace {

const utf8proc_uint8_t* Bytes(std::string_view text) {
  return reinterpret_cast<const utf8proc_uint8_t*>(text.data());
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

std::string Map(std::string_view text, utf8proc_option_t options, utf8proc_custom_func custom) {
  utf8proc_uint8_t* raw = nullptr;
  const utf8proc_ssize_t size = utf8proc_map_custom(
      Bytes(text), static_cast<utf8proc_ssize_t>(text.size()), &raw,
      static_cast<utf8proc_option_t>(options | UTF8PROC_STABLE), custom, nullptr);
  ROSTER_CHECK(size >= 0);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(raw, &std::free);
  return std::string(reinterpret_cast<const char*>(raw), static_cast<size_t>(size));
}

utf8proc_int32_t Lower(utf8proc_int32_t point, void*) { return utf8proc_tolower(point); }

bool IsSpace(utf8proc_int32_t point) {
  if (point == ' ' || (point >= '\t' && point <= '\r')) return true;
  const utf8proc_category_t category = utf8proc_category(point);
  return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
         category == UTF8PROC_CATEGORY_ZP;
}

// Bytes of white space at the start.
size_t LeadingSpace(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    utf8proc_int32_t point = 0;
    const auto size =
        utf8proc_iterate(Bytes(text) + at, static_cast<utf8proc_ssize_t>(text.size() - at), &point);
    if (size <= 0 || !IsSpace(point)) break;
    at += static_cast<size_t>(size);
  }
  return at;
}

}  // namespace

std::optional<size_t> FindInvalidUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    if ((text[at] & 0x80) == 0) {
      ++at;
      continue;
    }
    utf8proc_int32_t point = 0;
    const auto size =
        utf8proc_iterate(Bytes(text) + at, static_cast<utf8proc_ssize_t>(text.size() - at), &point);
    if (size <= 0) return at;
    at += static_cast<size_t>(size);
  }
  return std::nullopt;
}

std::string ToNfc(std::string_view text) {
  if (IsAscii(text)) return std::string(text);
  return Map(text, UTF8PROC_COMPOSE, nullptr);
}

bool AsciiToLower(std::string_view text, char* lower) {
  char all = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    all = static_cast<char>(all | c);
    lower[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return (all & 0x80) == 0;
}

std::string ToLower(std::string_view text) {
  std::string lower(text);
  if (AsciiToLower(text, lower.data())) return lower;
  return Map(text, UTF8PROC_COMPOSE, &Lower);
}

std::string Fold(std::string_view text) {
  std::string lower(text);
  if (AsciiToLower(text, lower.data())) return lower;
  constexpr auto kOptions = static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STRIPMARK);
  return Map(text, kOptions, &Lower);
}

std::string_view Trim(std::string_view text) {
  text.remove_prefix(LeadingSpace(text));
  while (!text.empty()) {
    size_t last = text.size() - 1;
    while (last > 0 && (text[last] & 0xc0) == 0x80) --last;
    if (LeadingSpace(text.substr(last)) != text.size() - last) break;
    text = text.substr(0, last);
  }
  return text;
}

std::string_view Beginning(std::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  size_t end = max_bytes;
  while (end > 0 && (text[end] & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

std::string_view UnicodeVersion() { return utf8proc_unicode_version(); }

}  // namespace roster
