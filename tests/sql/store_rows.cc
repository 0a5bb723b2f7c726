// SPDX-License-Identifier: Apache-2.0
#include "tests/sql/store_rows.h"

#include <cstdio>
#include <fstream>
#include <map>
#include <optional>
#include <vector>

#include "query/operators/history.h"
#include "query/sql/tables.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"
#include "storage/memory/cells.h"
#include "storage/memory/people/consent.h"
#include "storage/memory/people/found_events.h"
#include "storage/memory/people/own_names.h"
#include "storage/memory/people/sessions.h"

namespace roster::query {
namespace {

std::string DecimalText(Decimal decimal) {
  std::string digits = std::to_string(decimal.unscaled);
  const size_t sign = decimal.unscaled < 0 ? 1 : 0;
  while (digits.size() - sign <= decimal.scale) digits.insert(sign, "0");
  if (decimal.scale != 0) digits.insert(digits.size() - decimal.scale, ".");
  return digits;
}

std::string Json(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return JsonText(*text);
  if (const auto* whole = std::get_if<int64_t>(&value)) return StrCat(*whole);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* day = std::get_if<Date>(&value)) return StrCat(day->days);
  if (const auto* time = std::get_if<Timestamp>(&value)) return StrCat(time->ms);
  if (const auto* decimal = std::get_if<Decimal>(&value)) {
    return StrCat("\"", DecimalText(*decimal), "\"");
  }
  if (const auto* number = std::get_if<double>(&value)) {
    char text[40];
    std::snprintf(text, sizeof(text), "%.17g", *number);
    return text;
  }
  if (const auto* json = std::get_if<roster::Json>(&value)) return JsonText(json->text);
  if (const auto* list = std::get_if<TextList>(&value)) {
    std::string out;
    for (const std::string& text : *list) out += StrCat(out.empty() ? "" : ",", JsonText(text));
    return StrCat("[", out, "]");
  }
  return "null";
}

std::string Number(uint64_t number) { return StrCat(number); }
std::string TextOrNull(const std::string& text) { return text.empty() ? "null" : JsonText(text); }

// The lines of every table, by its name.
class TableRows {
 public:
  explicit TableRows(const ReadView& view) : view_(view) {
    for (uint32_t r = 0; r < view->num_rows(); ++r) {
      if (view->live.Test({r})) AddProfile({r});
    }
  }

  void Write(const std::string& folder) const {
    size_t number = 0;
    for (const SqlTable& table : SqlTables(view_.schema(), SqlDialect::kDuckDb)) {
      std::ofstream out(StrCat(folder, "/", number++, ".jsonl"));
      const auto lines = lines_.find(table.name);
      if (lines != lines_.end()) out << lines->second;
    }
  }

 private:
  class Line {
   public:
    Line& Add(std::string_view column, const std::string& json) {
      text_ += StrCat(text_.empty() ? "" : ",", JsonText(column), ":", json);
      return *this;
    }
    // With what says of a list whether there is one, and with the folded text.
    Line& AddValue(std::string_view name, ValueType type, const Value& value) {
      const bool list = type == ValueType::kTextList;
      if (list) Add(IsSetColumn(name), IsMissing(value) ? "false" : "true");
      if (const auto* text = std::get_if<std::string>(&value)) {
        Add(FoldedColumn(name), JsonText(Fold(*text)));
      }
      return Add(ValueColumn(name), Json(value));
    }
    std::string text() const { return StrCat("{", text_, "}\n"); }

   private:
    std::string text_;
  };

  Line Begin(RowId row) const {
    return Line().Add("_profile", Number(view_->ProfileAt(row).value));
  }
  void Add(std::string_view table, const Line& line) { lines_[std::string(table)] += line.text(); }

  void AddProfile(RowId row) {
    const Schema& schema = view_.schema();
    Line line = Begin(row);
    for (size_t t = 0; t < schema.traits().size(); ++t) {
      const TraitId id{static_cast<uint16_t>(t)};
      const TraitInfo& trait = schema.trait(id);
      const Value value = view_->column(id).Get(row);
      if (trait.name == kArchived) line.Add("_archived", Json(value));
      if (IsOwnName(trait.name)) continue;
      line.AddValue(trait.name, trait.type, value);
      AddHistory(row, id);
    }
    for (size_t n = 0; n < schema.namespaces().size(); ++n) {
      const NamespaceId id{static_cast<uint16_t>(n)};
      const auto first = view_->identities.FirstOfRow(row, id);
      line.Add(IdentityColumn(schema.name_space(id).name),
               first ? JsonText(view_->identities.NameOf(*first).value) : "null");
    }
    Add(kProfilesTable, line);
    AddPeople(row);
    AddEvents(row);
  }

  void AddHistory(RowId row, TraitId trait) {
    const TraitInfo& info = view_.schema().trait(trait);
    const std::vector<Era> eras = ErasOf(view_, row, trait);
    for (size_t i = 0; i < eras.size(); ++i) {
      Line line = Begin(row);
      line.Add("_from", StrCat(eras[i].from_ms));
      line.Add("_until", i + 1 < eras.size() ? StrCat(eras[i + 1].from_ms) : "null");
      Add(HistoryTable(info.name), line.AddValue("value", info.type, eras[i].value));
    }
  }

