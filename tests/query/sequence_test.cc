// SPDX-License-Identifier: Apache-2.0
//
// Sequences against a naive evaluator that tries every chain of events, on small random people with
// equal times, late and future events.
#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/query/test_store.h"
#include "tests/seed.h"

namespace roster::query {
namespace {

struct Done {
  int64_t time_ms = 0;
  uint64_t id = 0;
  std::string type;
  std::string item;  // empty: none
  bool operator<(const Done& other) const {
    return std::tie(time_ms, id, type) < std::tie(other.time_ms, other.id, other.type);
  }
};

struct NaiveStep {
  std::string type;
  std::string item;  // asked for; empty: any
  bool negated = false;
  std::optional<int64_t> hours;
};

struct NaiveSequence {
  std::string start;  // "", "every", "first", "last" or "nth 2"
  std::optional<int64_t> window_hours;
  std::vector<NaiveStep> steps;
  bool same = false;

  std::string ToText() const {
    std::string text = "did " + start + (start.empty() ? "" : " ");
    for (size_t i = 0; i < steps.size(); ++i) {
      const NaiveStep& step = steps[i];
      if (i > 0) text += step.negated ? " then not " : " then ";
      text += "\"" + step.type + "\"";
      if (!step.item.empty()) text += " where item = \"" + step.item + "\"";
      if (i == 0 && window_hours)
        text += " within last " + std::to_string(*window_hours) + " hours";
      if (step.hours) text += " within " + std::to_string(*step.hours) + " hours";
    }
    return text + (same ? " same item" : "");
  }

  bool Fits(const NaiveStep& step, const Done& done) const {
    return done.type == step.type && (step.item.empty() || done.item == step.item) &&
           !(same && done.item.empty());
  }

  // Whether the steps from `next` on can follow `before`.
  bool Follows(const std::vector<Done>& events, const Done& before, size_t next,
               int64_t now_ms) const {
    if (next == steps.size()) return true;
    const NaiveStep& step = steps[next];
    const auto in_time = [&](const Done& done) {
      return before < done &&
             (!step.hours || done.time_ms <= before.time_ms + *step.hours * kHourMs);
    };
    bool any = false;
    for (const Done& done : events) {
      if (!Fits(step, done) || !in_time(done) || (same && done.item != before.item)) continue;
      any |= step.negated || Follows(events, done, next + 1, now_ms);
    }
    return step.negated ? !any && now_ms >= before.time_ms + *step.hours * kHourMs : any;
  }

