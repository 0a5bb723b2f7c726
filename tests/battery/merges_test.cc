// SPDX-License-Identifier: Apache-2.0
//
// Merges and their undoing over random histories, by the public contract: a merge keeps every
// record of both sides, and an unmerge gives both back as they were, also after a restart, from the
// log or a snapshot, and in any order of several. Source: IDENTITY.md R7, R10.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "roster/json.h"
#include "tests/battery/size.h"
#include "tests/engine/people.h"
#include "tests/seed.h"

namespace roster {
namespace {

constexpr uint64_t kNumPeople = 6;

std::string TextOf(const IdentityRef& identity) { return identity.space + ":" + identity.value; }
std::string TextOf(const std::optional<IdentityRef>& identity) {
  return identity.has_value() ? TextOf(*identity) : "nobody";
}
std::string TextOf(Timestamp time) { return FormatTimestamp(time); }
std::string TextOf(const std::optional<Timestamp>& time) {
  return time.has_value() ? TextOf(*time) : "never";
}
std::string TextOf(const Value& value) {
  std::string text;
  AppendJson(value, &text);
  return text;
}
std::string TextOf(std::vector<Field> fields) {
  std::sort(fields.begin(), fields.end(),
            [](const Field& a, const Field& b) { return a.key < b.key; });
  std::string text;
  for (const Field& field : fields) text += " " + field.key + "=" + TextOf(field.value);
  return text;
}

// What a profile shows, a line for each thing, and how much of each it has. Of versions and the
// audit trail there is nothing in it: a merge and its undoing are edits.
struct Picture {
  std::vector<std::string> lines;
  std::map<std::string, uint64_t> counts;

  void Add(const std::string& kind, const std::string& text) {
    lines.push_back(kind + " " + text);
    ++counts[kind];
  }
};

void AddSections(const Profile& profile, Picture* picture) {
  picture->lines = {"profile " + std::to_string(profile.id.value), "name " + profile.display_name,
                    "via " + profile.created_via + (profile.archived ? " archived" : ""),
                    "times " + TextOf(profile.identified_at) + " " + TextOf(profile.created_at) +
                        " " + TextOf(profile.first_seen) + " " + TextOf(profile.last_seen)};
  for (const IdentityEntry& entry : profile.identities) {
    picture->Add("identity", TextOf(entry.identity) + (entry.retired ? " retired" : ""));
  }
  for (const TraitEntry& trait : profile.traits) {
    picture->Add("trait", trait.name + " " + TextOf(trait.value) + " " + TextOf(trait.time) + " " +
                              TextOf(trait.origin));
  }
  for (const std::string& label : profile.labels) picture->Add("label", label);
  for (const ConsentEntry& entry : profile.consent) {
    picture->Add("consent", entry.channel + " " + std::to_string(int(entry.decision)) + " " +
                                entry.address + " " + TextOf(entry.time));
  }
  for (const NoteEntry& note : profile.notes) {
    picture->Add("note", std::to_string(note.id) + " " + note.text);
  }
  for (const EventCount& entry : profile.event_counts) {
    picture->Add("count", entry.type + " " + std::to_string(entry.count));
  }
  for (const SeenEntry& entry : profile.channels) {
    picture->Add("channel", entry.name + " " + TextOf(entry.first) + " " + TextOf(entry.last));
  }
  for (const SeenEntry& entry : profile.devices) {
    picture->Add("device", entry.name + " " + TextOf(entry.first) + " " + TextOf(entry.last));
  }
}

class MergeRun {
 public:
  explicit MergeRun(uint64_t seed) : random_(seed) {
    const uint64_t count = 20 + Below(60);
    for (uint64_t i = 0; i < kNumPeople; ++i) {
      people_.Ok(Traits({User("u" + std::to_string(i))}, {}, At(0)));
    }
    for (uint64_t i = 0; i < count; ++i) Write(i);
  }

