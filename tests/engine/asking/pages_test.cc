// SPDX-License-Identifier: Apache-2.0
//
// Chains of pages: each profile once, of the view of the first page, for as long as that is held.
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "engine/asking/pages.h"
#include "roster/error.h"
#include "storage/base/text.h"
#include "storage/memory/store.h"
#include "tests/engine/simulation.h"

namespace roster {
namespace {

struct Fixture {
  explicit Fixture(const Options& options = {}) : db(world.Open(options)) {
    for (int i = 0; i < 25; ++i) Add(i);
  }
  void Add(int i) {
    const std::string id = "u" + std::to_string(i);
    REQUIRE(db->Write(Identify{.identities = {{"external_id", id}},
                               .traits = {{"age", int64_t{i % 7}}}})
                .ok());
  }
  absl::StatusOr<Table> Page(const std::string& text, const std::vector<Value>& params = {}) {
    auto result = db->Execute(text, params);
    if (!result.ok()) return result.status();
    return std::get<Table>(std::move(result->data));
  }
  Table Ok(const std::string& text) {
    auto page = Page(text);
    INFO(page.status().ToString());
    REQUIRE(page.ok());
    return *std::move(page);
  }
  bool IsGone(const std::string& text) {
    const auto page = Page(text);
    return !page.ok() && ErrorCodeOf(page.status()) == ErrorCode::kCursor;
  }

