// SPDX-License-Identifier: Apache-2.0
//
// Implements file_names.h.
#include "storage/disk/file_names.h"

#include <algorithm>
#include <charconv>

#include "storage/base/text.h"

namespace roster {
namespace {

constexpr std::string_view kLogPrefix = "wal-";
constexpr std::string_view kLogSuffix = ".log";
constexpr std::string_view kSnapshotPrefix = "snapshot-";
constexpr std::string_view kSnapshotSuffix = ".snap";
constexpr size_t kLogDigits = 8;

bool Encloses(std::string_view name, std::string_view prefix, std::string_view suffix) {
  return name.size() > prefix.size() + suffix.size() && name.starts_with(prefix) &&
         name.ends_with(suffix);
}

}  // namespace

std::string LogFileName(uint64_t number) {
  const std::string digits = std::to_string(number);
  const size_t zeros = digits.size() < kLogDigits ? kLogDigits - digits.size() : 0;
  return StrCat(kLogPrefix, std::string(zeros, '0'), digits, kLogSuffix);
}

std::optional<uint64_t> ParseLogFileName(std::string_view name) {
  if (!Encloses(name, kLogPrefix, kLogSuffix)) return std::nullopt;
  uint64_t number = 0;
  const char* const first = name.data() + kLogPrefix.size();
  const char* const last = name.data() + name.size() - kLogSuffix.size();
  const auto result = std::from_chars(first, last, number);
  if (result.ec != std::errc() || result.ptr != last) return std::nullopt;
  if (LogFileName(number) != name) return std::nullopt;
  return number;
}

bool IsSnapshotName(std::string_view name) {
  if (!Encloses(name, kSnapshotPrefix, kSnapshotSuffix)) return false;
  name.remove_prefix(kSnapshotPrefix.size());
  name.remove_suffix(kSnapshotSuffix.size());
  return std::all_of(name.begin(), name.end(), [](char c) {
    return c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

bool IsEngineFile(std::string_view name) {
  return name == kMarkName || Encloses(name, kLogPrefix, kLogSuffix) ||
         Encloses(name, kSnapshotPrefix, kSnapshotSuffix);
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  return StrCat(directory, directory.ends_with('/') ? "" : "/", name);
}

}  // namespace roster
