// SPDX-License-Identifier: Apache-2.0
//
// Any text as a statement: it parses, binds and runs on a small store, or is refused with a place;
// its canonical text means the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "query/declarations/parser.h"
#include "query/grammar/grammar.h"
#include "query/query.h"
#include "query/schema_catalog.h"
#include "roster/error.h"
#include "storage/base/check.h"
#include "storage/memory/store.h"

namespace roster::query {
namespace {

Store MakeStore() {
  Store store;
  ChangeSet changes;
  const EventTypeId order{0};
  const std::vector<Mutation> mutations = {
      DeclareTrait{"a", ValueType::kText, 0},
      DeclareTrait{"b", ValueType::kInteger, 0},
      DeclareTrait{"c", ValueType::kTimestamp, 0},
      DeclareNamespace{{.name = "email", .rank = 1, .limit = 5}},
      DeclareEvent{"e"},
      DeclareProperty{order, "p", ValueType::kDecimal, 2},
      CreateProfile{{1}, {0}, "test"},
      CreateProfile{{2}, {0}, "test"},
      SetTrait{{1}, {4}, "x", {0}},
      SetTrait{{2}, {5}, int64_t{7}, {0}},
      SetTrait{{1}, {6}, Timestamp{1}, {0}},
      AttachIdentity{{1}, {0}, {0}, "x@y"},
      AddEvent{{1}, order, {1}, {0}, kNoOrigin, {{PropertyId{1}, Decimal{150, 2}}}},
  };
  for (const Mutation& mutation : mutations) {
    ROSTER_CHECK(store.Check(mutation).ok());
    store.Apply(mutation, &changes);
  }
  return store;
}

void Check(std::string_view text) {
  static const Store store = MakeStore();
  const ReadView view = store.TakeView({1});
  const SchemaCatalog catalog(view.schema());
  const std::vector<Value> params = {"x", int64_t{3}, Timestamp{1}};
  const auto run = [&](std::string_view statement) {
    return Run(statement, params, {}, view, catalog, {});
  };
  const auto answer = run(text);
  const auto parsed = Parse(text);
  if (!parsed.ok()) {
    const auto position = ErrorPositionOf(parsed.status());
    ROSTER_CHECK(!answer.ok() && position);
    ROSTER_CHECK(position->offset + position->length <= text.size());
    return;
  }
  const std::string canonical = ast::ToText(*parsed);
  const auto again = Parse(canonical);
  if (!again.ok()) {  // quotes made it too long
    ROSTER_CHECK(ErrorCodeOf(again.status()) == ErrorCode::kLimit);
    return;
  }
  ROSTER_CHECK(*again == *parsed);
  ROSTER_CHECK(run(canonical).ok() == answer.ok());
}

void CheckDeclaration(std::string_view text) {
  const auto parsed = ParseDeclaration(text);
  if (!parsed.ok()) {
    const auto position = ErrorPositionOf(parsed.status());
    ROSTER_CHECK(position && position->offset + position->length <= text.size());
    return;
  }
  const auto again = ParseStored(StoredText(*parsed));
  if (again.ok()) {
    ROSTER_CHECK(*again == *parsed);
  } else {  // quotes made it too long
    ROSTER_CHECK(ErrorCodeOf(again.status()) == ErrorCode::kLimit);
  }
}

}  // namespace
}  // namespace roster::query

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  roster::query::Check({reinterpret_cast<const char*>(data), size});
  roster::query::CheckDeclaration({reinterpret_cast<const char*>(data), size});
  return 0;
}
