// SPDX-License-Identifier: Apache-2.0
//
// T10 of DURABILITY.md: random people and random filters. The plan's Evaluate, its Matches row by
// row and the naive evaluator say the same, now, later and as of a time before; F and not F part
// the scope; funnels count the same. ROSTER_SIZE: how many pairs of a person and a filter;
// ROSTER_SEED repeats a run. A difference is printed with the smallest part of the filter in which
// it is, and all that is known of the person.
#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "query/bind/bind.h"
#include "query/errors.h"
#include "query/grammar/grammar.h"
#include "query/planner.h"
#include "tests/battery/size.h"
#include "tests/query/kernels/every_target.h"
#include "tests/query/naive/evaluator.h"
#include "tests/query/naive/questions.h"
#include "tests/query/naive/world.h"
#include "tests/seed.h"

namespace roster::query::naive {
namespace {

// --- What is known of a person, to be read ---

std::string Shown(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return ast::QuoteText(*text);
  if (const auto* whole = std::get_if<int64_t>(&value)) return std::to_string(*whole);
  if (const auto* number = std::get_if<double>(&value)) return std::to_string(*number);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* day = std::get_if<Date>(&value)) return ast::ToText(ast::Literal{*day, {}});
  if (const auto* time = std::get_if<Timestamp>(&value)) return ast::ToText({*time, {}});
  if (const auto* decimal = std::get_if<Decimal>(&value)) {
    return ExactNumber(*decimal).ToText();
  }
  const auto* list = std::get_if<TextList>(&value);
  if (list == nullptr) return "-";
  std::string all = "[";
  for (const std::string& text : *list) all += ast::QuoteText(text);
  return all + "]";
}

std::string Shown(int64_t ms) { return Shown(Value(Timestamp{ms})); }

std::string Shown(const std::map<std::string, Value>& values) {
  std::string all;
  for (const auto& [name, value] : values) all += " " + name + "=" + Shown(value);
  return all;
}

std::string Shown(const Person& person) {
  std::ostringstream out;
  out << "p" << person.ids[0] << " and " << person.ids.size() - 1 << " more, made "
      << Shown(person.made_ms) << " via " << person.via << "\n";
  for (const auto& [trait, writes] : person.traits) {
    for (const Write& write : writes) {
      out << "  trait " << trait << " " << Shown(write.time_ms) << " " << Shown(write.value)
          << "\n";
    }
  }
  for (const Held& held : person.identities) {
    out << "  " << held.name_space << " " << held.value << (held.former ? " (former)" : "") << "\n";
  }
  for (const LabelWord& word : person.labels) {
    out << "  label " << Shown(word.time_ms) << " " << word.label << (word.added ? " +" : " -")
        << " of p" << word.home << "\n";
  }
  for (const ConsentWord& word : person.consent) {
    out << "  consent " << Shown(word.time_ms) << " " << word.channel << " "
        << ast::Spelling(word.state) << " " << word.address << " " << word.policy << " of p"
        << word.home << "\n";
  }
  for (const SessionWord& word : person.sessions) {
    out << "  session " << Shown(word.time_ms) << " " << word.id << Shown(word.said) << "\n";
  }
  for (const Called& call : person.calls) {
    out << "  call " << Shown(call.time_ms) << " " << call.channel << "\n";
  }
  std::vector<const Happened*> events;
  for (const Happened& event : person.events) events.push_back(&event);
  std::sort(events.begin(), events.end(), [](const auto* a, const auto* b) {
    return std::pair(a->time_ms, a->id) < std::pair(b->time_ms, b->id);
  });
  for (const Happened* event : events) {
    out << "  " << Shown(event->time_ms) << " " << event->type << Shown(event->properties);
    if (!event->origin.empty()) out << " by " << event->origin;
    out << "\n";
  }
  return out.str();
}

// --- Both answers ---

struct Asked {
  std::string filter;
  std::string scope = "including archived";
  std::string zone = "UTC";
  int64_t now_ms = 0;
  std::string as_of;  // of the statement; empty: now
};

struct Answers {
  Bitmap evaluated;
  std::vector<RowId> matched;
};

class Round {
 public:
  Round(uint64_t seed, int num_profiles)
      : seed_(seed), world_(seed, num_profiles), questions_(seed, &world_) {
    FindSampled();
    REQUIRE(world_.store().state().num_profiles == world_.people().persons.size());
  }

