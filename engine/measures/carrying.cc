// SPDX-License-Identifier: Apache-2.0
#include "engine/measures/carrying.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "engine/coerce.h"
#include "engine/limits.h"
#include "engine/reading/seen.h"
#include "engine/reading/sessions.h"
#include "query/declarations/names.h"
#include "query/declarations/parser.h"
#include "roster/json.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/people/own_records.h"

namespace roster {
namespace {

namespace ast = query::ast;

uint64_t DigestOf(const Value& value) {
  std::string json;
  AppendJson(value, &json);
  return XXH3_64bits(json.data(), json.size());
}

// A text within its limit, also in all of a list.
bool Fits(const Value& value) {
  size_t bytes = 0;
  if (const auto* text = std::get_if<std::string>(&value)) bytes = text->size();
  if (const auto* json = std::get_if<Json>(&value)) bytes = json->text.size();
  if (const auto* list = std::get_if<TextList>(&value)) {
    for (const std::string& text : *list) bytes += text.size() + 1;
  }
  return bytes <= kMaxTextBytes;
}

// One that is gone has no name, so that nothing tells it from none; as the store takes it.
IdentityId Known(const State& state, IdentityId origin) {
  return origin != kNoOrigin && state.identities.IsAttached(origin) ? origin : kNoOrigin;
}

// What a client said of a session at a time.
struct Word {
  Timestamp time;
  IdentityId origin = kNoOrigin;
  std::vector<Field> properties;
  std::optional<Timestamp> end;
};

// A value that a session had from a time on.
struct SaidValue {
  Timestamp time;
  Value value;
  IdentityId origin = kNoOrigin;
  bool operator<(const SaidValue& other) const {
    return std::tie(time, value) < std::tie(other.time, other.value);
  }
};

// What clients said of sessions, and what was carried.
std::vector<const EventPartition*> RecordsOfCarrying(const State& state) {
  std::vector<const EventPartition*> records;
  for (const std::string_view name : {kSessionRecords, kCarryRecords}) {
    const std::optional<EventTypeId> type = state.schema->FindEvent(name);
    if (type) records.push_back(&state.partition(*type));
  }
  return records;
}

using Words = std::map<std::string, std::vector<Word>>;  // by session

class Folder {
 public:
  Folder(const State& state, RowId row, Timestamp clock) : state_(state), row_(row), clock_(clock) {
    for (const OwnRecord& record : OwnRecordsOf(state, row, kSessionRecords)) {
      if (record.time() > clock) {
        WaitFor(record.time());
        continue;
      }
      Word word{record.time(), Known(state, record.origin()), {}, {}};
      const Value json = record.Get("properties");
      if (const auto* members = std::get_if<Json>(&json))
        word.properties = MembersOf(members->text);
      const Value end = record.Get("end");
      if (const auto* time = std::get_if<Timestamp>(&end)) word.end = *time;
      words_[record.Text("id")].push_back(std::move(word));
    }
  }

  void Apply(const CarryRule& rule) {
    const std::optional<TraitId> trait = state_.schema->FindTrait(rule.trait);
    if (!trait) return;
    std::map<std::string, std::vector<SaidValue>> said;
    for (const auto& [session, words] : words_) {
      std::vector<SaidValue> values = ValuesOf(words, rule.property, state_.schema->trait(*trait));
      if (!values.empty()) said.emplace(session, std::move(values));
    }
    if (said.empty()) return;
    if (rule.on_end) AtEnds(rule, said);
    if (rule.on_identify) AtIdentify(rule, said);
  }

  Carrying Take() { return std::move(made_); }

 private:
  using Said = std::map<std::string, std::vector<SaidValue>>;

  void WaitFor(Timestamp time) { made_.due = std::min(made_.due.value_or(time), time); }

  const std::vector<FoundEvent>& Events() {
    if (!events_) events_ = FindEvents(state_, row_);
    return *events_;
  }

  static std::vector<SaidValue> ValuesOf(const std::vector<Word>& words, std::string_view property,
                                         const TraitInfo& trait) {
    std::vector<SaidValue> values;
    for (const Word& word : words) {
      for (const Field& field : word.properties) {
        if (field.key != property || IsMissing(field.value)) continue;
        std::optional<Value> value = Coerce(field.value, trait.type, trait.scale);
        if (!value || !Fits(*value)) continue;
        auto* const list = std::get_if<TextList>(&*value);
        if (list != nullptr && trait.policy == TraitPolicy::kUnion) {  // as it will be kept
          std::sort(list->begin(), list->end());
          list->erase(std::unique(list->begin(), list->end()), list->end());
        }
        values.push_back({word.time, *std::move(value), word.origin});
      }
    }
    return values;
  }

  void Write(const CarryRule& rule, const std::string& session, const SaidValue& said,
             Timestamp time) {
    made_.writes.push_back({.from = {rule.name, session},
                            .trait = rule.trait,
                            .time = time,
                            .origin = said.origin,
                            .digest = DigestOf(said.value),
                            .value = said.value,
                            .record = {}});
  }

  void AtEnds(const CarryRule& rule, const Said& said) {
    for (const auto& [session, values] : said) {
      if (const std::optional<Timestamp> end = EndOf(session)) {
        Write(rule, session, *std::max_element(values.begin(), values.end()), *end);
      }
    }
  }

