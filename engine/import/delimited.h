// SPDX-License-Identifier: Apache-2.0
//
// Rows of cells from delimited text: any delimiter or runs of blanks, LF, CRLF or CR line ends,
// quotes as in RFC 4180. Thread rule: not shared. Source: roster/import.h.
#ifndef ROSTER_ENGINE_IMPORT_DELIMITED_H_
#define ROSTER_ENGINE_IMPORT_DELIMITED_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/disk/file_system.h"

namespace roster {

// Lifetime: the cells until the reader's next call.
struct DelimitedRow {
  uint64_t line = 0;  // of the file, from 1, where the row begins
  std::vector<std::string_view> cells;
  // Not ok: the row cannot be read (an open quote, not UTF-8); the next row begins at the next
  // line.
  absl::Status status;
};

// Reads in windows, so that a file may be larger than the memory. Empty lines are passed over.
class DelimitedReader {
 public:
  static constexpr size_t kMaxRowBytes = 4 << 20;

  // `delimiter` ' ' stands for runs of blanks. Errors: the file cannot be opened.
  static absl::StatusOr<DelimitedReader> Open(FileSystem* files, const std::string& path,
                                              char delimiter);

  // False at the end of the file. Errors: the file cannot be read.
  absl::StatusOr<bool> Next(DelimitedRow* row);

  uint64_t file_bytes() const { return file_bytes_; }
  uint64_t position() const { return window_offset_ + at_; }
  // XXH3-64 of the bytes so far; of the file once Next was false.
  uint64_t digest() const;

 private:
  struct Hasher;
  enum class Parsed : uint8_t { kRow, kNeedsMore, kOpenQuote };

  DelimitedReader(std::unique_ptr<File> file, uint64_t file_bytes, char delimiter);

  // Reads on, keeping what is not yet consumed. False when the file has no more.
  absl::StatusOr<bool> Fill();
  // Parses the row at at_, setting consumed_. Cells of quoted text are collected in unquoted_.
  Parsed ParseRow(DelimitedRow* row);
  Parsed ParseCell(size_t* at, DelimitedRow* row);
  Parsed ParseQuoted(size_t* at, DelimitedRow* row);
  void SkipEmptyLines();
  // Consumes up to the end of the line at at_.
  void SkipLine();
  // The bytes of the line end at `at`: 0 when there is none.
  size_t LineEndAt(size_t at) const;
  bool at_eof() const { return window_offset_ + window_.size() == file_bytes_; }

  std::unique_ptr<File> file_;
  uint64_t file_bytes_;
  char delimiter_;

  std::string window_;  // bytes of the file from window_offset_
  uint64_t window_offset_ = 0;
  size_t at_ = 0;        // in the window: where the next row begins
  size_t consumed_ = 0;  // bytes of the row that was parsed, with its line end
  uint64_t line_ = 1;
  std::deque<std::string> unquoted_;  // text of the current row's quoted cells
  std::shared_ptr<Hasher> hasher_;
};

}  // namespace roster

#endif  // ROSTER_ENGINE_IMPORT_DELIMITED_H_