  void Ask(Tally* tally) {
    const bool then = Below(5) == 0;
    Asked asked{then ? questions_.LeafOfThen() : questions_.Filter(2)};
    asked.now_ms = world_.now().ms;
    asked.zone = questions_.Zone();
    asked.scope = std::vector<std::string>{"including archived", "", "only archived"}[Below(3)];
    if (then) {
      // A moment that has come, some time or other.
      asked.as_of = Shown(std::min(world_.RandomTime(), asked.now_ms));
    } else if (Below(3) == 0) {
      asked.now_ms += std::vector<int64_t>{1, kHourMs, kDayMs, 8 * kDayMs, 40 * kDayMs}[Below(5)];
    }
    Check(asked, tally);
  }

  void Check(const Asked& asked, Tally* tally) {
    if (!Wrong(asked, tally)) return;
    Asked least = asked;
    least.filter = Shrunk(asked);
    const Person& person = world_.people().persons[*Wrong(least, nullptr)];
    FAIL_CHECK("seed " << seed_ << "\ncount " << least.scope << " where " << least.filter
                       << (least.as_of.empty() ? "" : " as of ") << least.as_of
                       << " at time zone \"" << least.zone << "\"\nnow " << Shown(least.now_ms)
                       << "\nthe whole filter: " << asked.filter << "\n"
                       << Difference(least, person) << Shown(person));
  }

  void AskFunnel(Tally* tally) {
    const std::string filter = questions_.LeafOfThen();
    std::string text = questions_.Funnel() + " including archived where " + filter;
    int64_t now_ms = world_.now().ms;
    const bool then = Below(3) == 0;
    Asked of_filter{filter, "including archived", questions_.Zone(), now_ms, ""};
    if (then) {
      now_ms = std::min(world_.RandomTime(), now_ms);
      of_filter.as_of = Shown(now_ms);
      text += " as of " + of_filter.as_of;
    }
    Check(of_filter, tally);
    const std::string zone = of_filter.zone;
    INFO("seed " << seed_ << ", now " << Shown(world_.now().ms) << ", " << zone << ": " << text);
    const auto statement = Parse(text);
    INFO(RenderError(text, statement.status()));
    REQUIRE(statement.ok());
    const auto answer = world_.store().Ask(text, {}, world_.now(), zone);
    if (!answer.ok() && IsOfNoHistory(answer.status())) return;
    if (!answer.ok()) UNSCOPED_INFO(RenderError(text, answer.status()));
    REQUIRE(answer.ok());
    const ast::Funnel& funnel = std::get<ast::Funnel>(statement->verb);
    std::vector<int64_t> expected(funnel.steps.size());
    const Evaluator naive(world_.people(), now_ms, ZoneOf(zone), then);
    for (const Person& person : world_.people().persons) {
      if (!naive.InScope(statement->scope, person)) continue;
      if (!naive.Holds(*statement->where, person)) continue;
      const size_t reached = naive.Reached(funnel, person);
      for (size_t step = 0; step < reached; ++step) ++expected[step];
    }
    if (naive.close_call()) return;
    std::vector<int64_t> counts;
    for (const auto& row : std::get<TableAnswer>(*answer).rows) {
      counts.push_back(std::get<int64_t>(row[2]));
    }
    CHECK(counts == expected);
    tally->done += world_.people().persons.size();
    ++num_funnels;
  }

  uint64_t num_filters = 0;
  uint64_t num_then = 0;
  uint64_t num_true = 0;  // pairs
  uint64_t num_refused = 0;
  uint64_t num_close = 0;
  uint64_t num_funnels = 0;

 private:
  uint64_t Below(uint64_t n) { return static_cast<uint64_t>(world_.RandomTime() + 7919) % n; }