  FaultyFileSystem files;
  World world{&files};
  std::unique_ptr<Database> db;
};

TEST_CASE("a chain of pages shows each profile of its first view once, whatever is written") {
  Fixture f;
  const std::string text = "find external_id, age order by age desc limit 4";
  std::multiset<std::string> seen;
  int64_t last_age = 7;
  Table page = f.Ok(text);
  for (int i = 0;; ++i) {
    for (const std::vector<Value>& row : page.rows) {
      seen.insert(std::get<std::string>(row[0]));
      CHECK(std::get<int64_t>(row[1]) <= last_age);
      last_age = std::get<int64_t>(row[1]);
    }
    if (page.cursor.empty()) break;
    // Moves everybody about, and brings new ones.
    for (int p = 0; p < 25; ++p) {
      REQUIRE(f.db->Write(Identify{.identities = {{"external_id", "u" + std::to_string(p)}},
                                   .traits = {{"age", int64_t{(p * i) % 5}}}})
                  .ok());
    }
    f.Add(100 + i);
    page = f.Ok(text + " after \"" + page.cursor + "\"");
  }
  CHECK(seen.size() == 25);
  CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == 25);
}

TEST_CASE("a cursor is of one statement, with its parameters and its time zone") {
  Fixture f;
  const auto first = f.Page("find age where age >= $1 limit 1", {int64_t{0}});
  REQUIRE(first.ok());
  const std::string after = " after \"" + first->cursor + "\"";
  CHECK(f.Page("find age where age >= $1 limit 9" + after, {int64_t{0}}).ok());
  CHECK(f.Page("find `age` where age >= $1 limit 1 after $2", {int64_t{0}, first->cursor}).ok());
  CHECK(!f.Page("find age where age >= $1 limit 1" + after, {int64_t{1}}).ok());
  CHECK(f.IsGone("find age where age >= 0 limit 1" + after));
  CHECK(f.IsGone("find age limit 1 after \"c_\""));
  CHECK(f.IsGone("find age limit 1 after \"" + std::string(66, 'x') + "\""));
  std::string forged = first->cursor;
  forged[40] = forged[40] == '1' ? '2' : '1';
  CHECK(!f.Page("find age where age >= $1 limit 1 after $2", {int64_t{0}, forged}).ok());
}

TEST_CASE("the view of pages is held for a time, which each page begins anew") {
  Options options;
  options.page_idle_ms = 1000;
  Fixture f(options);
  const std::string text = "find external_id limit 1";
  const std::string next = text + " after \"" + f.Ok(text).cursor + "\"";
  f.world.clock.micros += 900'000;
  f.Ok(next);
  f.world.clock.micros += 900'000;
  f.Ok(next);
  CHECK(f.db->GetStats().pinned_bytes == 0);
  f.Add(1000);
  CHECK(f.db->GetStats().pinned_bytes > 0);
  f.world.clock.micros += 1'100'000;
  // A write lets go of it too, without anybody who asks.
  f.Add(1001);
  CHECK(f.db->GetStats().pinned_bytes == 0);
  CHECK(f.IsGone(next));
}

TEST_CASE("views of pages are few, and none outlives an erasure") {
  Fixture f;
  const std::string text = "find external_id limit 1";
  const std::string oldest = text + " after \"" + f.Ok(text).cursor + "\"";
  std::string newest;
  for (int i = 0; i < 32; ++i) {
    f.Add(i);
    newest = text + " after \"" + f.Ok(text).cursor + "\"";
  }
  CHECK(f.IsGone(oldest));
  f.Ok(newest);
  REQUIRE(f.db->Write(Erase{IdentityRef{"external_id", "u3"}}).ok());
  CHECK(f.IsGone(newest));
}

TEST_CASE("without pages no cursor is given") {
  Options options;
  options.page_idle_ms = 0;
  Fixture f(options);
  CHECK(f.Ok("find external_id limit 1").cursor.empty());
}

TEST_CASE("whom retention erased is on no page", "[retention]") {
  FaultyFileSystem files;
  World world(&files);
  const auto db = world.Open();
  for (const char* visitor : {"a1", "a2", "a3"}) {
    REQUIRE(db->Write(Track{.identities = {{"anonymous_id", visitor}}, .event = "view"}).ok());
  }
  const std::string text = "find id, anonymous_id order by id limit 1";
  const auto first = db->Execute(text, {});
  REQUIRE(first.ok());
  const std::string cursor = std::get<Table>(first->data).cursor;
  REQUIRE_FALSE(cursor.empty());
  REQUIRE(db->Execute(text + " after $1", {cursor}).ok());
  REQUIRE(db->Write(Declare{.statement = "retain anonymous 1 day"}).ok());
  for (int hour = 0; hour < 48; ++hour) world.Pass(3'600'000);
  REQUIRE(db->GetStats().num_profiles == 0);
  const auto later = db->Execute(text + " after $1", {cursor});
  REQUIRE_FALSE(later.ok());
  CHECK(ErrorCodeOf(later.status()) == ErrorCode::kCursor);
}

TEST_CASE("a page of a view from before an erasure has none behind it") {
  World world{nullptr};
  HeldViews held(0);
  Pages pages(&world.clock, 60'000, 7, &held);
  Store store;
  ChangeSet changes;
  const auto commit = [&](const Mutation& mutation) {
    store.Apply(mutation, &changes);
    store.FinishCommit({store.lsn().value + 1});
  };
  commit(CreateProfile{{1}, {0}, "test"});
  const ReadView before = store.TakeView({1});
  commit(CreateProfile{{2}, {0}, "test"});
  const ReadView after = store.TakeView({1});
  pages.DropBefore(after.lsn());
  const auto refused = pages.Hold(before, 1, {1}, 0);
  REQUIRE_FALSE(refused.ok());
  CHECK(ErrorCodeOf(refused.status()) == ErrorCode::kCursor);
  const auto cursor = pages.Hold(after, 1, {1}, 0);
  REQUIRE(cursor.ok());
  CHECK(pages.Find(*cursor, 1).ok());
  pages.DropBefore(after.lsn());  // what is not older stays
  CHECK(pages.Find(*cursor, 1).ok());
  pages.DropBefore({after.lsn().value + 1});
  CHECK_FALSE(pages.Find(*cursor, 1).ok());
}

TEST_CASE("held views give way oldest first, and a page without room is refused", "[limits]") {
  World world{nullptr};
  Store store;
  ChangeSet changes;
  const auto commit = [&](const Mutation& mutation) {
    store.Apply(mutation, &changes);
    store.FinishCommit({store.lsn().value + 1});
  };
  commit(DeclareTrait{"n", ValueType::kInteger, 0});
  const TraitId trait{static_cast<uint16_t>(store.state().columns.size() - 1)};
  commit(CreateProfile{{1}, {0}, "test"});
  const ReadView before = store.TakeView({1});
  commit(SetTrait{{1}, trait, int64_t{7}, {0}, kNoOrigin});  // what `before` has is copied
  const ReadView after = store.TakeView({1});
  REQUIRE(after.copied_bytes() > before.copied_bytes());
  HeldViews held(1);
  Pages pages(&world.clock, 60'000, 7, &held);
  const auto first = pages.Hold(before, 1, {1}, 1'000);
  REQUIRE(first.ok());
  REQUIRE(pages.Find(*first, 1).ok());
  CHECK(pages.Hold(after, 1, {1}, 1'000).ok());
  CHECK_FALSE(pages.Find(*first, 1).ok());  // made room
  const HeldViews::Hold snapshot(&held, before.copied_bytes(), 1'000);
  Pages others(&world.clock, 60'000, 7, &held);
  const auto refused = others.Hold(after, 1, {1}, 1'000);
  REQUIRE_FALSE(refused.ok());
  CHECK(ErrorCodeOf(refused.status()) == ErrorCode::kLimit);
}

}  // namespace
}  // namespace roster
