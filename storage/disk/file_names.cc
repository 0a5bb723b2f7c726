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
constexpr std::string_view kTempSuffix = ".tmp";
constexpr size_t kLogDigits = 8;
constexpr size_t kLsnDigits = 20;

bool Encloses(std::string_view name, std::string_view prefix, std::string_view suffix) {
  return name.size() > prefix.size() + suffix.size() && name.starts_with(prefix) &&
         name.ends_with(suffix);
}

bool HasLsnBetween(std::string_view name, std::string_view prefix, std::string_view suffix) {
  if (!Encloses(name, prefix, suffix)) return false;
  name.remove_prefix(prefix.size());
  name.remove_suffix(suffix.size());
  return name.size() == kLsnDigits && name.find_first_not_of("0123456789") == name.npos;
}

// In decimal, with zeros to `width`.
std::string Digits(uint64_t number, size_t width) {
  const std::string digits = std::to_string(number);
  return std::string(digits.size() < width ? width - digits.size() : 0, '0') + digits;
}

}  // namespace

std::string LogFileName(uint64_t number) {
  return StrCat(kLogPrefix, Digits(number, kLogDigits), kLogSuffix);
}

std::string SnapshotFileName(uint64_t lsn) {
  return StrCat(kSnapshotPrefix, Digits(lsn, kLsnDigits), kSnapshotSuffix);
}

std::string SnapshotTempName(uint64_t lsn) {
  return StrCat(kSnapshotPrefix, Digits(lsn, kLsnDigits), kTempSuffix);
}

bool IsSnapshotFileName(std::string_view name) {
  return HasLsnBetween(name, kSnapshotPrefix, kSnapshotSuffix);
}

bool IsSnapshotTempName(std::string_view name) {
  return HasLsnBetween(name, kSnapshotPrefix, kTempSuffix);
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

std::string ParentPath(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace roster