  static absl::TimeZone ZoneOf(const std::string& name) {
    absl::TimeZone zone;
    REQUIRE(absl::LoadTimeZone(name, &zone));
    return zone;
  }
  static bool IsOfNoHistory(const absl::Status& status) {
    return ErrorCodeOf(status) == ErrorCode::kNoHistory;
  }

  // The rows that pass by both roads; nothing when history cannot tell. Fails the test where plain
  // kernels, or an `and` and an `or` in the order in which they were written, find other rows.
  std::optional<Answers> Planned(const Asked& asked, const std::string& filter) {
    std::string text = "count " + asked.scope + " where " + filter;
    if (!asked.as_of.empty()) text += " as of " + asked.as_of;
    INFO(text);
    const ReadView now = world_.store().View({asked.now_ms});
    const SchemaCatalog catalog(now.schema(), &*now->definitions);
    const auto statement = Parse(text);
    if (!statement.ok()) UNSCOPED_INFO(RenderError(text, statement.status()));
    REQUIRE(statement.ok());
    auto bound = Bind(*statement,
                      {.text = text, .catalog = &catalog, .params = {}, .time_zone = asked.zone});
    if (!bound.ok() && IsOfNoHistory(bound.status())) return std::nullopt;
    if (!bound.ok()) UNSCOPED_INFO(RenderError(text, bound.status()));
    REQUIRE(bound.ok());
    const ReadView view = bound->as_of ? now.At(*bound->as_of) : now;
    const auto as_written = PlanFilter(*bound->where, view, {}, {.reorders = false});
    REQUIRE(as_written.ok());
    const auto plan = MakePlan(*std::move(bound), view, {});
    REQUIRE(plan.ok());
    Answers answers;
    for (uint32_t chunk = 0; chunk < view.num_chunks(); ++chunk) {
      ChunkBits rows = view->live.chunk(chunk);
      plan->filter->Evaluate(view, chunk, &rows);
      rows.ForEach([&](uint32_t offset) { answers.evaluated.Set(RowAt(chunk, offset)); });
      kernels::OnPlainTarget([&] {
        ChunkBits plain = view->live.chunk(chunk);
        plan->filter->Evaluate(view, chunk, &plain);
        REQUIRE((plain == rows));
      });
      ChunkBits in_turn = view->live.chunk(chunk);
      (*as_written)->Evaluate(view, chunk, &in_turn);
      REQUIRE((in_turn == rows));
    }
    for (uint32_t row = 0; row < view->num_rows(); ++row) {
      if (view->live.Test({row}) && plan->filter->Matches(view, {row})) {
        answers.matched.push_back({row});
      }
    }
    return answers;
  }

  // The first person of whom the answers differ.
  std::optional<size_t> Wrong(const Asked& asked, Tally* tally);
  std::string Difference(const Asked& asked, const Person& person);
  std::string Shrunk(const Asked& asked);
  void FindSampled();