  bool Holds(std::vector<Done> events, int64_t now_ms) const {
    events.erase(std::remove_if(events.begin(), events.end(),
                                [&](const Done& done) { return done.time_ms > now_ms; }),
                 events.end());
    std::sort(events.begin(), events.end());
    std::vector<Done> of_type;
    for (const Done& done : events) {
      if (done.type == steps[0].type) of_type.push_back(done);
    }
    std::vector<Done> starts = of_type;
    if (start == "first" || start == "last" || start == "nth 2") {
      const size_t least = start == "nth 2" ? 2 : 1;
      starts.clear();
      if (of_type.size() >= least) {
        starts.push_back(start == "last" ? of_type.back() : of_type[least - 1]);
      }
    }
    bool any = false;
    bool all = true;
    for (const Done& done : starts) {
      const bool meant = (steps[0].item.empty() || done.item == steps[0].item) &&
                         (!window_hours || done.time_ms > now_ms - *window_hours * kHourMs);
      if (!meant) continue;
      const bool holds = !(same && done.item.empty()) && Follows(events, done, 1, now_ms);
      any |= holds;
      all &= holds;
    }
    return any && (start != "every" || all);
  }
};

class Random {
 public:
  explicit Random(uint64_t seed) : random_(seed) {}
  uint64_t Below(uint64_t n) { return random_() % n; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  std::string Type() { return OneIn(2) ? "a" : OneIn(2) ? "b" : "c"; }
  std::string Item() { return OneIn(3) ? "" : OneIn(2) ? "x" : "y"; }

  NaiveSequence Sequence() {
    const std::vector<std::string> starts = {"", "", "every", "first", "last", "nth 2"};
    NaiveSequence made;
    made.start = starts[Below(starts.size())];
    if (OneIn(3)) made.window_hours = static_cast<int64_t>(1 + Below(6));
    made.same = OneIn(3);
    const size_t count = 2 + Below(3);
    for (size_t i = 0; i < count; ++i) {
      NaiveStep step{Type(), OneIn(3) ? Item() : "", false, {}};
      if (i > 0 && OneIn(2)) step.hours = static_cast<int64_t>(Below(4));
      if (i + 1 == count && OneIn(3)) {
        step.negated = true;
        step.hours = static_cast<int64_t>(Below(4));
      }
      made.steps.push_back(std::move(step));
    }
    return made;
  }

 private:
  std::mt19937_64 random_;
};

// People with up to so many events, of which a part, if any, is sealed. They come by the hour, so
// that many are as far apart as a limit says, or up to `jitter_ms` beside it.
void CheckSequences(size_t num_people, uint64_t num_events, bool sealed, int64_t jitter_ms,
                    Random* random) {
  TestStore store;
  for (const char* type : {"a", "b", "c"}) {
    store.Event(type);
    store.Property(type, "item", ValueType::kText);
  }
  std::vector<std::vector<Done>> people(num_people);
  std::vector<ProfileId> ids;
  for (size_t p = 0; p < num_people; ++p) ids.push_back(store.Profile());
  const auto add = [&](size_t p, uint64_t count) {
    for (; count > 0; --count) {
      const int64_t beside_ms =
          static_cast<int64_t>(random->Below(static_cast<uint64_t>(2 * jitter_ms) + 1)) - jitter_ms;
      const int64_t ago_ms = static_cast<int64_t>(random->Below(num_events)) * kHourMs - kHourMs;
      Done done{Ago(ago_ms + beside_ms).ms, 0, random->Type(), random->Item()};
      Fields fields;
      if (!done.item.empty()) fields.emplace_back("item", done.item);
      done.id = store.Did(ids[p], done.type, {done.time_ms}, fields);
      people[p].push_back(std::move(done));
    }
  };
  for (size_t p = 0; p < num_people; ++p) add(p, random->Below(num_events));
  Store& of = store.builder().store;
  while (sealed) {
    const auto job = of.TakeIdleSealJob(1);
    if (!job) break;
    of.InstallSeal(*job, job->Run());
  }
  for (size_t p = 0; sealed && p < num_people; p += 1 + random->Below(5)) add(p, 2);
  for (int i = 0; i < 60; ++i) {
    const NaiveSequence sequence = random->Sequence();
    int64_t expected = 0;
    for (const std::vector<Done>& events : people) {
      expected += sequence.Holds(events, TestStore::kNow.ms);
    }
    INFO(sequence.ToText());
    REQUIRE(store.Count("count where " + sequence.ToText()) == expected);
  }
}

TEST_CASE("sequences are what trying every chain finds") {
  Random random(TestSeed());
  for (int round = 0; round < 30; ++round) CheckSequences(40, 9, round % 2 == 0, 0, &random);
  for (const int64_t jitter_ms : {1, 255, 1000, 1'000'000}) {
    for (int round = 0; round < 6; ++round) CheckSequences(40, 9, true, jitter_ms, &random);
  }
}

TEST_CASE("sequences of people with many events") {
  Random random(TestSeed());
  for (int round = 0; round < 6; ++round) {
    CheckSequences(12, 60, round % 3 != 0, round % 2 * 600, &random);
  }
}

TEST_CASE("a late event revokes what did not follow") {
  TestStore store;
  store.Event("cart");
  store.Event("order");
  const ProfileId id = store.Profile();
  store.Did(id, "cart", Ago(3 * kHourMs));
  const std::string text = "count where did \"cart\" then not \"order\" within 2 hours";
  CHECK(store.Count(text, {}, Ago(kHourMs + 1)) == 0);
  CHECK(store.Count(text, {}, Ago(kHourMs)) == 1);
  store.Did(id, "order", Ago(kHourMs));
  CHECK(store.Count(text) == 0);
}

TEST_CASE("steps in the same session") {
  TestStore store;
  for (const char* type : {"cart", "order"}) {
    store.Event(type);
    store.Property(type, "session", ValueType::kText);
  }
  const ProfileId together = store.Profile();
  store.Did(together, "cart", Ago(3 * kHourMs), {{"session", "s1"}});
  store.Did(together, "order", Ago(kHourMs), {{"session", "s1"}});
  const ProfileId apart = store.Profile();
  store.Did(apart, "cart", Ago(3 * kHourMs));
  store.Did(apart, "order", Ago(kHourMs));
  const ProfileId close = store.Profile();
  store.Did(close, "cart", Ago(kHourMs + 1000));
  store.Did(close, "order", Ago(kHourMs));
  CHECK(store.Count("count where did cart then order") == 3);
  CHECK(store.Count("count where did cart then order in the same session") == 2);
}

TEST_CASE("somebody comes back after a silence") {
  TestStore store;
  store.Event("login");
  const ProfileId back = store.Profile();
  store.Did(back, "login", Ago(40 * kDayMs));
  store.Did(back, "login", Ago(5 * kDayMs));
  const ProfileId steady = store.Profile();
  for (int day = 0; day < 40; ++day) store.Did(steady, "login", Ago(day * kDayMs));
  const ProfileId once = store.Profile();
  store.Did(once, "login", Ago(50 * kDayMs));
  CHECK(store.Count("count where resumed login after 30 days") == 1);
  CHECK(store.Count("count where resumed login after 35 days") == 1);
  CHECK(store.Count("count where resumed login after 36 days") == 0);
  CHECK(store.Count("count where resumed login after 30 days within last 3 days") == 0);
  CHECK(store.Count("count where stopped login for 30 days") == 1);
}

TEST_CASE("sequences of events that lie years apart") {
  TestStore store;
  for (const char* type : {"a", "b", "c"}) store.Event(type);
  constexpr int64_t kYearMs = 365 * kDayMs;
  for (const int64_t years : {1, 16, 18, 30, 40, 56}) {
    const ProfileId near = store.Profile({}, Ago(100 * kYearMs));
    store.Did(near, "a", Ago(years * kYearMs));
    store.Did(near, "b", Ago(years * kYearMs - kHourMs));
    store.Did(near, "c", Ago(years * kYearMs - 2 * kHourMs));
    const ProfileId far = store.Profile({}, Ago(100 * kYearMs));
    store.Did(far, "b", Ago(years * kYearMs + kHourMs));
    store.Did(far, "a", Ago(years * kYearMs));
    store.Did(far, "b", Ago(kDayMs));
    store.Did(far, "c", Ago(kHourMs));
    Store& of = store.builder().store;
    while (const auto job = of.TakeIdleSealJob(1)) of.InstallSeal(*job, job->Run());
    INFO(years << " years");
    const int64_t so_many = store.Count("count where did a");
    CHECK(store.Count("count where did a then b then c") == so_many);
    CHECK(store.Count("count where did a then b within 1 hours then c") == so_many / 2);
    CHECK(store.Count("count where did a then b within 3599 seconds then c") == 0);
    CHECK(store.Count("count where did b then a") == so_many / 2);
    CHECK(store.Count("count where did c then b") == 0);
  }
}

TEST_CASE("a sequence over long runs of events") {
  TestStore store;
  store.Event("a");
  store.Event("b");
  for (int p = 0; p < 300; ++p) {
    const ProfileId id = store.Profile({}, Ago(kDayMs));
    for (int e = 0; e < 450; ++e) store.Did(id, "a", Ago(1000 - e));
    if (p % 3 == 0) store.Did(id, "b", Ago(1));
  }
  CHECK(store.Count("count where did a then a then b") == 100);
  CHECK(store.Count("count where not (did a then a then b)") == 200);
}

}  // namespace
}  // namespace roster::query
