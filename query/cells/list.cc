// SPDX-License-Identifier: Apache-2.0
#include "query/cells/list.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "query/ast.h"
#include "query/cells/codes.h"
#include "query/cells/compare.h"
#include "storage/base/bytes.h"
#include "storage/base/text.h"

namespace roster::query {
namespace {

// Elements of a list as its dictionary entry, in order.
template <typename F>
void ForEachElement(std::string_view encoded, F&& f) {
  ByteReader reader(encoded);
  while (!reader.at_end()) {
    const std::string_view element = reader.Text();
    if (reader.failed()) return;
    f(element);
  }
}

// Whether so many of the elements that are asked for, each once, are enough.
bool IsEnough(const ListHas& test, size_t num_known) {
  switch (test.op) {
    case ast::ListOp::kHas:
    case ast::ListOp::kHasAny:
      return num_known != 0;
    case ast::ListOp::kHasAll:
      return num_known == test.elements.size();
    case ast::ListOp::kHasNone:
      return num_known == 0;
  }
  return false;
}

bool Passes(const ListSize& test, size_t size) {
  const auto count = static_cast<int64_t>(size);
  return (test.range.low <= count && count <= test.range.high) != test.negated;
}

}  // namespace

CellFilter Prepare(const ListHas& test, const CellType& type, Preparation* preparation) {
  return CodesWhere(type, preparation, [test](std::string_view list) {
    std::vector<bool> known(test.elements.size());
    ForEachElement(list, [&](std::string_view element) {
      const auto it = std::lower_bound(test.elements.begin(), test.elements.end(), element);
      if (it != test.elements.end() && *it == element) {
        known[static_cast<size_t>(it - test.elements.begin())] = true;
      }
    });
    return IsEnough(test, static_cast<size_t>(std::count(known.begin(), known.end(), true)));
  });
}

CellFilter Prepare(const ListSize& test, const CellType& type, Preparation* preparation) {
  return CodesWhere(type, preparation, [test](std::string_view list) {
    size_t size = 0;
    ForEachElement(list, [&](std::string_view) { ++size; });
    return Passes(test, size);
  });
}

bool Holds(const ListHas& test, const CellType& type, int64_t cell, Timestamp) {
  const TextList list = std::get<TextList>(DecodeCell(type, cell));
  const auto has = [&](const std::string& element) {
    return std::find(list.begin(), list.end(), element) != list.end();
  };
  return IsEnough(
      test, static_cast<size_t>(std::count_if(test.elements.begin(), test.elements.end(), has)));
}

bool Holds(const ListSize& test, const CellType& type, int64_t cell, Timestamp) {
  return Passes(test, std::get<TextList>(DecodeCell(type, cell)).size());
}

std::string Describe(const ListHas& test, ValueInfo) {
  if (test.op == ast::ListOp::kHas) return StrCat("has ", ast::QuoteText(test.elements[0]));
  std::string text = StrCat(ast::Spelling(test.op), " (");
  for (const std::string& element : test.elements) {
    text += StrCat(&element == &test.elements[0] ? "" : ", ", ast::QuoteText(element));
  }
  return text + ")";
}

std::string Describe(const ListSize& test, ValueInfo) {
  return StrCat(test.negated ? "has not a size " : "has a size ",
                Describe(test.range, ValueInfo{ValueType::kInteger, 0}));
}

}  // namespace roster::query
