// SPDX-License-Identifier: Apache-2.0
//
// Delimited text into profiles and events by a mapping. A second import of a file of events is a
// repeat and changes nothing: an event's id is made from the file's digest and its row number, so
// that equal rows of one file are different events. A second import of profiles says their values
// again, at the time of the import unless a column has the time. Thread rule: one call per thread.
// Source: engine/README.md "Import".
#ifndef ROSTER_IMPORT_H_
#define ROSTER_IMPORT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "roster/database.h"

namespace roster {

enum class ColumnRole : uint8_t { kIdentity, kTrait, kProperty, kTime, kSkip };

// What one column is.
struct ColumnMapping {
  std::string column;  // a 1-based number, a name from the header, or "*": every other column
  ColumnRole role = ColumnRole::kSkip;
  std::string name;               // the namespace, trait or property; empty: the header's name
  std::optional<ValueType> type;  // inferred from the whole column when absent
  std::string time_format;        // strptime; empty: ISO 8601
};

struct ImportMapping {
  char delimiter = ',';  // ' ' stands for runs of blanks
  bool has_header = true;
  std::string event_type;  // rows are events of this type; empty: rows are profiles
  std::vector<ColumnMapping> columns;
};

// Reads a mapping file: one directive a line, `#` comments.
//   delimiter blank|comma|tab|semicolon|pipe|X    header yes|no    event TYPE
//   COLUMN = identity NAMESPACE | trait [NAME] [TYPE] | property [NAME] [TYPE] | time [FORMAT] |
//   skip
// Errors: PARSE with the line.
absl::StatusOr<ImportMapping> ParseImportMapping(std::string_view text);

struct RowError {
  uint64_t line = 0;  // of the file, from 1
  std::string reason;
};

struct ImportReport {
  uint64_t num_rows = 0;        // without the header
  uint64_t num_imported = 0;    // rows that changed something
  uint64_t num_duplicates = 0;  // rows that were known
  uint64_t num_created = 0;     // profiles that are new
  uint64_t num_wrong = 0;
  std::vector<RowError> errors;  // the first `max_errors`
  // What was left out of rows that went in, as an identity that belongs to somebody else.
  uint64_t num_warnings = 0;
  std::vector<RowError> warnings;    // the first `max_errors`
  std::vector<std::string> columns;  // how each mapped column was understood: "amount: decimal(2)"
};

struct ImportOptions {
  size_t max_errors = 100;
  // Called now and then with the part done, 0 to 1; returning false stops after the last full
  // batch.
  std::function<bool(double)> progress;
};

// Imports a file: LF, CRLF or CR line ends, quotes as in RFC 4180. Blank cells are missing values.
// Wrong rows are reported and left out, the others go in. Errors: the file cannot be read, the
// mapping names a column that is not there, the store refuses writes.
absl::StatusOr<ImportReport> ImportFile(Database* database, const std::string& path,
                                        const ImportMapping& mapping, const ImportOptions& options);

}  // namespace roster

#endif  // ROSTER_IMPORT_H_
