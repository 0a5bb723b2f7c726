// SPDX-License-Identifier: Apache-2.0
//
// The views that chains of pages read, and the cursors that lead from page to page. A cursor says
// everything itself (which view, which statement, behind which profile) with a mark that nobody
// else can make; held are only the views, one for each LSN, until nobody used them for a time.
// Derived: gone with the process. Thread rule: any thread. Source: LANGUAGE.md "Meaning", 10.
#ifndef ROSTER_ENGINE_ASKING_PAGES_H_
#define ROSTER_ENGINE_ASKING_PAGES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/checkpoint/held_views.h"
#include "query/ast.h"
#include "roster/value.h"
#include "storage/base/environment.h"
#include "storage/base/mutex.h"
#include "storage/memory/read_view.h"

namespace roster {

// What a chain of pages asks, whatever page of it: without its limit and cursor.
uint64_t QuestionOf(const query::ast::Statement& statement, absl::Span<const Value> params,
                    std::string_view time_zone);

class Pages {
 public:
  // Views that are held at once; the one that was not used for the longest time goes.
  static constexpr size_t kMaxViews = 32;

  // `idle_ms`: 0 holds none. `secret`: of this process. Lifetime: all outlive this.
  Pages(Clock* clock, int64_t idle_ms, uint64_t secret, HeldViews* held)
      : clock_(clock), idle_us_(idle_ms * 1000), secret_(secret), held_(held) {}

  struct Page {
    ReadView view;
    ProfileId after;
  };
  // Where a page goes on. Errors: CURSOR (none of ours, of another question, or not held any more).
  absl::StatusOr<Page> Find(std::string_view cursor, uint64_t question);

  // The cursor behind a profile of a view, which is held from now on; empty when none is ever held.
  // `memory_bytes`: of the store. Errors: CURSOR (somebody was erased since the view was taken),
  // LIMIT (held views keep too much twice).
  absl::StatusOr<std::string> Hold(const ReadView& view, uint64_t question, ProfileId after,
                                   uint64_t memory_bytes);

  // Lets go what is not used any more. Cost: little when there is nothing.
  void DropIdle();
  // Somebody was erased by the commit: nobody sees him on a page that is asked for from now on.
  void DropBefore(Lsn erasure);

 private:
  struct Held {
    ReadView view;
    std::unique_ptr<HeldViews::Hold> hold;
    int64_t used_us = 0;
  };
  struct Place {
    uint64_t lsn = 0;
    int64_t clock_ms = 0;
    uint64_t after = 0;
  };
  uint64_t MarkOf(const Place& place, uint64_t question) const;
  absl::Status MakeRoom(uint64_t copied_bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropIdleLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Clock* const clock_;
  const int64_t idle_us_;
  const uint64_t secret_;
  HeldViews* const held_;
  Mutex mutex_;
  std::map<uint64_t, Held> views_ ABSL_GUARDED_BY(mutex_);  // by LSN
  Lsn last_erasure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace roster

#endif  // ROSTER_ENGINE_ASKING_PAGES_H_
