// SPDX-License-Identifier: Apache-2.0
//
// search: profiles that words name, by a plain scan over searchable traits and identities.
// Source: CAPABILITIES.md C7, C20, T26.
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "query/statements/run.h"
#include "query/statements/scan.h"
#include "storage/base/unicode.h"
#include "storage/memory/cells.h"
#include "storage/memory/identities.h"

namespace roster::query {
namespace {

// By what everybody looks for people, whether it was declared searchable or not.
constexpr std::array<std::string_view, 3> kNames = {"name", "first_name", "last_name"};

// How well a word is met, the least first.
enum Meets : int { kNot = 0, kInside = 1, kBeginsWord = 2, kIsWord = 3, kIsAll = 4 };

bool IsWordByte(char c) {
  return (c & 0x80) != 0 || ('0' <= c && c <= '9') || ('a' <= c && c <= 'z');
}

// Requires: both are folded; the word is not empty.
Meets MeetsIn(std::string_view text, std::string_view word) {
  if (text == word) return kIsAll;
  Meets best = kNot;
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool begins = at == 0 || !IsWordByte(text[at - 1]) || !IsWordByte(text[at]);
    const bool ends = end == text.size() || !IsWordByte(text[end]) || !IsWordByte(text[end - 1]);
    best = std::max(best, begins ? ends ? kIsWord : kBeginsWord : kInside);
  }
  return best;
}

// What of a profile is searched: a name and folded texts.
struct Field {
  std::string_view name;
  std::string text;
};

class Searcher {
 public:
  Searcher(const BoundSearch& search, const ReadView& view) : search_(search), view_(view) {
    for (size_t t = 0; t < view.schema().traits().size(); ++t) {
      const TraitInfo& info = view.schema().traits()[t];
      const bool is_name = std::find(kNames.begin(), kNames.end(), info.name) != kNames.end();
      const bool is_text = info.type == ValueType::kText || info.type == ValueType::kTextList;
      if ((info.searchable || is_name) && is_text) traits_.push_back({static_cast<uint16_t>(t)});
    }
  }

  struct Found {
    RowId row;
    int64_t score = 0;
    TextList matched;  // what of the profile met a word
  };

  // Nothing when some word is not met.
  std::optional<Found> Of(RowId row) const {
    const std::vector<Field> fields = FieldsOf(row);
    Found found{row, 0, {}};
    for (const std::string& word : search_.words) {
      Meets best = kNot;
      std::string_view name;
      for (const Field& field : fields) {
        const Meets meets = MeetsIn(field.text, word);
        if (meets <= best) continue;
        best = meets;
        name = field.name;
      }
      if (best == kNot) return std::nullopt;
      found.score += best;
      const bool known =
          std::find(found.matched.begin(), found.matched.end(), name) != found.matched.end();
      if (!known) found.matched.emplace_back(name);
    }
    return found;
  }

 private:
  std::vector<Field> FieldsOf(RowId row) const {
    std::vector<Field> fields;
    for (const TraitId trait : traits_) {
      const std::string& name = view_.schema().trait(trait).name;
      const Value value = view_->column(trait).Get(row);
      if (const auto* text = std::get_if<std::string>(&value))
        fields.push_back({name, Fold(*text)});
      const auto* list = std::get_if<TextList>(&value);
      if (list == nullptr) continue;
      for (const std::string& text : *list) fields.push_back({name, Fold(text)});
    }
    const Identities& identities = view_->identities;
    for (const IdentityId id : identities.OfRow(row)) {
      if (!IsShown(identities.StandingOf(id))) continue;
      const IdentityName name = identities.NameOf(id);
      fields.push_back({view_.schema().name_space(name.name_space).name, Fold(name.value)});
    }
    return fields;
  }

  const BoundSearch& search_;
  const ReadView& view_;
  std::vector<TraitId> traits_;
};

// What somebody found takes. Units: bytes.
uint64_t BytesOf(const Searcher::Found& found) {
  return sizeof(found) + found.matched.size() * sizeof(std::string);
}

}  // namespace

// Ties go by profile id.
absl::StatusOr<QueryAnswer> RunVerb(const BoundSearch& search, const Plan& plan,
                                    const ReadView& view, const ExecutionLimits& limits) {
  using Found = Searcher::Found;
  constexpr uint32_t kRowsPerCheck = 1024;
  const Searcher searcher(search, view);
  const uint64_t max_rows = search.limit ? limits.max_limited_rows : limits.max_rows;
  const uint64_t limit = std::min(search.limit.value_or(max_rows), max_rows);
  const auto before = [&](const Found& a, const Found& b) {
    if (a.score != b.score) return a.score > b.score;
    return view->ProfileAt(a.row) < view->ProfileAt(b.row);
  };
  std::vector<Found> found;  // a heap with the last one on top once it is full
  bool too_many = false;
  absl::Status stopped;
  ROSTER_RETURN_IF_ERROR(
      ForEachChunk(plan, view, limits, [&](uint32_t chunk, const ChunkBits& rows) {
        uint32_t seen = 0;
        rows.ForEach([&](uint32_t i) {
          if (seen++ % kRowsPerCheck == 0 && stopped.ok()) stopped = limits.Check();
          if (!stopped.ok()) return;
          std::optional<Found> one = searcher.Of(RowAt(chunk, i));
          if (!one) return;
          limits.Take(BytesOf(*one));
          found.push_back(*std::move(one));
          std::push_heap(found.begin(), found.end(), before);
          if (found.size() <= limit) return;
          too_many |= !search.limit || *search.limit > max_rows;
          std::pop_heap(found.begin(), found.end(), before);
          limits.GiveBack(BytesOf(found.back()));
          found.pop_back();
        });
      }));
  ROSTER_RETURN_IF_ERROR(stopped);
  if (too_many) return TooManyRows(max_rows);
  std::sort_heap(found.begin(), found.end(), before);
  TableAnswer table{
      {{"id", ValueType::kText}, {"score", ValueType::kInteger}, {"matched", ValueType::kTextList}},
      {},
      {}};
  for (Found& one : found) {
    limits.Take(sizeof(std::vector<Value>) + 3 * sizeof(Value));
    table.rows.push_back(
        {StrCat("p", view->ProfileAt(one.row).value), one.score, std::move(one.matched)});
  }
  ROSTER_RETURN_IF_ERROR(limits.CheckMemory());
  return table;
}

}  // namespace roster::query
