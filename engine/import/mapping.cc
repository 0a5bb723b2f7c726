// SPDX-License-Identifier: Apache-2.0
//
// Mapping files: which column of an import is what. Thread rule: pure functions.
// Source: roster/import.h.
#include <array>
#include <charconv>

#include "absl/strings/str_split.h"
#include "roster/error.h"
#include "roster/import.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"

namespace roster {
namespace {

using Words = std::vector<std::string>;

absl::Status AtLine(uint32_t line, std::string_view message) {
  return MakeError(ErrorCode::kParse, StrCat("mapping line ", line, ": ", message),
                   ErrorPosition{.line = line, .column = 1});
}

// Words separated by blanks; a word in double quotes may hold blanks. `#` begins a comment.
Words SplitWords(std::string_view line) {
  Words words;
  bool open = false;
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
      if (quoted && !open) words.emplace_back();
      open = true;
    } else if (!quoted && c == '#') {
      break;
    } else if (!quoted && (c == ' ' || c == '\t' || c == '\r')) {
      open = false;
    } else {
      if (!open) words.emplace_back();
      open = true;
      words.back().push_back(c);
    }
  }
  return words;
}

std::optional<ValueType> TypeNamed(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, ValueType>, 8> kTypes = {{
      {"text", ValueType::kText},
      {"integer", ValueType::kInteger},
      {"number", ValueType::kNumber},
      {"boolean", ValueType::kBoolean},
      {"date", ValueType::kDate},
      {"timestamp", ValueType::kTimestamp},
      {"decimal", ValueType::kDecimal},
      {"list", ValueType::kTextList},
  }};
  for (const auto& [known, type] : kTypes) {
    if (known == name) return type;
  }
  return std::nullopt;
}

absl::StatusOr<char> DelimiterNamed(std::string_view name) {
  if (name == "blank") return ' ';
  if (name == "comma") return ',';
  if (name == "tab") return '\t';
  if (name == "semicolon") return ';';
  if (name == "pipe") return '|';
  if (name.size() == 1 && name[0] != '"' && name[0] != '\n') return name[0];
  return MakeError(ErrorCode::kParse,
                   "delimiter is blank, comma, tab, semicolon, pipe or one character");
}

// [NAME] [TYPE] behind trait and property.
absl::Status ReadNameAndType(Words rest, ColumnMapping* column) {
  if (!rest.empty()) {
    column->type = TypeNamed(rest.back());
    if (column->type) rest.pop_back();
  }
  if (rest.size() > 1) return MakeError(ErrorCode::kParse, StrCat("unknown type: ", rest[1]));
  if (!rest.empty()) column->name = rest[0];
  return absl::OkStatus();
}

absl::StatusOr<ColumnMapping> ReadColumn(const Words& words) {
  ColumnMapping column;
  column.column = words[0];
  const std::string& role = words[2];
  const Words rest(words.begin() + 3, words.end());
  if (role == "identity" && rest.size() == 1) {
    column.role = ColumnRole::kIdentity;
    column.name = rest[0];
  } else if (role == "trait" || role == "property") {
    column.role = role == "trait" ? ColumnRole::kTrait : ColumnRole::kProperty;
    ROSTER_RETURN_IF_ERROR(ReadNameAndType(rest, &column));
  } else if (role == "time") {
    column.role = ColumnRole::kTime;
    for (const std::string& word : rest) {
      if (!column.time_format.empty()) column.time_format += ' ';
      column.time_format += word;
    }
  } else if (role != "skip" || !rest.empty()) {
    return MakeError(ErrorCode::kParse,
                     "a column is: identity NAMESPACE, trait [NAME] [TYPE], property [NAME] "
                     "[TYPE], time [FORMAT] or skip");
  }
  return column;
}

absl::Status ReadDirective(const Words& words, ImportMapping* mapping) {
  if (words.size() >= 3 && words[1] == "=") {
    ROSTER_ASSIGN_OR_RETURN(ColumnMapping column, ReadColumn(words));
    mapping->columns.push_back(std::move(column));
    return absl::OkStatus();
  }
  if (words.size() == 2 && words[0] == "delimiter") {
    ROSTER_ASSIGN_OR_RETURN(mapping->delimiter, DelimiterNamed(words[1]));
    return absl::OkStatus();
  }
  if (words.size() == 2 && words[0] == "header" && (words[1] == "yes" || words[1] == "no")) {
    mapping->has_header = words[1] == "yes";
    return absl::OkStatus();
  }
  if (words.size() == 2 && words[0] == "event") {
    mapping->event_type = words[1];
    return absl::OkStatus();
  }
  return MakeError(ErrorCode::kParse,
                   "expected `delimiter X`, `header yes|no`, `event TYPE` or `COLUMN = ROLE`");
}

}  // namespace

absl::StatusOr<ImportMapping> ParseImportMapping(std::string_view text) {
  ImportMapping mapping;
  uint32_t number = 0;
  for (const absl::string_view line : absl::StrSplit(AbslView(text), '\n')) {
    ++number;
    const Words words = SplitWords(StdView(line));
    if (words.empty()) continue;
    const absl::Status read = ReadDirective(words, &mapping);
    if (!read.ok()) return AtLine(number, StdView(read.message()));
  }
  if (mapping.columns.empty()) return MakeError(ErrorCode::kParse, "mapping names no column");
  return mapping;
}

}  // namespace roster
