// SPDX-License-Identifier: Apache-2.0
//
// Pairs that may be one person: profiles that share a clue. A clue is the hash of something that
// few people have in common; profiles meet where their clues are equal, so that not every pair has
// to be looked at. Nothing is merged. Source: IDENTITY.md R17.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_split.h"
#include "engine/reading/pairs.h"
#include "engine/reading/profile_ref.h"
#include "engine/reading/traits.h"
#include "roster/json.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"

namespace roster {
namespace {

enum Reason : uint8_t { kEmail, kPhone, kNameAndBirthday, kSimilarName, kNumReasons };
constexpr std::array<const char*, kNumReasons> kReasonNames = {"email", "phone",
                                                               "name and birthday", "similar name"};
// How sure one of them makes; together they make it surer.
constexpr std::array<double, kNumReasons> kSureness = {0.5, 0.8, 0.9, 0.3};

// What more profiles than these have in common (info@, a first name) says nothing of any two.
constexpr size_t kMaxAlike = 20;
// Names are compared with each other among so many that begin alike.
constexpr size_t kMaxBlock = 200;
constexpr size_t kMaxBlockOfOne = 20'000;  // with one, where it is asked for

struct Clue {
  uint64_t hash = 0;
  RowId row;
  Reason reason = kEmail;
};

// The words of a name, folded and sorted, so that neither case, accents nor order matter.
std::vector<std::string> WordsOf(const std::string& name) {
  std::vector<std::string> words =
      absl::StrSplit(Fold(name), absl::ByAnyChar(" \t-.,'"), absl::SkipEmpty());
  std::sort(words.begin(), words.end());
  return words;
}

std::string Join(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words) joined += (joined.empty() ? "" : " ") + word;
  return joined;
}

// Whether one can be made the other by changing, adding or leaving out one byte.
bool WithinOneEdit(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > 1) return false;
  size_t same = 0;
  while (same < a.size() && a[same] == b[same]) ++same;
  const size_t rest = same + (a.size() == b.size() ? 1 : 0);
  return a.substr(std::min(rest, a.size())) == b.substr(std::min(same + 1, b.size()));
}

class Pairs {
 public:
  Pairs(const ReadView& view, std::optional<RowId> row) : state_(view.state()), row_(row) {
    if (row_) {
      AddClues(*row_);
      asked_.emplace();
      for (const Clue& clue : clues_) asked_->insert(clue.hash);
      clues_.clear();
    }
    for (uint32_t c = 0; c < view.num_chunks(); ++c) {
      state_.live.chunk(c).ForEach([&](uint32_t offset) { AddClues(RowAt(c, offset)); });
    }
    std::sort(clues_.begin(), clues_.end(), [](const Clue& a, const Clue& b) {
      return std::tie(a.hash, a.row) < std::tie(b.hash, b.row);
    });
    const auto last = std::unique(clues_.begin(), clues_.end(), [](const Clue& a, const Clue& b) {
      return a.hash == b.hash && a.row == b.row;
    });
    clues_.erase(last, clues_.end());
    Meet();
  }

  std::vector<DuplicateEntry> Likeliest(uint32_t limit) const {
    std::vector<DuplicateEntry> entries;
    for (const auto& [pair, reasons] : pairs_) {
      DuplicateEntry entry{.first = state_.ProfileAt(pair.first),
                           .second = state_.ProfileAt(pair.second),
                           .reasons = {}};
      if (entry.second < entry.first) std::swap(entry.first, entry.second);
      double doubt = 1;
      for (size_t r = 0; r < kNumReasons; ++r) {
        if ((reasons & (1u << r)) == 0) continue;
        entry.reasons.emplace_back(kReasonNames[r]);
        doubt *= 1 - kSureness[r];
      }
      entry.score = std::round((1 - doubt) * 100) / 100;
      entries.push_back(std::move(entry));
    }
    const size_t num_shown = std::min<size_t>(entries.size(), limit);
    std::partial_sort(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(num_shown),
                      entries.end(), [](const DuplicateEntry& a, const DuplicateEntry& b) {
                        if (a.score != b.score) return a.score > b.score;
                        return std::tie(a.first, a.second) < std::tie(b.first, b.second);
                      });
    entries.resize(num_shown);
    return entries;
  }

