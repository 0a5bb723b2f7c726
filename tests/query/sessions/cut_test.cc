// SPDX-License-Identifier: Apache-2.0
//
// Sessions and steps in one session of crowded people: Evaluate, which cuts what it needs of a
// chunk, against Matches, which folds all that a profile did. Few and many events, gaps of about a
// silence, equal times, several identities, given ids, records that move a start, events of the
// future, sealed and in tails. ROSTER_SEED repeats a run.
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "query/bind/bind.h"
#include "query/errors.h"
#include "query/grammar/grammar.h"
#include "query/planner.h"
#include "storage/memory/people/own_names.h"
#include "tests/query/test_store.h"
#include "tests/seed.h"

namespace roster::query {
namespace {

constexpr int64_t kMinuteMs = 60'000;

class Crowd {
 public:
  explicit Crowd(uint64_t seed) : random_(seed) {
    store_.Namespace("device_id", NamespaceKind::kDevice);
    store_.Trait("plan", ValueType::kText);
    for (const std::string& type : types_) {
      store_.Event(type);
      store_.Property(type, "session", ValueType::kText);
      if (type != "order") store_.Property(type, "channel", ValueType::kText);
      store_.Property(type, "amount", ValueType::kInteger);
    }
    for (int i = 0; i < 60; ++i) AddPerson();
    if (OneIn(4)) store_.Retain("view", 3 * kDayMs);
    if (!OneIn(3)) {
      Store& store = store_.builder().store;
      while (const auto job = store.TakeIdleSealJob(1)) store.InstallSeal(*job, job->Run());
      for (uint64_t id = 1; id <= 60; id += 3) AddEvents({id}, Below(4));
    }
  }

  ReadView View() { return store_.View(Ago(static_cast<int64_t>(Below(3)) * kHourMs)); }

  std::string Filter() {
    switch (Below(8)) {
      case 0:
        return Of({"any session (", "no session (", "all sessions ("}) + Test() + ")";
      case 1:
        return "any session (" + Test() + ") at least " + std::to_string(1 + Below(4)) + " times" +
               Window();
      case 2:
        return "any session (" + Test() + ") at most " + std::to_string(Below(4)) + " times";
      case 3:
        return "did " + Event() + Of({"", " where amount > 2"}) + " then " + Event() +
               Of({"", " within 20 minutes", " then " + Event(),
                   " then not " + Event() + " within 1 hour"}) +
               Of({"", " same amount"}) + " in the same session";
      default:
        return Of({"any session (", "no session (", "all sessions ("}) + Test() +
               Of({" and ", " or ", " and not ", " or not "}) + Test() + ")" + Window();
    }
  }

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  std::string Of(const std::vector<std::string>& texts) { return texts[Below(texts.size())]; }
  std::string Event() { return Of(types_); }

  void AddPerson() {
    const ProfileId id = store_.Profile({{"plan", Of({"pro", "free"})}});
    store_.Identity(id, "device_id", "a" + std::to_string(id.value));
    store_.Identity(id, "device_id", "b" + std::to_string(id.value));
    given_ = OneIn(4);
    streams_ = 1 + Below(3);
    AddEvents(id, OneIn(6) ? 150 + Below(400) : Below(30));
    if (OneIn(6)) {
      Fields said = {{"id", Of({"s1", "s2"})}};
      if (OneIn(2)) said.emplace_back("start", Timestamp{Ago(kDayMs).ms + Gap()});
      store_.Record(id, kSessionRecords, Ago(static_cast<int64_t>(Below(50)) * kHourMs), said);
    }
  }

  int64_t Gap() {
    static const std::vector<int64_t> gaps = {0,
                                              0,
                                              1,
                                              kMinuteMs,
                                              9 * kMinuteMs,
                                              29 * kMinuteMs,
                                              30 * kMinuteMs - 1,
                                              30 * kMinuteMs,
                                              30 * kMinuteMs + 1,
                                              kHourMs,
                                              5 * kHourMs};
    return gaps[Below(gaps.size())];
  }

