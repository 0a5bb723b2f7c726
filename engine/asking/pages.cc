// SPDX-License-Identifier: Apache-2.0
#include "engine/asking/pages.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/str_format.h"
#include "roster/error.h"
#include "roster/json.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"

namespace roster {
namespace {

constexpr std::string_view kPrefix = "c_";
constexpr size_t kWordDigits = 16;  // hexadecimal, of each of four words

absl::Status NoPage(std::string_view why) {
  return MakeError(ErrorCode::kCursor, StrCat(why, "; ask for the first page again"));
}

// A number of 16 hexadecimal digits; false when it is none.
bool ReadWord(std::string_view text, uint64_t* word) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *word, 16);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

uint64_t QuestionOf(const query::ast::Statement& statement, absl::Span<const Value> params,
                    std::string_view time_zone) {
  query::ast::Statement chain = statement;
  auto& find = std::get<query::ast::Find>(chain.verb);
  const query::ast::Param* cursor = nullptr;
  std::optional<query::ast::Literal> after;
  std::swap(after, find.after);
  find.limit.reset();
  find.offset = 0;
  if (after) cursor = std::get_if<query::ast::Param>(&after->value);
  std::string said = StrCat(query::ast::ToText(chain), "\n", time_zone);
  for (size_t i = 0; i < params.size(); ++i) {
    said += "\n";
    // The cursor is another one on each page, and so may be that it is a parameter at all.
    if (cursor != nullptr && i + 1 == cursor->number) continue;
    AppendJson(params[i], &said);
  }
  while (said.ends_with("\n")) said.pop_back();
  return XXH3_64bits(said.data(), said.size());
}

uint64_t Pages::MarkOf(const Place& place, uint64_t question) const {
  const uint64_t words[] = {place.lsn, static_cast<uint64_t>(place.clock_ms), place.after, question,
                            secret_};
  return XXH3_64bits_withSeed(words, sizeof(words), secret_);
}

absl::StatusOr<Pages::Page> Pages::Find(std::string_view cursor, uint64_t question) {
  uint64_t words[4] = {};
  bool is_ours = cursor.starts_with(kPrefix) && cursor.size() == kPrefix.size() + 4 * kWordDigits;
  for (size_t w = 0; is_ours && w < 4; ++w) {
    is_ours = ReadWord(cursor.substr(kPrefix.size() + w * kWordDigits, kWordDigits), &words[w]);
  }
  const Place place{words[0], static_cast<int64_t>(words[1]), words[2]};
  if (!is_ours || words[3] != MarkOf(place, question)) {
    return NoPage("a cursor goes on with the very statement that gave it, until a restart");
  }
  MutexLock lock(&mutex_);
  DropIdleLocked();
  const auto found = views_.find(place.lsn);
  if (found == views_.end()) return NoPage("the view of this page is not held any more");
  found->second.used_us = clock_->MonotonicMicros();
  return Page{found->second.view.At({place.clock_ms}), {place.after}};
}

void Pages::DropOldest() {
  views_.erase(std::min_element(views_.begin(), views_.end(), [](const auto& a, const auto& b) {
    return a.second.used_us < b.second.used_us;
  }));
}

// The views that were not used for the longest time go first.
absl::Status Pages::MakeRoom(uint64_t copied_bytes) {
  for (;;) {
    absl::Status room = held_->CheckRoom(copied_bytes);
    if (room.ok() || views_.empty()) return room;
    DropOldest();
  }
}

absl::StatusOr<std::string> Pages::Hold(const ReadView& view, uint64_t question, ProfileId after,
                                        uint64_t memory_bytes) {
  if (idle_us_ == 0) return std::string();
  const Place place{view.lsn().value, view.clock().ms, after.value};
  {
    MutexLock lock(&mutex_);
    DropIdleLocked();
    if (view.lsn() < last_erasure_) return NoPage("somebody was erased while this page was made");
    if (!views_.contains(place.lsn)) {
      ROSTER_RETURN_IF_ERROR(MakeRoom(view.copied_bytes()));
      if (views_.size() >= kMaxViews) DropOldest();
      views_.emplace(
          place.lsn,
          Held{view, std::make_unique<HeldViews::Hold>(held_, view.copied_bytes(), memory_bytes),
               0});
    }
    views_.at(place.lsn).used_us = clock_->MonotonicMicros();
  }
  return absl::StrFormat("%s%016x%016x%016x%016x", AbslView(kPrefix), place.lsn,
                         static_cast<uint64_t>(place.clock_ms), place.after,
                         MarkOf(place, question));
}

void Pages::DropIdleLocked() {
  const int64_t now_us = clock_->MonotonicMicros();
  for (auto it = views_.begin(); it != views_.end();) {
    it = now_us - it->second.used_us > idle_us_ ? views_.erase(it) : std::next(it);
  }
}

void Pages::DropIdle() {
  MutexLock lock(&mutex_);
  DropIdleLocked();
}

void Pages::DropBefore(Lsn erasure) {
  std::map<uint64_t, Held> dropped;  // freed without the lock
  MutexLock lock(&mutex_);
  last_erasure_ = std::max(last_erasure_, erasure);
  std::swap(views_, dropped);
  for (auto it = dropped.lower_bound(erasure.value); it != dropped.end();) {
    views_.insert(dropped.extract(it++));
  }
}

}  // namespace roster