  // Two people merge and part again.
  void MergeAndUnmerge() {
    const auto [survivor, loser] = Two();
    const Picture one = Show(survivor);
    const Picture other = Show(loser);
    const uint64_t num_events = people_.db()->GetStats().num_events;
    Merge(survivor, loser);
    const Picture both = Show(survivor);
    for (const char* kind : {"identity", "note", "event", "write"}) {
      INFO(kind);
      CHECK(CountOf(both, kind) == CountOf(one, kind) + CountOf(other, kind));
    }
    for (const Picture* side : {&one, &other}) RequireIn(*side, both);
    CHECK(people_.Get(loser).redirected_from == loser);
    CHECK(NumClientEvents() == num_client_events_);
    CHECK(people_.db()->GetStats().num_events >= num_events);
    MaybeRestart();
    people_.Ok(Unmerge{loser});
    MaybeRestart();
    RequireSame(one, Show(survivor));
    RequireSame(other, Show(loser));
  }

  // All merge into one, in any order; they part in another.
  void MergeAllAndUnmerge() {
    std::map<uint64_t, Picture> before;
    std::vector<ProfileId> losers;
    for (uint64_t i = 0; i < kNumPeople; ++i) {
      const ProfileId id = people_.Get(User("u" + std::to_string(i))).id;
      before[id.value] = Show(id);
      losers.push_back(id);
    }
    std::shuffle(losers.begin(), losers.end(), random_);
    const ProfileId survivor = losers.back();
    losers.pop_back();
    for (const ProfileId loser : losers) Merge(survivor, loser);
    for (const ProfileId loser : losers) CHECK(people_.Get(loser).id == survivor);
    std::shuffle(losers.begin(), losers.end(), random_);
    for (const ProfileId loser : losers) {
      people_.Ok(Unmerge{loser});
      RequireSame(before[loser.value], Show(loser));
    }
    RequireSame(before[survivor.value], Show(survivor));
  }

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }
  std::string Number(uint64_t below) { return std::to_string(Below(below)); }
  Timestamp When() { return At(static_cast<int64_t>(Below(600)) * 7 * kMinuteMs / 5 - kDayMs); }

  // Each person has devices, addresses and sessions of their own: what two have in common is one
  // after a merge, and counts once.
  void Write(uint64_t number) {
    const std::string who = Number(kNumPeople);
    const IdentityRef user = User("u" + who);
    const IdentityRef device = {"anonymous_id", "a" + who + "-" + Number(2)};
    const std::string message = "m" + std::to_string(number);
    switch (Below(9)) {
      case 0: {
        Identify identify = Traits({user, device}, SomeTraits(), When());
        identify.message_id = message;
        people_.Ok(identify);
        break;
      }
      case 1:
        people_.Ok(Traits({user, {"email", who + "." + Number(2) + "@x.nl"}}, {}, When()));
        break;
      case 2:
        people_.Ok(Edit{.profile = user, .traits = SomeTraits(), .identities = {}});
        break;
      case 3:
        people_.Ok(Label{.profile = user, .add = {"l" + Number(4)}, .remove = {"l" + Number(4)}});
        break;
      case 4:
        people_.Ok(Note{.profile = user, .text = "note " + message});
        break;
      case 5:
        people_.Ok(Consent{.profile = user,
                           .channel = "email",
                           .decision = static_cast<Decision>(Below(3)),
                           .address = who + "@x.nl",
                           .policy = {},
                           .version = {},
                           .source = {},
                           .time = When()});
        break;
      default:
        people_.Ok(OneEvent(Below(2) == 0 ? user : device, who, message));
        ++num_client_events_;
    }
  }
  std::vector<Field> SomeTraits() {
    return {{"plan", "p" + Number(3)}, {"age", static_cast<int64_t>(Below(3))}};
  }
  Track OneEvent(const IdentityRef& by, const std::string& who, const std::string& message) {
    Track track = Event("", "type" + Number(3), message, {{"n", "v" + Number(3)}}, When());
    track.identities = {by};
    if (Below(3) == 0) track = On("c" + Number(2), std::move(track));
    if (Below(4) == 0) track = In("s" + who + Number(2), std::move(track));
    return track;
  }