  // Backwards from a while ahead of now.
  void AddEvents(ProfileId id, uint64_t num_events) {
    int64_t ms = Ago(-kHourMs).ms + Gap();
    for (uint64_t n = 0; n < num_events; ++n) {
      ms -= Gap();
      const EventTypeId type = *store_.schema().FindEvent(Event());
      const EventTypeInfo& info = store_.schema().event(type);
      std::vector<std::pair<PropertyId, Value>> cells = {
          {*info.FindProperty("amount"), static_cast<int64_t>(Below(5))}};
      if (const auto channel = info.FindProperty("channel"); channel && OneIn(2)) {
        cells.emplace_back(*channel, Of({"web", "app", "", "sms"}));
      }
      if (given_ && OneIn(5)) cells.emplace_back(*info.FindProperty("session"), Of({"s1", "s2"}));
      IdentityId origin = kNoOrigin;
      if (const uint64_t stream = Below(streams_); stream != 0) {
        const NamespaceId devices = *store_.schema().FindNamespace("device_id");
        origin = *store_.state().identities.Find(
            devices, (stream == 1 ? "a" : "b") + std::to_string(id.value));
      }
      store_.builder().Apply(AddEvent{id, type, {random_()}, {ms}, origin, std::move(cells)});
    }
  }

  std::string Test() {
    const std::string number = std::to_string(Below(5));
    switch (Below(9)) {
      case 0:
        return "events " + Of({"<= ", ">= ", "= ", "!= ", "> "}) + number;
      case 1:
        return "duration " + Of({"<= ", ">= ", "= "}) +
               Of({"0 s", "29 minutes", "30 minutes", "2 hours"});
      case 2:
        return "channel " + Of({"= \"web\"", "!= \"app\"", "is set", "is missing", "< \"t\""});
      case 3:
        return "profile.plan = \"pro\"";
      case 4:
        return Of({"start", "end"}) + Window();
      case 5:
        return Of({"id > \"8\"", "kind = \"visit\"", "kind != \"visit\"", "name is missing"});
      case 6:
        return "did " + Event() + " on at least " + number + " days";
      default:
        return "did " + Event() + Of({"", " where amount > 1"}) +
               Of({" at least ", " at most ", " exactly "}) + number + " times";
    }
  }

  std::string Window() {
    const std::string hours = std::to_string(1 + Below(60));
    return Of({" within last " + hours + " hours", " more than " + hours + " hours ago",
               " between 70 and " + hours + " hours ago", " within last " + hours + " minutes"});
  }

  std::mt19937_64 random_;
  TestStore store_;
  const std::vector<std::string> types_ = {"view", "order", "login", "call"};
  bool given_ = false;
  uint64_t streams_ = 1;
};

std::unique_ptr<Operator> Planned(const std::string& filter, const ReadView& view) {
  const std::string text = "count where " + filter;
  const SchemaCatalog catalog(view.schema(), &*view->definitions);
  const auto statement = Parse(text);
  INFO(RenderError(text, statement.status()));
  REQUIRE(statement.ok());
  auto bound =
      Bind(*statement, {.text = text, .catalog = &catalog, .params = {}, .time_zone = "UTC"});
  INFO(RenderError(text, bound.status()));
  REQUIRE(bound.ok());
  return std::move(MakePlan(*std::move(bound), view, {})->filter);
}

TEST_CASE("sessions that are cut by chunk are those of each profile") {
  const uint64_t seed = TestSeed();
  for (uint64_t round = 0; round < 12; ++round) {
    Crowd crowd(seed + round);
    const ReadView view = crowd.View();
    for (int i = 0; i < 60; ++i) {
      const std::string filter = crowd.Filter();
      INFO(filter);
      const auto planned = Planned(filter, view);
      ChunkBits rows = view->live.chunk(0);
      planned->Evaluate(view, 0, &rows);
      for (uint32_t row = 0; row < view->num_rows(); ++row) {
        INFO(row);
        REQUIRE(rows.Test(row) == planned->Matches(view, {row}));
        ChunkBits alone;
        alone.Set(row);
        planned->Evaluate(view, 0, &alone);
        REQUIRE(alone.Test(row) == rows.Test(row));
      }
    }
  }
}

TEST_CASE("a session begins a silence after the last event, and not where a window does") {
  TestStore store;
  store.Event("view");
  const ProfileId id = store.Profile();
  for (const int64_t minutes : {100, 70, 41, -5}) store.Did(id, "view", Ago(minutes * kMinuteMs));
  const auto count = [&](const std::string& filter) {
    return store.Count("count where " + filter);
  };
  CHECK(count("any session (events >= 1) exactly 2 times") == 1);
  CHECK(count("any session (events = 2 and duration = 29 minutes)") == 1);
  CHECK(count("any session (events >= 1) within last 45 minutes") == 0);
  CHECK(count("no session (events >= 1) within last 45 minutes") == 1);
  CHECK(count("any session (events = 2) within last 71 minutes") == 1);
  CHECK(count("any session (events = 2) between 80 and 60 minutes ago") == 1);
  CHECK(count("did view then view in the same session") == 1);
  CHECK(count("did view then view then view in the same session") == 0);
}

}  // namespace
}  // namespace roster::query
