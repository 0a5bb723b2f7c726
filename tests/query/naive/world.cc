// SPDX-License-Identifier: Apache-2.0
#include "tests/query/naive/world.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "query/declarations/names.h"
#include "query/grammar/grammar.h"
#include "storage/memory/people/own_names.h"
#include "tests/query/naive/calendar.h"

namespace roster::query::naive {
namespace {

const std::vector<std::string> kChannels = {"web", "app"};
const std::vector<std::string> kSessionIds = {"s1", "s2", "s3"};
// The fields that every event has.
const std::set<std::string> kOfMessages = {"text", "int", "flag", "time"};
const std::vector<std::string> kLabels = {"vip", "new", "é"};
constexpr int64_t kMinuteMs = 60'000;

ast::Filter FilterOf(const std::string& text) {
  const auto statement = Parse("count where " + text);
  if (!statement.ok()) FAIL(text);
  return *statement->where;
}

// Not before the clock with which a TestStore begins.
std::vector<int64_t> Nows() {
  const auto utc = [](int year, int month, int day, int hour, int minute) {
    const absl::CivilSecond at(year, month, day, hour, minute, 0);
    return absl::ToUnixMillis(absl::FromCivil(at, absl::UTCTimeZone()));
  };
  return {
      TestStore::kNow.ms,        utc(2026, 10, 25, 0, 30),  // in Amsterdam half past two, the first
      utc(2026, 10, 25, 1, 30),                             // and the second time
      utc(2026, 10, 25, 22, 59), utc(2026, 11, 1, 6, 15),   // the same in New York
      utc(2027, 3, 28, 1, 0),                               // the clocks go forward
      utc(2027, 3, 28, 21, 59),  utc(2027, 3, 29, 12, 0),  utc(2026, 12, 31, 23, 0),
      utc(2027, 2, 28, 12, 0),   utc(2027, 3, 1, 0, 0),    utc(2028, 2, 29, 9, 0),
      utc(2028, 2, 29, 23, 59),  utc(2028, 3, 31, 11, 0)};
}

// Near a time, and no other profile's.
int64_t OwnTime(ProfileId id, int64_t ms) {
  return ms / 1000 * 1000 - static_cast<int64_t>(id.value) % 1000;
}

bool WasSaid(const Person& person, const std::string& trait, int64_t ms) {
  const auto known = person.traits.find(trait);
  if (known == person.traits.end()) return false;
  return std::any_of(known->second.begin(), known->second.end(),
                     [&](const Write& write) { return write.time_ms == ms; });
}

}  // namespace

const std::vector<Declared>& DeclaredFields() {
  static const std::vector<Declared> fields = {
      {"text", ValueType::kText},      {"int", ValueType::kInteger},
      {"num", ValueType::kNumber},     {"dec", ValueType::kDecimal, 2},
      {"flag", ValueType::kBoolean},   {"day", ValueType::kDate},
      {"time", ValueType::kTimestamp}, {"list", ValueType::kTextList},
      {"big", ValueType::kInteger}};
  return fields;
}

const std::vector<Declared>& DeclaredPolicies() {
  static const std::vector<Declared> fields = {{"top", ValueType::kInteger, 0, Policy::kMax},
                                               {"low", ValueType::kText, 0, Policy::kMin},
                                               {"first", ValueType::kText, 0, Policy::kEarliest},
                                               {"kept", ValueType::kText, 0, Policy::kNonEmpty},
                                               {"paid", ValueType::kDecimal, 2, Policy::kSum},
                                               {"all", ValueType::kTextList, 0, Policy::kUnion}};
  return fields;
}

const std::vector<std::string>& DeclaredEvents() {
  static const std::vector<std::string> events = {"order", "login", "page view", "Email Clicked",
                                                  "message_sent"};
  return events;
}

const std::vector<std::string>& DeclaredSegments() {
  static const std::vector<std::string> names = {"few", "fewer", "chosen", "chain", "quiet", "old"};
  return names;
}

const std::vector<std::string>& DeclaredComputed() {
  static const std::vector<std::string> names = {"spent", "mean", "times", "newest"};
  return names;
}

const std::vector<std::string>& Texts() {
  static const std::vector<std::string> texts = {"",  "a",  "b",   "ab", "ba",   "é",
                                                 "É", "aé", "zzz", "A",  "日本", "ñandú"};
  return texts;
}

World::World(uint64_t seed, int num_profiles) : random_(seed) {
  now_ = {Of(Nows()) + (OneIn(3) ? static_cast<int64_t>(Below(3)) - 1 : 0)};
  now_ = std::max(now_, TestStore::kNow);
  store_.builder().Apply(Advance{now_});
  Declare();
  Define();
  for (int i = 0; i < num_profiles; ++i) AddPerson();
  AddEvents();
  for (int i = 0; i < num_profiles / 8; ++i) Merge();
  // What comes later goes to whom they became.
  AddEvents();
  if (OneIn(2)) Seal();
}

int64_t World::RandomTime() {
  static const std::vector<int64_t> steps = {1,           1000,   10 * kMinuteMs, 30 * kMinuteMs,
                                             kHourMs,     kDayMs, 7 * kDayMs,     31 * kDayMs,
                                             365 * kDayMs};
  static const std::vector<std::string> zones = {"UTC", "Europe/Amsterdam", "America/New_York"};
  if (!used_.empty() && OneIn(3)) {
    const int64_t again = used_[Below(used_.size())];
    const std::vector<int64_t> later = {0, 0, 0, 1, 30 * kMinuteMs - 1, 30 * kMinuteMs, kDayMs};
    return again + Of(later);
  }
  int64_t ms = now_.ms - Of(steps) * (static_cast<int64_t>(Below(8)) - 1);
  if (OneIn(4)) {
    Clock clock{now_.ms, {}};
    if (!absl::LoadTimeZone(Of(zones), &clock.zone)) FAIL();
    ms = clock.StartOf(clock.Day(now_.ms) - static_cast<int64_t>(Below(40)));
  }
  ms += OneIn(2) ? static_cast<int64_t>(Below(3)) - 1 : 0;
  used_.push_back(ms);
  return ms;
}

int64_t World::PastTime() {
  for (;;) {
    const int64_t ms = RandomTime();
    if (ms <= now_.ms) return ms;
  }
}

// --- What is declared and defined ---

void World::DeclareHome(std::string_view type) {
  store_.Property(type, std::string(kHomeProperty), ValueType::kInteger);
}

void World::Declare() {
  for (const std::string& event : DeclaredEvents()) {
    store_.Event(event);
    const bool message = event == "message_sent";
    for (const Declared& field : DeclaredFields()) {
      if (message && !kOfMessages.contains(field.name)) continue;
      store_.Property(event, field.name, field.type, field.scale);
    }
    for (const char* special : {"session", "channel", "campaign"}) {
      store_.Property(event, special, ValueType::kText);
    }
  }
  std::vector<Declared> traits = DeclaredFields();
  traits.insert(traits.end(), DeclaredPolicies().begin(), DeclaredPolicies().end());
  for (const char* name : {"session", "channel", "campaign"}) {
    traits.push_back({name, ValueType::kText});
  }
  traits.push_back({std::string(kArchived), ValueType::kBoolean});
  static constexpr TraitPolicy kPolicies[] = {
      TraitPolicy::kLatest, TraitPolicy::kEarliest, TraitPolicy::kNonEmpty, TraitPolicy::kMax,
      TraitPolicy::kMin,    TraitPolicy::kSum,      TraitPolicy::kUnion};
  for (const Declared& trait : traits) {
    store_.Trait(trait.name, trait.type, trait.scale);
    store_.KeepHistory(trait.name);
    DeclareHome(TraitRecordsName(trait.name));
    if (trait.policy == Policy::kLatest) continue;
    const TraitId id = *store_.schema().FindTrait(trait.name);
    TraitInfo info = store_.schema().trait(id);
    info.policy = kPolicies[static_cast<size_t>(trait.policy)];
    store_.builder().Apply(AlterTrait{id, info});
    people_.definitions.policies[trait.name] = trait.policy;
  }
  store_.Namespace("email");
  store_.Namespace("device_id", NamespaceKind::kDevice);
  const std::string merges(kMergeRecords);
  store_.Event(merges);
  store_.Property(merges, "survivor", ValueType::kInteger);
  store_.Property(merges, "loser_created_at", ValueType::kTimestamp);
  store_.Property(merges, "loser_created_via", ValueType::kText);
  store_.Property(merges, "survivor_created_at", ValueType::kTimestamp);
  store_.Property(merges, "survivor_created_via", ValueType::kText);
  DeclareHome(merges);
  store_.Event(std::string(kCallRecords));
  store_.Property(kCallRecords, "channel", ValueType::kText);
  store_.Event(std::string(kLabelRecords));
  DeclareHome(kLabelRecords);
  store_.Event(std::string(kConsentRecords));
  DeclareHome(kConsentRecords);
}

// `said`: what stands behind the name, in canonical form.
void World::DefineOne(std::string_view kind, const std::string& name, const std::string& said,
                      const std::string& zone) {
  const std::string at = zone.empty() ? "" : " at time zone \"" + zone + "\"";
  store_.Define(kind, name, said + at);
}

void World::Define() {
  Definitions& made = people_.definitions;
  const auto segment = [&](const std::string& name, const std::string& filter,
                           const std::string& zone) {
    DefineOne(kSegments, name, "define segment \"" + name + "\" as " + filter, zone);
    made.segments[name] = {FilterOf(filter), {}, zone};
  };
  segment("few", "`int` > 0 and did \"order\"", "UTC");
  segment("fewer", "in segment \"few\" and `day` this month", "Asia/Tokyo");
  segment("chain", "did \"order\" within last 1 months then \"login\" within 1 days",
          "America/New_York");
  segment("quiet", "stopped \"order\" for 3 days or in segment \"fewer\"", "Europe/Amsterdam");
  segment("old", "`time` between 30 and 1 days ago or `top` > 2", "Europe/Amsterdam");
  made.segments["chosen"] = {std::nullopt, {1, 3, 5, 8, 77777}, "UTC"};
  store_.Define(
      kSegments, "chosen",
      "define static segment \"chosen\" from (\"p1\", \"p3\", \"p5\", \"p8\", \"p77777\")");
  store_.Define(kGoals, "bought",
                "define goal \"bought\" as \"order\" where (`int` > 0), \"login\", \"order\" where "
                "(`flag` = true)");
  made.goals["bought"] = {
      {"order", FilterOf("`int` > 0")}, {"login", {}}, {"order", FilterOf("`flag` = true")}};
  store_.Define(kInterests, "topic",
                "define interest \"topic\" as \"order\".`text`, \"login\".`list` half life 3 days");
  made.interests["topic"] = {{{"order", "text"}, {"login", "list"}},
                             ast::Duration{3, ast::TimeUnit::kDay}};
  store_.Define(kInterests, "shown",
                "define interest \"shown\" as \"order\".`text`, \"login\".`list`");
  made.interests["shown"] = {{{"order", "text"}, {"login", "list"}}, {}};
  store_.Define(kEngagement, "engagement",
                "define engagement as \"order\" 2 points cap 6 within last 7 days, \"login\" 1 "
                "points levels \"low\" 0, \"mid\" 2, \"high\" 5");
  made.engagement = {{"order", 2, 6, ast::Duration{7, ast::TimeUnit::kDay}}, {"login", 1, {}, {}}};
  made.levels = {{"low", 0}, {"mid", 2}, {"high", 5}};
  const auto computed = [&](const std::string& name, const std::string& aggregate,
                            const std::string& zone) {
    DefineOne(kComputed, name, "define trait `" + name + "` as " + aggregate, zone);
    const ast::Filter filter = FilterOf(aggregate + " = 0");
    made.computed[name] = {std::get<ast::Aggregate>(filter.node).left, zone};
  };
  computed("spent", "sum(\"order\".`dec`) within last 3 months", "Europe/Amsterdam");
  computed("mean", "avg(\"order\".`int` where (`flag` = true))", "UTC");
  computed("times", "count(\"login\") in last 3 calendar days", "America/New_York");
  const std::string newest = "max(\"order\".`time`)";
  DefineOne(kComputed, "newest", "define trait `newest` as " + newest, "UTC");
  const ast::Filter filter = FilterOf(newest + " > 2026-01-01");
  made.computed["newest"] = {std::get<ast::Aggregate>(filter.node).left, "UTC"};
}

// --- People ---

Value World::RandomValue(const Declared& field) {
  const auto small = [&] { return static_cast<int64_t>(Below(9)) - 4; };
  if (field.name == "big") {
    return static_cast<int64_t>(random_() >> (1 + Below(63))) * (OneIn(2) ? 1 : -1);
  }
  switch (field.type) {
    case ValueType::kText:
      return Of(Texts());
    case ValueType::kInteger:
      return small();
    case ValueType::kNumber:
      return static_cast<double>(small()) / 4;
    case ValueType::kDecimal:
      return Decimal{small() * 25, field.scale};
    case ValueType::kBoolean:
      return OneIn(2);
    case ValueType::kDate: {
      // The 29th of February among them.
      if (OneIn(4)) return Date{12'112 + 1461 * static_cast<int32_t>(Below(8))};
      const Clock utc{0, absl::UTCTimeZone()};
      return Date{static_cast<int32_t>(utc.Day(RandomTime()) - absl::CivilDay(1970, 1, 1))};
    }
    case ValueType::kTimestamp:
      return Timestamp{RandomTime()};
    default: {
      std::set<std::string> list;
      for (uint64_t n = Below(3); n > 0; --n) list.insert(Of(Texts()));
      return TextList(list.begin(), list.end());
    }
  }
}

void World::Write(ProfileId id, Person* person, const std::string& trait,
                  const naive::Write& write) {
  const std::string own = trait == kArchivedTrait ? std::string(kArchived) : trait;
  store_.Set(id, own, write.value, {write.time_ms});
  person->traits[trait].push_back(write);
}

void World::AddPerson() {
  const ProfileId id{store_.state().profiles.size() + 1};
  Person person;
  person.ids = {id.value};
  person.made_ms = PastTime();
  person.via = OneIn(3) ? "import" : "test";
  store_.builder().Apply(CreateProfile{id, {person.made_ms}, person.via});
  Called call{person.made_ms, OneIn(6) ? Of(kChannels) : ""};
  Fields fields;
  if (!call.channel.empty()) fields.emplace_back("channel", call.channel);
  store_.Did(id, kCallRecords, {call.time_ms}, fields);
  person.calls.push_back(call);
  AddTraits(id, &person);
  AddIdentities(id, &person);
  AddStandings(id, &person);
  AddSessions(id, &person);
  people_.persons.push_back(std::move(person));
}

void World::AddTraits(ProfileId id, Person* person) {
  for (const Declared& field : DeclaredFields()) {
    if (OneIn(3)) continue;
    Write(id, person, field.name, {PastTime(), RandomValue(field)});
  }
  for (uint64_t n = Below(5); n > 0; --n) {
    const Declared& field = DeclaredFields()[Below(2)];  // the ones whose history is asked for
    Write(id, person, field.name, {PastTime(), OneIn(5) ? Value() : RandomValue(field)});
  }
  for (uint64_t n = Below(8); n > 0; --n) {
    const Declared& field = Of(DeclaredPolicies());
    int64_t ms = PastTime();
    // What is said twice of one moment counts once; no profiles share these.
    if (field.policy == Policy::kSum) ms = OwnTime(id, ms);
    if (WasSaid(*person, field.name, ms)) continue;
    Value value = OneIn(6) ? Value() : RandomValue(field);
    // The engine does not write it either.
    if (field.policy == Policy::kNonEmpty && value == Value("")) continue;
    Write(id, person, field.name, {ms, std::move(value)});
  }
  if (OneIn(6)) Write(id, person, kArchivedTrait, {PastTime(), true});
  if (OneIn(12)) Write(id, person, kArchivedTrait, {PastTime(), false});
}

void World::AddIdentities(ProfileId id, Person* person) {
  const std::string number = std::to_string(id.value);
  for (uint64_t n = Below(3); n > 0; --n) {
    Held held{"email", Of(Texts()) + number + "-" + std::to_string(n), true, OneIn(6)};
    store_.Identity(id, held.name_space, held.value);
    if (held.former) {
      store_.SetStanding(id, held.name_space, held.value, IdentityStanding::kFormer);
    }
    person->identities.push_back(std::move(held));
  }
  if (!OneIn(3)) return;
  Held held{"device_id", "d" + number, false, OneIn(4)};
  store_.Identity(id, held.name_space, held.value);
  if (held.former) store_.SetStanding(id, held.name_space, held.value, IdentityStanding::kFormer);
  person->identities.push_back(std::move(held));
}

// No two of one moment: which of them is the last is not said.
void World::AddStandings(ProfileId id, Person* person) {
  std::set<int64_t> taken;
  for (uint64_t n = Below(4); n > 0; --n) {
    const LabelWord word{PastTime(), Of(kLabels), !OneIn(3), id.value};
    if (!taken.insert(word.time_ms).second) continue;
    store_.Record(id, kLabelRecords, {word.time_ms},
                  {{"label", word.label}, {"added", word.added}});
    person->labels.push_back(word);
  }
  for (uint64_t n = Below(4); n > 0; --n) {
    const auto decision = static_cast<int64_t>(Below(3));
    const ast::ConsentState states[] = {ast::ConsentState::kUnknown, ast::ConsentState::kGranted,
                                        ast::ConsentState::kWithdrawn};
    const ConsentWord word{OwnTime(id, PastTime()), Of(kChannels),
                           states[decision],        OneIn(2) ? "" : "a" + std::to_string(Below(2)),
                           OneIn(2) ? "p1" : "p2",  id.value};
    if (!taken.insert(word.time_ms).second) continue;
    store_.Record(id, kConsentRecords, {word.time_ms},
                  {{"channel", word.channel},
                   {"decision", decision},
                   {"address", word.address},
                   {"policy", word.policy}});
    person->consent.push_back(word);
  }
}

void World::AddSessions(ProfileId id, Person* person) {
  for (uint64_t n = OneIn(3) ? 1 + Below(3) : 0; n > 0; --n) {
    SessionWord word{PastTime(), Of(kSessionIds), {}};
    const auto say = [&](const char* name, Value value) {
      if (OneIn(2)) word.said[name] = std::move(value);
    };
    say("kind", std::string(OneIn(2) ? "chat" : "visit"));
    say("name", Of(Texts()));
    say("platform", std::string("ios"));
    say("agent_takeover", OneIn(2));
    const int64_t start = PastTime();
    say("start", Timestamp{start});
    say("end", Timestamp{start + static_cast<int64_t>(Below(4)) * 30 * kMinuteMs});
    Fields fields = {{"id", word.id}};
    fields.insert(fields.end(), word.said.begin(), word.said.end());
    store_.Record(id, kSessionRecords, {word.time_ms}, fields);
    person->sessions.push_back(word);
  }
}

// --- Events ---

void World::Happen(size_t to, const std::string& type, int64_t ms,
                   std::map<std::string, Value> cells) {
  Person& person = people_.persons[to];
  const ProfileId id{person.ids[Below(person.ids.size())]};
  const EventTypeId event = *store_.schema().FindEvent(type);
  std::vector<std::pair<PropertyId, Value>> properties;
  for (const auto& [name, value] : cells) {
    properties.emplace_back(*store_.schema().event(event).FindProperty(name), value);
  }
  Happened happened{ms, random_(), type, std::move(cells), ""};
  IdentityId origin = kNoOrigin;
  for (const Held& held : person.identities) {
    if (held.former || !OneIn(3)) continue;
    const NamespaceId space = *store_.schema().FindNamespace(held.name_space);
    origin = *store_.state().identities.Find(space, held.value);
    happened.origin = held.name_space + ":" + held.value;
    break;
  }
  store_.builder().Apply(AddEvent{id, event, {happened.id}, {ms}, origin, std::move(properties)});
  person.events.push_back(std::move(happened));
}

void World::AddEvents() {
  const size_t num_persons = people_.persons.size();
  for (size_t n = num_persons * 4; n > 0; --n) {
    // Some have many.
    const size_t to = OneIn(4) ? Below(std::min<size_t>(num_persons, 4)) : Below(num_persons);
    if (people_.persons[to].events.size() >= 24) continue;
    const std::string& type = OneIn(2) ? DeclaredEvents()[0] : Of(DeclaredEvents());
    const EventTypeInfo& info = store_.schema().event(*store_.schema().FindEvent(type));
    std::map<std::string, Value> cells;
    for (const Declared& field : DeclaredFields()) {
      if (OneIn(3) || !info.FindProperty(field.name)) continue;
      cells[field.name] = RandomValue(field);
    }
    if (OneIn(3)) cells["session"] = Of(kSessionIds);
    if (OneIn(3)) cells["channel"] = Of(kChannels);
    if (OneIn(3)) cells["campaign"] = Of(kChannels);
    Happen(to, type, RandomTime(), std::move(cells));
  }
}

void World::Merge() {
  const size_t from = Below(people_.persons.size());
  const size_t to = Below(people_.persons.size());
  if (from == to) return;
  const ProfileId loser{people_.persons[from].ids[0]};
  const ProfileId survivor{people_.persons[to].ids[0]};
  const State& state = store_.state();
  const auto came = [&](ProfileId id, TraitId trait) {
    return state.column(trait).Get(*state.FindProfile(id));
  };
  store_.builder().Apply(AddEvent{survivor,
                                  *store_.schema().FindEvent(kMergeRecords),
                                  {loser.value},
                                  now_,
                                  kNoOrigin,
                                  {{kMergeSurvivor, static_cast<int64_t>(survivor.value)},
                                   {kMergeLoserCreated, came(loser, kCreatedAt)},
                                   {kMergeLoserVia, came(loser, kCreatedVia)},
                                   {kMergeSurvivorCreated, came(survivor, kCreatedAt)},
                                   {kMergeSurvivorVia, came(survivor, kCreatedVia)}}});
  store_.builder().Apply(MergeProfiles{loser, survivor, now_, kNoOrigin});
  people_.persons[to].Take(people_.persons[from]);
  people_.persons.erase(people_.persons.begin() + static_cast<std::ptrdiff_t>(from));
}

void World::Seal() {
  Store& store = store_.builder().store;
  while (const auto job = store.TakeIdleSealJob(1)) store.InstallSeal(*job, job->Run());
}

}  // namespace roster::query::naive