  std::pair<ProfileId, ProfileId> Two() {
    const uint64_t first = Below(kNumPeople);
    const uint64_t second = (first + 1 + Below(kNumPeople - 1)) % kNumPeople;
    return {people_.Get(User("u" + std::to_string(first))).id,
            people_.Get(User("u" + std::to_string(second))).id};
  }
  void Merge(ProfileId survivor, ProfileId loser) {
    MergePlan plan = people_.Preview(survivor, loser).plan;
    plan.force = true;
    people_.Ok(plan);
  }
  void MaybeRestart() {
    if (Below(4) == 0) REQUIRE(people_.db()->Snapshot().ok());
    if (Below(4) == 0) people_.Restart();
  }

  Picture Show(ProfileId id) {
    Picture picture;
    AddSections(people_.Get(id), &picture);
    for (const EventEntry& event : people_.Events(id, {.limit = 10'000})) {
      picture.Add("event", std::to_string(event.id) + " " + event.type + " " + TextOf(event.time) +
                               " " + event.session + " " + TextOf(event.origin) +
                               TextOf(event.properties));
    }
    for (const SessionEntry& entry : people_.Sessions(id, {.limit = 10'000})) {
      picture.Add("session", entry.id + " " + entry.kind + " " + entry.channel + " " +
                                 TextOf(entry.start) + " " + TextOf(entry.end) + " " +
                                 std::to_string(entry.num_events));
    }
    const History history = people_.GetHistory(id);
    std::vector<std::string> writes;
    for (const HistoryEntry& entry : history.traits) {
      writes.push_back(entry.trait + " " + TextOf(entry.value) + " " + TextOf(entry.time) + " " +
                       TextOf(entry.origin) + " " + std::to_string(entry.profile.value));
    }
    std::sort(writes.begin(), writes.end());
    for (const std::string& text : writes) picture.Add("write", text);
    return picture;
  }

  uint64_t NumClientEvents() {
    uint64_t sum = 0;
    std::map<uint64_t, bool> seen;
    for (uint64_t i = 0; i < kNumPeople; ++i) {
      for (const std::string& name : {"u" + std::to_string(i)}) {
        const Profile profile = people_.Get(User(name));
        if (std::exchange(seen[profile.id.value], true)) continue;
        for (const EventCount& count : profile.event_counts) sum += count.count;
      }
      for (const char* device : {"-0", "-1"}) {
        const IdentityRef ref{"anonymous_id", "a" + std::to_string(i) + device};
        const auto got = people_.db()->Get(ref);
        if (!got.ok() || std::exchange(seen[got->profile.id.value], true)) continue;
        for (const EventCount& count : got->profile.event_counts) sum += count.count;
      }
    }
    return sum;
  }

  static uint64_t CountOf(const Picture& picture, const std::string& kind) {
    const auto found = picture.counts.find(kind);
    return found == picture.counts.end() ? 0 : found->second;
  }
  // What a side had and a merge does not fold is there afterwards as it was.
  static void RequireIn(const Picture& side, const Picture& both) {
    for (const std::string& line : side.lines) {
      const std::string kind = line.substr(0, line.find(' '));
      if (kind != "event" && kind != "note" && kind != "label" && kind != "write") continue;
      INFO(line);
      REQUIRE(std::count(both.lines.begin(), both.lines.end(), line) > 0);
    }
  }
  static void RequireSame(const Picture& before, const Picture& after) {
    std::vector<std::string> lost;
    std::vector<std::string> made;
    for (const std::string& line : before.lines) {
      if (std::count(after.lines.begin(), after.lines.end(), line) == 0) lost.push_back(line);
    }
    for (const std::string& line : after.lines) {
      if (std::count(before.lines.begin(), before.lines.end(), line) == 0) made.push_back(line);
    }
    CAPTURE(lost, made);
    REQUIRE(before.lines == after.lines);
  }

  std::mt19937_64 random_;
  People people_;
  uint64_t num_client_events_ = 0;
};

TEST_CASE("T9: merge then unmerge restores both, and keeps every record", "[T9][R7][R10]") {
  Tally tally("T9 merges");
  tally.wanted = BatterySize(60);
  for (; tally.done < tally.wanted; ++tally.done) {
    const uint64_t seed = TestSeed() + tally.done;
    INFO("ROSTER_SEED=" << seed);
    MergeRun run(seed);
    for (int i = 0; i < 4; ++i) run.MergeAndUnmerge();
    run.MergeAllAndUnmerge();
  }
}

}  // namespace
}  // namespace roster