  // The last word up to the moment counts as of the moment; each one later when it is said.
  void AtIdentify(const CarryRule& rule, const Said& said) {
    if (!asked_identified_) identified_at_ = IdentifiedAt(state_, row_, Events());
    asked_identified_ = true;
    if (!identified_at_) return;
    if (*identified_at_ > clock_) return WaitFor(*identified_at_);
    std::optional<std::pair<SaidValue, std::string>> last;
    for (const auto& [session, values] : said) {
      for (const SaidValue& value : values) {
        if (value.time > *identified_at_) {
          Write(rule, session, value, value.time);
        } else if (!last || last->first < value) {
          last.emplace(value, session);
        }
      }
    }
    if (last) Write(rule, last->second, last->first, *identified_at_);
  }

  // When a session was over, as it is shown; nothing while it goes on.
  std::optional<Timestamp> EndOf(const std::string& session) {
    const std::vector<Word>& words = words_.find(session)->second;
    std::optional<std::pair<Timestamp, Timestamp>> given;  // of two words the later
    Timestamp last = words.front().time;
    for (const Word& word : words) {
      last = std::max(last, word.time);
      if (!word.end) continue;
      const std::pair now(word.time, *word.end);
      given = given ? std::max(*given, now) : now;
    }
    if (given) {
      if (given->second <= clock_) return given->second;
      WaitFor(given->second);
      return std::nullopt;
    }
    std::optional<Timestamp> end;
    const auto event = LastEvents().find(session);
    if (event != LastEvents().end()) end = event->second;
    const Timestamp over{std::max(last, end.value_or(last)).ms + kSilenceMs};
    if (over <= clock_) return end.value_or(last);
    WaitFor(over);
    return std::nullopt;
  }

  const std::map<std::string, Timestamp, std::less<>>& LastEvents() {
    if (last_events_) return *last_events_;
    last_events_.emplace();
    const TextOfEvents sessions(state_, row_, kSessionProperty);
    for (const FoundEvent& event : ComeBy(Events(), clock_)) {  // by time
      if (const auto session = sessions.Of(event)) {
        last_events_->insert_or_assign(std::string(*session), event.time);
      }
    }
    return *last_events_;
  }

  const State& state_;
  const RowId row_;
  const Timestamp clock_;
  Words words_;
  std::optional<std::vector<FoundEvent>> events_;  // found when they are needed
  std::optional<std::map<std::string, Timestamp, std::less<>>> last_events_;
  bool asked_identified_ = false;
  std::optional<Timestamp> identified_at_;
  Carrying made_;
};

}  // namespace

std::vector<CarryRule> CarryRulesOf(const State& state) {
  std::vector<CarryRule> rules;
  for (const auto& [name, stored] : *state.definitions) {
    if (!name.starts_with(query::kCarries)) continue;
    const absl::StatusOr<ast::Declaration> declaration = query::ParseStored(stored);
    if (!declaration.ok()) continue;  // of a later version of the language
    const auto* carry = std::get_if<ast::DefineCarry>(&declaration->what);
    if (carry == nullptr) continue;
    rules.push_back({carry->name.text, carry->property.text, carry->trait.text, carry->on_end,
                     carry->on_identify});
  }
  std::sort(rules.begin(), rules.end(),
            [](const CarryRule& a, const CarryRule& b) { return a.name < b.name; });
  return rules;
}

WriteKey WriteKeyOf(const Carried& carried) {
  return {carried.trait, carried.time, carried.origin, carried.digest};
}

WriteKey WriteKeyOf(std::string_view trait, const TraitRecord& said) {
  return {trait, said.time, said.origin, DigestOf(said.value)};
}

CarriedKey KeyOf(const Carried& carried) {
  return {WriteKeyOf(carried), carried.from.rule, carried.from.session};
}

Carrying CarryingOf(const State& state, RowId row, absl::Span<const CarryRule> rules,
                    Timestamp clock) {
  Folder folder(state, row, clock);
  for (const CarryRule& rule : rules) folder.Apply(rule);
  return folder.Take();
}

bool HasCarrying(const State& state, RowId row) {
  const auto has = [&](const EventPartition* records) { return records->HasAny(row); };
  return std::ranges::any_of(RecordsOfCarrying(state), has);
}

std::vector<ProfileId> ProfilesWithCarrying(const State& state) {
  const std::vector<const EventPartition*> all = RecordsOfCarrying(state);
  std::vector<ProfileId> profiles;
  for (uint32_t r = 0; r < state.num_rows(); ++r) {
    const RowId row{r};
    const auto has = [&](const EventPartition* records) { return records->HasAny(row); };
    if (state.live.Test(row) && std::ranges::any_of(all, has)) {
      profiles.push_back(state.ProfileAt(row));
    }
  }
  return profiles;
}

std::vector<Carried> CarriedBefore(const State& state, RowId row) {
  std::vector<Carried> before;
  for (const OwnRecord& record : OwnRecordsOf(state, row, kCarryRecords)) {
    before.push_back({.from = {record.Text("rule"), record.Text("session")},
                      .trait = record.Text("trait"),
                      .time = record.time(),
                      .origin = Known(state, record.origin()),
                      .digest = static_cast<uint64_t>(record.Integer("digest")),
                      .value = {},
                      .record = record.id()});
  }
  return before;
}

std::optional<CarriedFrom> CarriedFromOf(absl::Span<const Carried> before, std::string_view trait,
                                         const TraitRecord& said) {
  for (const Carried& carried : before) {
    const bool near = carried.time == said.time && carried.trait == trait;
    if (near && WriteKeyOf(carried) == WriteKeyOf(trait, said)) return carried.from;
  }
  return std::nullopt;
}

}  // namespace roster
