// SPDX-License-Identifier: Apache-2.0
#include "query/cells/text.h"

#include <algorithm>
#include <array>
#include <optional>

#include <re2/re2.h>

#include "query/ast.h"
#include "query/cells/codes.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"

namespace roster::query {
namespace {

std::string_view TextOf(const CellType& type, int64_t cell) {
  return type.dictionary->Text(static_cast<uint32_t>(cell));
}

}  // namespace

bool HoldsText(const TextSet& test, std::string_view text) {
  return std::find(test.texts.begin(), test.texts.end(), text) != test.texts.end();
}

// Bytes of UTF-8 order as code points do.
bool HoldsText(const TextRange& test, std::string_view text) {
  if (test.low && (test.low_open ? text <= *test.low : text < *test.low)) return false;
  return !(test.high && (test.high_open ? text >= *test.high : text > *test.high));
}

namespace {

bool Fits(const TextPattern& test, std::string_view text) {
  if (!test.op) return text == test.text;
  switch (*test.op) {
    case ast::TextOp::kContains:
      return text.find(test.text) != std::string_view::npos;
    case ast::TextOp::kStartsWith:
      return text.starts_with(test.text);
    case ast::TextOp::kEndsWith:
      return text.ends_with(test.text);
  }
  return false;
}

}  // namespace

// Short texts of ASCII, which most are, are folded without memory.
bool HoldsText(const TextPattern& test, std::string_view text) {
  if (!test.folded) return Fits(test, text);
  std::array<char, 64> lower;
  if (text.size() <= lower.size() && AsciiToLower(text, lower.data())) {
    return Fits(test, {lower.data(), text.size()});
  }
  return Fits(test, Fold(text));
}

bool HoldsText(const TextRegex& test, std::string_view text) {
  return re2::RE2::PartialMatch({text.data(), text.size()}, *test.regex);
}

CellFilter Prepare(const TextSet& test, const CellType& type, Preparation*) {
  IntSet codes;
  for (const std::string& text : test.texts) {
    if (const std::optional<uint32_t> code = type.dictionary->Find(text)) {
      codes.values.push_back(*code);
    }
  }
  std::sort(codes.values.begin(), codes.values.end());
  return CellFilter(std::move(codes));
}
CellFilter Prepare(const TextRange& test, const CellType& type, Preparation* preparation) {
  return CodesWhere(type, preparation,
                    [test](std::string_view text) { return HoldsText(test, text); });
}
CellFilter Prepare(const TextPattern& test, const CellType& type, Preparation* preparation) {
  return CodesWhere(type, preparation,
                    [test](std::string_view text) { return HoldsText(test, text); });
}
CellFilter Prepare(const TextRegex& test, const CellType& type, Preparation* preparation) {
  return CodesWhere(type, preparation,
                    [test](std::string_view text) { return HoldsText(test, text); });
}

bool Holds(const TextSet& test, const CellType& type, int64_t cell, Timestamp) {
  return HoldsText(test, TextOf(type, cell));
}
bool Holds(const TextRange& test, const CellType& type, int64_t cell, Timestamp) {
  return HoldsText(test, TextOf(type, cell));
}
bool Holds(const TextPattern& test, const CellType& type, int64_t cell, Timestamp) {
  return HoldsText(test, TextOf(type, cell));
}
bool Holds(const TextRegex& test, const CellType& type, int64_t cell, Timestamp) {
  return HoldsText(test, TextOf(type, cell));
}

std::string Describe(const TextSet& test, ValueInfo) {
  if (test.texts.size() == 1) return StrCat("= ", ast::QuoteText(test.texts[0]));
  std::string text = "in (";
  for (const std::string& one : test.texts) {
    text += StrCat(text.size() == 4 ? "" : ", ", ast::QuoteText(one));
  }
  return text + ")";
}
std::string Describe(const TextRange& test, ValueInfo) {
  const auto bound = [](const char* op, const std::string& text) {
    return StrCat(op, " ", ast::QuoteText(text));
  };
  const std::string low = test.low ? bound(test.low_open ? ">" : ">=", *test.low) : "";
  const std::string high = test.high ? bound(test.high_open ? "<" : "<=", *test.high) : "";
  return StrCat(low, test.low && test.high ? " and " : "", high);
}
std::string Describe(const TextPattern& test, ValueInfo) {
  return StrCat(test.op ? ast::Spelling(*test.op) : "=", test.folded ? " ~" : " ",
                ast::QuoteText(test.text));
}
std::string Describe(const TextRegex& test, ValueInfo) { return StrCat("matches ", test.spelling); }

}  // namespace roster::query
