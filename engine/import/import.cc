// SPDX-License-Identifier: Apache-2.0
//
// ImportFile in two passes: the first learns the columns' types and the file's digest, the second
// writes the rows in batches. Thread rule: as ImportFile. Source: roster/import.h.
#include "roster/import.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "engine/coerce.h"
#include "engine/import/delimited.h"
#include "engine/import/infer.h"
#include "engine/import/writer.h"
#include "roster/error.h"
#include "roster/json.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"

namespace roster {
namespace {

// A column of the file that the mapping gives a role.
struct BoundColumn {
  size_t index = 0;
  ColumnRole role = ColumnRole::kSkip;
  std::string name;
  std::string time_format;
  std::optional<ValueType> given_type;
  TypeInference inference;
  InferredType type;  // after the first pass
};

struct BoundFile {
  std::vector<BoundColumn> columns;
  size_t num_columns = 0;  // that every row must have
  uint64_t digest = 0;
};

// The 0-based index of a named or numbered column.
absl::StatusOr<size_t> FindColumn(std::string_view column, const std::vector<std::string>& header,
                                  size_t num_columns) {
  const auto named = std::find(header.begin(), header.end(), column);
  if (named != header.end()) return static_cast<size_t>(named - header.begin());
  size_t number = 0;
  const auto [end, error] = std::from_chars(column.data(), column.data() + column.size(), number);
  if (error == std::errc() && end == column.data() + column.size() && number >= 1 &&
      number <= num_columns) {
    return number - 1;
  }
  return MakeError(ErrorCode::kNoTrait, StrCat("the file has no column: ", column));
}

absl::StatusOr<BoundColumn> BindColumn(const ColumnMapping& mapping, size_t index,
                                       const std::vector<std::string>& header,
                                       bool rows_are_events) {
  BoundColumn column{.index = index,
                     .role = mapping.role,
                     .name = mapping.name,
                     // As strptime has it: exactly four digits.
                     .time_format = absl::StrReplaceAll(mapping.time_format, {{"%Y", "%E4Y"}}),
                     .given_type = mapping.type,
                     .inference = {},
                     .type = {}};
  const bool named = mapping.role == ColumnRole::kTrait || mapping.role == ColumnRole::kProperty;
  if (named && column.name.empty()) {
    if (index >= header.size()) {
      return MakeError(ErrorCode::kParse,
                       StrCat("without a header a column needs a name: ", index + 1));
    }
    column.name = header[index];
  }
  if (mapping.role == ColumnRole::kProperty && !rows_are_events) {
    return MakeError(ErrorCode::kParse,
                     StrCat("a property needs `event TYPE` in the mapping: ", column.name));
  }
  return column;
}

absl::StatusOr<std::vector<BoundColumn>> BindColumns(const ImportMapping& mapping,
                                                     const std::vector<std::string>& header,
                                                     size_t num_columns) {
  std::vector<BoundColumn> bound;
  std::vector<bool> taken(num_columns, false);
  const bool events = !mapping.event_type.empty();
  const ColumnMapping* rest = nullptr;
  for (const ColumnMapping& column : mapping.columns) {
    if (column.column == "*") {
      rest = &column;
      continue;
    }
    ROSTER_ASSIGN_OR_RETURN(const size_t index, FindColumn(column.column, header, num_columns));
    taken[index] = true;
    ROSTER_ASSIGN_OR_RETURN(BoundColumn one, BindColumn(column, index, header, events));
    bound.push_back(std::move(one));
  }
  for (size_t i = 0; rest != nullptr && i < num_columns; ++i) {
    if (taken[i]) continue;
    ROSTER_ASSIGN_OR_RETURN(BoundColumn one, BindColumn(*rest, i, header, events));
    bound.push_back(std::move(one));
  }
  const bool identifies = std::any_of(bound.begin(), bound.end(), [](const BoundColumn& c) {
    return c.role == ColumnRole::kIdentity;
  });
  if (!identifies) return MakeError(ErrorCode::kNoIdentity, "mapping has no identity column");
  return bound;
}

// The type of a trait that the store has, so that one odd cell spoils its row and not the column.
std::optional<ValueType> KnownTraitType(const std::string& name, Database* database) {
  std::string quoted = "`";
  for (const char c : name) quoted += c == '`' ? "``" : std::string(1, c);
  const auto known = database->Execute(StrCat("find ", quoted, "` limit 0"), {});
  if (!known.ok()) return std::nullopt;
  return std::get<Table>(known->data).columns.at(0).type;
}

// First pass: header, number of columns, types, digest.
absl::StatusOr<BoundFile> LearnFile(const std::string& path, const ImportMapping& mapping,
                                    Database* database) {
  ROSTER_ASSIGN_OR_RETURN(auto reader,
                          DelimitedReader::Open(RealFileSystem(), path, mapping.delimiter));
  BoundFile file;
  DelimitedRow row;
  std::vector<std::string> header;
  ROSTER_ASSIGN_OR_RETURN(bool more, reader.Next(&row));
  if (more) ROSTER_RETURN_IF_ERROR(row.status);
  file.num_columns = row.cells.size();
  if (more && mapping.has_header) {
    for (const std::string_view cell : row.cells) header.emplace_back(Trim(cell));
    ROSTER_ASSIGN_OR_RETURN(more, reader.Next(&row));
  }
  if (file.num_columns == 0) return MakeError(ErrorCode::kParse, "the file is empty");
  ROSTER_ASSIGN_OR_RETURN(file.columns, BindColumns(mapping, header, file.num_columns));
  for (BoundColumn& column : file.columns) {
    if (column.role != ColumnRole::kTrait || column.given_type) continue;
    column.given_type = KnownTraitType(column.name, database);
  }
  while (more) {
    if (row.status.ok() && row.cells.size() == file.num_columns) {
      for (BoundColumn& column : file.columns) {
        if (!column.given_type || column.given_type == ValueType::kDecimal) {
          column.inference.Add(row.cells[column.index]);
        }
      }
    }
    ROSTER_ASSIGN_OR_RETURN(more, reader.Next(&row));
  }
  for (BoundColumn& column : file.columns) {
    column.type = column.inference.Result();
    if (column.given_type) column.type.type = *column.given_type;
    if (column.type.type != ValueType::kDecimal) column.type.scale = 0;
  }
  file.digest = reader.digest();
  return file;
}

std::string DescribeColumn(const BoundColumn& column) {
  switch (column.role) {
    case ColumnRole::kIdentity:
      return StrCat(column.name, ": identity");
    case ColumnRole::kTime:
      return "time";
    case ColumnRole::kSkip:
      return "skipped";
    default:
      break;
  }
  std::string text = StrCat(column.name, ": ", TypeName(column.type.type));
  if (column.type.type == ValueType::kDecimal) text += StrCat("(", int{column.type.scale}, ")");
  return text;
}

absl::StatusOr<Timestamp> ParseTime(std::string_view cell, const std::string& format) {
  const std::string_view text = Trim(cell);
  if (format.empty()) return ParseTimestamp(text);
  absl::Time time;
  std::string why;
  if (!absl::ParseTime(format, AbslView(text), &time, &why)) {
    return MakeError(ErrorCode::kParse, "not a time of the column's format");
  }
  return Timestamp{absl::ToUnixMillis(time)};
}

// What a row says, before it is an Identify or a Track.
struct RowParts {
  std::vector<IdentityRef> identities;
  std::vector<Field> fields;
  std::optional<Timestamp> time;
};

absl::Status ReadCell(const BoundColumn& column, std::string_view cell, RowParts* parts) {
  if (column.role == ColumnRole::kTime && IsBlankCell(cell)) {
    return MakeError(ErrorCode::kParse, "the time is blank");
  }
  if (column.role == ColumnRole::kSkip || IsBlankCell(cell)) return absl::OkStatus();
  if (column.role == ColumnRole::kIdentity) {
    parts->identities.push_back({column.name, std::string(cell)});
    return absl::OkStatus();
  }
  if (column.role == ColumnRole::kTime) {
    ROSTER_ASSIGN_OR_RETURN(parts->time, ParseTime(cell, column.time_format));
    return absl::OkStatus();
  }
  std::optional<Value> value = ParseCell(cell, column.type);
  if (!value) {
    return MakeError(ErrorCode::kType,
                     StrCat("not ", TypeName(column.type.type), ", in column: ", column.name));
  }
  parts->fields.push_back({column.name, *std::move(value)});
  return absl::OkStatus();
}

absl::StatusOr<WriteItem> ReadRow(const DelimitedRow& row, const BoundFile& file,
                                  const std::string& event_type, uint64_t row_number) {
  ROSTER_RETURN_IF_ERROR(row.status);
  if (row.cells.size() != file.num_columns) {
    return MakeError(ErrorCode::kParse,
                     StrCat("row has ", row.cells.size(), " columns, expected ", file.num_columns));
  }
  RowParts parts;
  for (const BoundColumn& column : file.columns) {
    ROSTER_RETURN_IF_ERROR(ReadCell(column, row.cells[column.index], &parts));
  }
  if (parts.identities.empty()) {
    return MakeError(ErrorCode::kNoIdentity, "row has no identity: the cells are blank");
  }
  if (event_type.empty()) {
    return Identify{.identities = std::move(parts.identities),
                    .traits = std::move(parts.fields),
                    .time = parts.time,
                    .message_id = {},
                    .source = "import"};
  }
  // The file's digest and the row's number: equal rows are different events, the same row again
  // is the same event.
  const uint64_t event_id = (file.digest & 0xffffffff00000000ull) | (row_number & 0xffffffffull);
  return Track{.identities = std::move(parts.identities),
               .event = event_type,
               .properties = std::move(parts.fields),
               .time = parts.time,
               .message_id = {},
               .event_id = event_id,
               .source = "import"};
}

}  // namespace

absl::StatusOr<ImportReport> ImportFile(Database* database, const std::string& path,
                                        const ImportMapping& mapping,
                                        const ImportOptions& options) {
  ROSTER_ASSIGN_OR_RETURN(const BoundFile file, LearnFile(path, mapping, database));
  ROSTER_ASSIGN_OR_RETURN(auto reader,
                          DelimitedReader::Open(RealFileSystem(), path, mapping.delimiter));
  ImportWriter writer(database, options.max_errors);
  DelimitedRow row;
  uint64_t row_number = 0;
  bool skip_header = mapping.has_header;
  while (true) {
    ROSTER_ASSIGN_OR_RETURN(const bool more, reader.Next(&row));
    if (!more) break;
    if (std::exchange(skip_header, false)) continue;
    ++row_number;
    absl::StatusOr<WriteItem> item = ReadRow(row, file, mapping.event_type, row_number);
    if (!item.ok()) {
      writer.AddError(row.line, item.status());
    } else {
      ROSTER_RETURN_IF_ERROR(writer.Add(row.line, *std::move(item)));
    }
    if (row_number % 1024 == 0 && options.progress &&
        !options.progress(static_cast<double>(reader.position()) /
                          static_cast<double>(reader.file_bytes()))) {
      break;
    }
  }
  ROSTER_ASSIGN_OR_RETURN(ImportReport report, writer.Finish());
  if (options.progress) options.progress(1.0);
  report.num_rows = row_number;
  for (const BoundColumn& column : file.columns) report.columns.push_back(DescribeColumn(column));
  return report;
}

}  // namespace roster
