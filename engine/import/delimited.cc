// SPDX-License-Identifier: Apache-2.0
#include "engine/import/delimited.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"

namespace roster {

struct DelimitedReader::Hasher {
  Hasher() { XXH3_64bits_reset(&state); }
  XXH3_state_t state;
};

namespace {

constexpr size_t kWindowBytes = 1 << 20;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

absl::StatusOr<DelimitedReader> DelimitedReader::Open(FileSystem* files, const std::string& path,
                                                      char delimiter) {
  ROSTER_ASSIGN_OR_RETURN(std::unique_ptr<File> file, files->Open(path, OpenMode::kRead));
  ROSTER_ASSIGN_OR_RETURN(const uint64_t bytes, file->Size());
  return DelimitedReader(std::move(file), bytes, delimiter);
}

DelimitedReader::DelimitedReader(std::unique_ptr<File> file, uint64_t file_bytes, char delimiter)
    : file_(std::move(file)),
      file_bytes_(file_bytes),
      delimiter_(delimiter),
      hasher_(std::make_shared<Hasher>()) {}

uint64_t DelimitedReader::digest() const { return XXH3_64bits_digest(&hasher_->state); }

absl::StatusOr<bool> DelimitedReader::Next(DelimitedRow* row) {
  if (position() == 0) {
    ROSTER_RETURN_IF_ERROR(Fill().status());
    if (window_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
  }
  while (true) {
    SkipEmptyLines();
    const Parsed parsed = at_ == window_.size() ? Parsed::kNeedsMore : ParseRow(row);
    if (parsed == Parsed::kNeedsMore && window_.size() - at_ <= kMaxRowBytes) {
      ROSTER_ASSIGN_OR_RETURN(const bool more, Fill());
      if (more) continue;
      return false;
    }
    row->line = line_;
    if (parsed == Parsed::kRow) {
      const std::string_view text(window_.data() + at_, consumed_);
      row->status = FindInvalidUtf8(text) ? MakeError(ErrorCode::kParse, "not valid UTF-8")
                                          : absl::OkStatus();
      line_ += static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
      if (text.find('\n') == std::string_view::npos) ++line_;
      at_ += consumed_;
      return true;
    }
    row->status =
        parsed == Parsed::kOpenQuote
            ? MakeError(ErrorCode::kParse, "a quote is not closed")
            : MakeError(ErrorCode::kTooLong, StrCat("row longer than ", kMaxRowBytes, " bytes"));
    row->cells.clear();
    SkipLine();
    return true;
  }
}

absl::StatusOr<bool> DelimitedReader::Fill() {
  window_.erase(0, at_);
  window_offset_ += at_;
  at_ = 0;
  const size_t old_size = window_.size();
  window_.resize(old_size + kWindowBytes);
  ROSTER_ASSIGN_OR_RETURN(
      const size_t got,
      file_->Read(window_offset_ + old_size, std::span(window_.data() + old_size, kWindowBytes)));
  window_.resize(old_size + got);
  XXH3_64bits_update(&hasher_->state, window_.data() + old_size, got);
  if (got == 0) file_bytes_ = window_offset_ + window_.size();
  return got > 0;
}

void DelimitedReader::SkipEmptyLines() {
  while (at_ < window_.size()) {
    const size_t end = LineEndAt(at_);
    if (end == 0) return;
    at_ += end;
    ++line_;
  }
}

void DelimitedReader::SkipLine() {
  while (at_ < window_.size() && LineEndAt(at_) == 0) ++at_;
  at_ += at_ < window_.size() ? LineEndAt(at_) : 0;
  ++line_;
}

size_t DelimitedReader::LineEndAt(size_t at) const {
  if (window_[at] == '\n') return 1;
  if (window_[at] != '\r') return 0;
  return at + 1 < window_.size() && window_[at + 1] == '\n' ? 2 : 1;
}

DelimitedReader::Parsed DelimitedReader::ParseRow(DelimitedRow* row) {
  row->cells.clear();
  unquoted_.clear();
  size_t at = at_;
  while (true) {
    if (delimiter_ == ' ') {
      while (at < window_.size() && IsBlank(window_[at])) ++at;
    }
    const bool cell_follows = at < window_.size() && LineEndAt(at) == 0;
    // Blanks at the end of a line are no cell; behind another delimiter an empty cell is one.
    if (cell_follows || delimiter_ != ' ') {
      const Parsed cell = ParseCell(&at, row);
      if (cell != Parsed::kRow) return cell;
    }
    if (at == window_.size()) {
      if (!at_eof()) return Parsed::kNeedsMore;
      break;
    }
    if (const size_t end = LineEndAt(at); end != 0) {
      // A CR at the window's end may be half of a CRLF.
      if (at + 1 == window_.size() && !at_eof()) return Parsed::kNeedsMore;
      at += end;
      break;
    }
    ++at;  // the delimiter
  }
  consumed_ = at - at_;
  return Parsed::kRow;
}

DelimitedReader::Parsed DelimitedReader::ParseCell(size_t* at, DelimitedRow* row) {
  if (*at < window_.size() && window_[*at] == '"' && delimiter_ != '"') {
    return ParseQuoted(at, row);
  }
  const size_t begin = *at;
  const auto ends = [&](size_t i) {
    return LineEndAt(i) != 0 || window_[i] == delimiter_ ||
           (delimiter_ == ' ' && IsBlank(window_[i]));
  };
  while (*at < window_.size() && !ends(*at)) ++*at;
  row->cells.emplace_back(window_.data() + begin, *at - begin);
  return Parsed::kRow;
}

// A quoted cell: "" is a quote; what stands between the closing quote and the delimiter belongs
// to the cell.
DelimitedReader::Parsed DelimitedReader::ParseQuoted(size_t* at, DelimitedRow* row) {
  std::string text;
  size_t i = *at + 1;
  while (true) {
    const size_t quote = window_.find('"', i);
    if (quote == std::string::npos || (quote + 1 == window_.size() && !at_eof())) {
      return at_eof() ? Parsed::kOpenQuote : Parsed::kNeedsMore;
    }
    text.append(window_, i, quote - i);
    i = quote + 1;
    if (i == window_.size() || window_[i] != '"') break;
    text.push_back('"');
    ++i;
  }
  *at = i;
  const Parsed rest = ParseCell(at, row);
  text.append(row->cells.back());
  unquoted_.push_back(std::move(text));
  row->cells.back() = unquoted_.back();
  return rest;
}

}  // namespace roster