  const uint64_t seed_;
  World world_;
  Questions questions_;
};

struct Verdict {
  bool in_scope = false;
  bool holds = false;
};

Verdict NaiveVerdict(const Evaluator& naive, const ast::Statement& statement,
                     const Person& person) {
  return {naive.InScope(statement.scope, person), naive.Holds(*statement.where, person)};
}

std::optional<size_t> Round::Wrong(const Asked& asked, Tally* tally) {
  const auto yes = Planned(asked, asked.filter);
  const auto no = Planned(asked, "not (" + asked.filter + ")");
  if (tally != nullptr) ++num_filters;
  if (!yes || !no) {
    ++num_refused;
    return std::nullopt;
  }
  std::string text = "count " + asked.scope + " where " + asked.filter;
  if (!asked.as_of.empty()) text += " as of " + asked.as_of;
  const ast::Statement statement = *Parse(text);
  const bool then = statement.as_of.has_value();
  const int64_t now_ms = then ? std::get<Timestamp>(statement.as_of->value).ms : asked.now_ms;
  if (then) ++num_then;
  const auto& persons = world_.people().persons;
  for (size_t i = 0; i < persons.size(); ++i) {
    const Evaluator naive(world_.people(), now_ms, ZoneOf(asked.zone), then);
    const Verdict verdict = NaiveVerdict(naive, statement, persons[i]);
    if (naive.close_call()) {
      ++num_close;
      continue;
    }
    const RowId row = *world_.store().state().FindProfile({persons[i].ids[0]});
    const auto says = [&](const Answers& answers, bool expected) {
      const bool matched = std::binary_search(answers.matched.begin(), answers.matched.end(), row);
      return answers.evaluated.Test(row) == expected && matched == expected;
    };
    if (tally != nullptr) {
      ++tally->done;
      num_true += verdict.in_scope && verdict.holds ? 1 : 0;
    }
    if (!says(*yes, verdict.in_scope && verdict.holds)) return i;
    if (!says(*no, verdict.in_scope && !verdict.holds)) return i;
  }
  return std::nullopt;
}

std::string Round::Difference(const Asked& asked, const Person& person) {
  std::ostringstream out;
  const RowId row = *world_.store().state().FindProfile({person.ids[0]});
  for (const bool negated : {false, true}) {
    const auto answers = Planned(asked, negated ? "not (" + asked.filter + ")" : asked.filter);
    const bool matched = std::binary_search(answers->matched.begin(), answers->matched.end(), row);
    out << (negated ? "not F: " : "F: ") << "Evaluate " << answers->evaluated.Test(row)
        << ", Matches " << matched << "; ";
  }
  std::string text = "count " + asked.scope + " where " + asked.filter;
  if (!asked.as_of.empty()) text += " as of " + asked.as_of;
  const ast::Statement statement = *Parse(text);
  const bool then = statement.as_of.has_value();
  const int64_t now_ms = then ? std::get<Timestamp>(statement.as_of->value).ms : asked.now_ms;
  const Evaluator naive(world_.people(), now_ms, ZoneOf(asked.zone), then);
  const Verdict verdict = NaiveVerdict(naive, statement, person);
  out << "naive: in scope " << verdict.in_scope << ", F " << verdict.holds << "\n";
  return out.str();
}

// The smallest part in which they still differ.
std::string Round::Shrunk(const Asked& asked) {
  const ast::Statement statement = *Parse("count where " + asked.filter);
  const auto* logic = std::get_if<ast::Logic>(&statement.where->node);
  if (logic == nullptr) return asked.filter;
  for (const ast::Filter& child : logic->children) {
    Asked part = asked;
    part.filter = ast::ToText(child);
    if (Wrong(part, nullptr)) return Shrunk(part);
  }
  return asked.filter;
}

void Round::FindSampled() {
  const Asked sample{"sample 30% seed \"x\"", "including archived", "UTC", world_.now().ms, ""};
  const auto answers = Planned(sample, sample.filter);
  for (Person& person : world_.mutable_people()->persons) {
    person.sampled = answers->evaluated.Test(*world_.store().state().FindProfile({person.ids[0]}));
  }
}

TEST_CASE("random people and filters, by plan, row by row and naively", "[T10]") {
  constexpr int kProfiles = 48;
  constexpr int kFiltersOfRound = 250;
  Tally tally("T10");
  tally.wanted = BatterySize(60'000);
  uint64_t filters = 0;
  uint64_t then = 0;
  uint64_t held = 0;
  uint64_t refused = 0;
  uint64_t funnels = 0;
  uint64_t close = 0;
  uint64_t rounds = 0;
  for (; tally.done < tally.wanted; ++rounds) {
    Round round(TestSeed() + rounds, kProfiles);
    for (int i = 0; i < kFiltersOfRound && tally.done < tally.wanted; ++i) {
      round.Ask(&tally);
      if (i % 10 == 0) round.AskFunnel(&tally);
    }
    filters += round.num_filters;
    then += round.num_then;
    held += round.num_true;
    refused += round.num_refused;
    funnels += round.num_funnels;
    close += round.num_close;
  }
  tally.note = StrCat("; ", rounds, " stores, ", filters, " filters, ", then, " as of a time, ",
                      refused, " of which no history tells, ", funnels, " funnels, ", held,
                      " pairs true, ", close, " too close");
}

}  // namespace
}  // namespace roster::query::naive