  void AddPeople(RowId row) {
    static constexpr const char* kKinds[] = {"", "person", "contact", "device", "anonymous"};
    static constexpr const char* kDecisions[] = {"unknown", "granted", "withdrawn"};
    for (const IdentityId id : view_->identities.OfRow(row)) {
      if (!IsShown(view_->identities.StandingOf(id))) continue;
      const IdentityName name = view_->identities.NameOf(id);
      const NamespaceInfo& space = view_.schema().name_space(name.name_space);
      Add(kIdentitiesTable, Begin(row)
                                .Add("namespace", JsonText(space.name))
                                .Add("kind", JsonText(kKinds[static_cast<size_t>(space.kind)]))
                                .Add("value", JsonText(name.value))
                                .Add("_folded_value", JsonText(Fold(name.value))));
    }
    for (const std::string& label : LabelsOf(view_.state(), row)) {
      Add(kLabelsTable, Begin(row).Add("label", JsonText(label)));
    }
    for (const StandingConsent& one : ConsentStanding(view_.state(), row)) {
      const auto decision = static_cast<size_t>(one.decision);
      Add(kConsentTable, Begin(row)
                             .Add("channel", JsonText(one.channel))
                             .Add("decision", JsonText(kDecisions[decision]))
                             .Add("policy", JsonText(one.record.Text("policy")))
                             .Add("time", StrCat(one.record.time().ms)));
    }
  }

  void AddEvents(RowId row) {
    const std::vector<FoundEvent> events = FindEvents(view_.state(), row);
    const Sessions sessions(view_, row, events);
    const size_t num_come = ComeBy(events, view_.clock()).size();
    for (size_t i = 0; i < events.size(); ++i) {
      std::optional<uint64_t> session;
      if (i < num_come) session = num_sessions_ + sessions.OfEvent(i);
      const std::string& name = view_.schema().event(events[i].type).name;
      AddEvent(EventTable(name), row, events[i].type, events[i].ref, session);
    }
    for (size_t s = 0; s < sessions.size(); ++s) AddSession(row, sessions, s);
    num_sessions_ += sessions.size();
    AddCalls(row);
  }

  void AddEvent(const std::string& table, RowId row, EventTypeId type, EventRef ref,
                std::optional<uint64_t> session) {
    const EventBlock& block = view_->partition(type).block(ChunkOf(row));
    Line line = Begin(row);
    line.Add("_time", StrCat(TimeOf(block, ref).ms));
    line.Add("_id", Number(IdOf(block, ref).value));
    line.Add("_session", session ? Number(*session) : "null");
    const EventTypeInfo& info = view_.schema().event(type);
    for (size_t p = 0; p < info.properties.size(); ++p) {
      const PropertyInfo& property = info.properties[p];
      if (property.name.empty() || IsOwnName(property.name)) continue;
      const std::optional<int64_t> cell =
          roster::PropertyOf(block, ref, {static_cast<uint16_t>(p)});
      const CellType& cell_type = view_->partition(type).properties()[p];
      line.AddValue(property.name, property.type, cell ? DecodeCell(cell_type, *cell) : Value());
    }
    Add(table, line);
  }

  void AddCalls(RowId row) {
    const auto type = view_.schema().FindEvent(kCallRecords);
    if (!type || ChunkOf(row) >= view_->partition(*type).num_blocks()) return;
    const EventBlock& block = view_->partition(*type).block(ChunkOf(row));
    const std::string table(kCallsTable);
    const uint32_t offset = OffsetOf(row);
    for (uint32_t i = block.sealed->run_begin[offset]; i < block.sealed->run_begin[offset + 1];
         ++i) {
      AddEvent(table, row, *type, {false, i}, std::nullopt);
    }
    block.ForEachInTail(block.LastInTail(offset), [&](uint32_t t) {
      AddEvent(table, row, *type, {true, t}, std::nullopt);
    });
  }

  void AddSession(RowId row, const Sessions& sessions, size_t s) {
    const auto said = [&](std::string_view name) {
      return TextOrNull(sessions.Said<std::string>(s, name).value_or(std::string()));
    };
    const auto time = [](std::optional<Timestamp> at) { return at ? StrCat(at->ms) : "null"; };
    const bool taken = sessions.Said<bool>(s, "agent_takeover").value_or(false);
    Add(kSessionsTable, Begin(row)
                            .Add("_session", Number(num_sessions_ + s))
                            .Add("id", TextOrNull(sessions.IdOf(s)))
                            .Add("kind", TextOrNull(sessions.KindOf(s)))
                            .Add("channel", TextOrNull(sessions.ChannelOf(s)))
                            .Add("name", said("name"))
                            .Add("platform", said("platform"))
                            .Add("start", time(sessions.StartOf(s)))
                            .Add("end", time(sessions.EndOf(s)))
                            .Add("events", Number(sessions.EventsOf(s).size()))
                            .Add("agent_takeover", taken ? "true" : "false"));
  }

  const ReadView& view_;
  uint64_t num_sessions_ = 0;
  std::map<std::string, std::string> lines_;
};

}  // namespace

std::string JsonText(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04x", static_cast<unsigned>(c));
      out += escape;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

void WriteTables(const ReadView& view, const std::string& folder) { TableRows(view).Write(folder); }

}  // namespace roster::query