 private:
  void Add(RowId row, Reason reason, std::string_view what) {
    const uint64_t hash = XXH3_64bits_withSeed(what.data(), what.size(), reason);
    if (!asked_ || asked_->contains(hash)) clues_.push_back({hash, row, reason});
  }

  void AddClues(RowId row) {
    for (const IdentityId id : state_.identities.OfRow(row)) {
      if (!IsShown(state_.identities.StandingOf(id))) continue;
      const IdentityName name = state_.identities.NameOf(id);
      const std::string& space = state_.schema->name_space(name.name_space).name;
      if (space == "email") Add(row, kEmail, name.value.substr(0, name.value.find('@')));
      if (space == "phone") Add(row, kPhone, name.value.substr(name.value.starts_with('+')));
    }
    const std::string name = roster::NameOf(state_, row);
    if (name.empty()) return;
    const std::vector<std::string> words = WordsOf(name);
    if (const std::string day = BirthdayOf(row); !day.empty()) {
      Add(row, kNameAndBirthday, StrCat(Join(words), "\n", day));
    }
    AddNames(row, words);
  }

  std::string BirthdayOf(RowId row) const {
    const std::optional<TraitId> trait = state_.schema->FindTrait("birthday");
    if (!trait || !state_.column(*trait).Has(row)) return {};
    std::string text;
    AppendJson(state_.column(*trait).Get(row), &text);
    return text;
  }

  // A slip in one word leaves another as it is, and mostly the first letters. One word alone is
  // too little.
  void AddNames(RowId row, const std::vector<std::string>& words) {
    if (words.size() < 2) return;
    for (size_t whole = 0; whole < words.size(); ++whole) {
      std::string begins = words[whole];
      for (size_t i = 0; i < words.size(); ++i) {
        if (i != whole) begins += StrCat("\n", words[i].substr(0, 1));
      }
      Add(row, kSimilarName, begins);
    }
  }

  // Looks at the profiles of each clue.
  void Meet() {
    for (size_t begin = 0; begin < clues_.size();) {
      size_t end = begin;
      while (end < clues_.size() && clues_[end].hash == clues_[begin].hash) ++end;
      const absl::Span<const Clue> alike(&clues_[begin], end - begin);
      const bool names = alike.front().reason == kSimilarName;
      const size_t most = names ? (row_ ? kMaxBlockOfOne : kMaxBlock) : kMaxAlike;
      if (alike.size() > 1 && alike.size() <= most) MeetAll(alike, names);
      begin = end;
    }
  }

  void MeetAll(absl::Span<const Clue> alike, bool names) {
    std::vector<std::string> of(alike.size());
    for (size_t i = 0; names && i < alike.size(); ++i) {
      of[i] = Join(WordsOf(roster::NameOf(state_, alike[i].row)));
    }
    for (size_t i = 0; i < alike.size(); ++i) {
      if (row_ && alike[i].row != *row_) continue;
      for (size_t j = row_ ? 0 : i + 1; j < alike.size(); ++j) {
        if (i == j || (names && !WithinOneEdit(of[i], of[j]))) continue;
        const auto pair = std::minmax(alike[i].row, alike[j].row);
        pairs_[{pair.first, pair.second}] |= 1u << alike[i].reason;
      }
    }
  }

  const State& state_;
  const std::optional<RowId> row_;
  std::optional<absl::flat_hash_set<uint64_t>> asked_;  // the clues of `row_`
  std::vector<Clue> clues_;
  std::map<std::pair<RowId, RowId>, uint32_t> pairs_;  // bits of reasons
};

}  // namespace

std::vector<DuplicateEntry> ReadDuplicates(const ReadView& view, std::optional<RowId> row,
                                           uint32_t limit) {
  return Pairs(view, row).Likeliest(limit);
}

}  // namespace roster
