// SPDX-License-Identifier: Apache-2.0
#include "query/operators/list.h"

#include <algorithm>
#include <string_view>

#include "query/ast.h"
#include "query/operators/text.h"
#include "storage/base/bytes.h"
#include "storage/base/text.h"

namespace roster::query {
namespace {

// On a list as its dictionary entry.
bool HasElement(std::string_view encoded, std::string_view element) {
  ByteReader reader(encoded);
  while (!reader.at_end() && !reader.failed()) {
    if (reader.Text() == element && !reader.failed()) return true;
  }
  return false;
}

}  // namespace

CellFilter Prepare(const ListHas& test, const CellType& type, Preparation* preparation) {
  return CodesWhere(type, preparation,
                    [&](std::string_view list) { return HasElement(list, test.element); });
}

bool Holds(const ListHas& test, const CellType& type, int64_t cell, Timestamp) {
  const TextList list = std::get<TextList>(DecodeCell(type, cell));
  return std::find(list.begin(), list.end(), test.element) != list.end();
}

std::string Describe(const ListHas& test, ValueInfo) {
  return StrCat("has ", ast::QuoteText(test.element));
}

}  // namespace roster::query
