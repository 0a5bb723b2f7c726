// SPDX-License-Identifier: Apache-2.0
//
// Implements DumpView. Identities come before what names them as an origin: first all profiles,
// then all that they hold.
#include <cmath>
#include <map>
#include <vector>

#include "absl/strings/str_format.h"
#include "engine/coerce.h"
#include "engine/maintenance/dump.h"
#include "roster/json.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"

namespace roster {
namespace {

// Years 1 to 9999: what ISO 8601 says in the form that both sides read.
constexpr int64_t kFirstIsoMs = -62'135'596'800'000;
constexpr int64_t kLastIsoMs = 253'402'300'799'999;

// One line: an object, member by member.
class Line {
 public:
  void Text(std::string_view name, std::string_view value) {
    Name(name);
    AppendJson(Value(std::string(value)), &json_);
  }
  void Number(std::string_view name, int64_t value) {
    Name(name);
    json_ += StrCat(value);
  }
  void Raw(std::string_view name, std::string_view json) {
    Name(name);
    json_ += json;
  }
  void Time(std::string_view name, Timestamp time) { Raw(name, TimeJson(time)); }
  bool empty() const { return json_.empty(); }
  std::string Close() { return json_ + (json_.empty() ? "{}" : "}"); }

  static std::string TimeJson(Timestamp time) {
    if (time.ms < kFirstIsoMs || time.ms > kLastIsoMs) return StrCat(time.ms);
    return StrCat("\"", FormatTimestamp(time), "\"");
  }

 private:
  void Name(std::string_view name) {
    json_ += json_.empty() ? '{' : ',';
    AppendJson(Value(std::string(name)), &json_);
    json_ += ':';
  }
  std::string json_;
};

// A value in the form in which nothing of it is lost: decimals with their digits and JSON as they
// stand, both as text.
std::string ValueJson(const Value& value) {
  std::string json;
  if (const auto* decimal = std::get_if<Decimal>(&value)) {
    return StrCat("\"", FormatDecimal(*decimal), "\"");
  }
  if (const auto* stored = std::get_if<Json>(&value)) {
    AppendJson(Value(stored->text), &json);
    return json;
  }
  if (const auto* time = std::get_if<Timestamp>(&value)) return Line::TimeJson(*time);
  if (const auto* number = std::get_if<double>(&value)) {
    // As an integer it would lose its sign, or not fit one.
    if (*number == 0 && std::signbit(*number)) return "-0.0";
    if (std::abs(*number) >= 9e18) return absl::StrFormat("%.17e", *number);
  }
  if (const auto* date = std::get_if<Date>(&value)) {
    const int64_t ms = int64_t{date->days} * 86'400'000;
    if (ms < kFirstIsoMs || ms > kLastIsoMs) return StrCat(date->days);
  }
  AppendJson(value, &json);
  return json;
}

class DumpWriter {
 public:
  DumpWriter(const ReadView& view, const std::function<absl::Status(std::string_view)>& take,
             const ProgressFn& progress)
      : view_(view),
        state_(view.state()),
        schema_(view.schema()),
        take_(take),
        progress_(progress) {}

  absl::Status Header(std::string_view digest, Timestamp at);
  absl::Status Declarations();
  absl::Status EventTypes();
  absl::Status Options();
  absl::Status Formers();
  absl::Status Profiles();
  absl::Status Contents();
  absl::Status Trailer();

 private:
  absl::Status Take(Line line) { return take_(line.Close()); }
  absl::Status Events(ProfileId profile, RowId row, EventTypeId type);
  void Report(uint32_t row) const {
    if (progress_ && row % kChunkRows == 0) progress_({"dumping", row, state_.num_rows()});
  }
  absl::Status AddOrigin(IdentityId origin, Line* line);
  std::string IdentityJson(IdentityId id) const;
  std::string Identities(RowId row, Line* line) const;
  absl::StatusOr<std::string> Traits(RowId row);

  const ReadView& view_;
  const State& state_;
  const Schema& schema_;
  const std::function<absl::Status(std::string_view)>& take_;
  const ProgressFn& progress_;
  int64_t num_event_lines_ = 0;
  std::map<IdentityId, int64_t> formers_;  // by number: their place among the lines of formers
  std::map<IdentityId, int64_t> gone_;     // the same of those that are gone
};

absl::Status DumpWriter::Header(std::string_view digest, Timestamp at) {
  Line line;
  line.Number("roster_dump", kDumpVersion);
  line.Number("lsn", static_cast<int64_t>(view_.lsn().value));
  line.Time("clock", view_.clock());
  line.Time("at", at);
  line.Number("profile_ids", static_cast<int64_t>(state_.profiles.size()));
  line.Text("digest", digest);
  return Take(std::move(line));
}

void DescribeType(const auto& info, Line* line) {
  line->Text("type", TypeName(info.type));
  if (info.scale != 0) line->Number("scale", info.scale);
}

absl::Status DumpWriter::Declarations() {
  for (const NamespaceInfo& info : schema_.namespaces()) {
    Line line;
    line.Text("namespace", info.name);
    line.Number("kind", static_cast<int64_t>(info.kind));
    line.Number("rank", info.rank);
    line.Number("limit", info.limit);
    ROSTER_RETURN_IF_ERROR(Take(std::move(line)));
  }
  for (const TraitInfo& info : schema_.traits()) {
    if (info.system) continue;
    Line line;
    line.Text("trait", info.name);
    DescribeType(info, &line);
    ROSTER_RETURN_IF_ERROR(Take(std::move(line)));
  }
  ROSTER_RETURN_IF_ERROR(Options());
  return EventTypes();
}

// What traits have that is not as it was declared, and what is defined.
absl::Status DumpWriter::Options() {
  for (const TraitInfo& info : schema_.traits()) {
    if (!info.HasOptions()) continue;
    Line line;
    line.Text("options_of", info.name);
    if (!info.display.empty()) line.Text("display", info.display);
    line.Number("policy", static_cast<int64_t>(info.policy));
    if (info.searchable) line.Raw("searchable", "true");
    if (info.indexed) line.Raw("indexed", "true");
    ROSTER_RETURN_IF_ERROR(Take(std::move(line)));
  }
  const std::map<std::string, std::string> definitions(state_.definitions->begin(),
                                                       state_.definitions->end());
  for (const auto& [name, text] : definitions) {
    Line line;
    line.Text("definition", name);
    line.Text("text", text);
    ROSTER_RETURN_IF_ERROR(Take(std::move(line)));
  }
  return absl::OkStatus();
}

absl::Status DumpWriter::EventTypes() {
  for (const EventTypeInfo& event : schema_.events()) {
    Line line;
    line.Text("event_type", event.name);
    if (event.keep_ms != 0) line.Number("keep_ms", event.keep_ms);
    const int64_t floor_ms = state_.partitions[&event - schema_.events().data()]->floor_ms();
    if (floor_ms != kNoFloor) line.Number("gone_before_ms", floor_ms);
    ROSTER_RETURN_IF_ERROR(Take(std::move(line)));
    for (size_t p = 1; p < event.properties.size(); ++p) {  // 0 is every type's
      Line property;
      property.Text("property", event.properties[p].name);
      property.Text("of", event.name);
      DescribeType(event.properties[p], &property);
      ROSTER_RETURN_IF_ERROR(Take(std::move(property)));
    }
  }
  return absl::OkStatus();
}

std::string DumpWriter::IdentityJson(IdentityId id) const {
  const IdentityName name = state_.identities.NameOf(id);
  Line pair;
  pair.Text(schema_.name_space(name.name_space).name, name.value);
  return pair.Close();
}

// Of what is gone the namespace is known, if that: it gets a line before the first that names it.
absl::Status DumpWriter::AddOrigin(IdentityId origin, Line* line) {
  if (origin == kNoOrigin) return absl::OkStatus();
  if (!state_.identities.IsAttached(origin)) {
    const std::optional<NamespaceId> space = state_.identities.SpaceOf(origin);
    if (!space) return absl::OkStatus();
    const auto [it, is_new] = gone_.emplace(origin, static_cast<int64_t>(gone_.size()));
    line->Number("by_gone", it->second);
    if (!is_new) return absl::OkStatus();
    Line gone;
    gone.Text("gone", schema_.name_space(*space).name);
    return Take(std::move(gone));
  }
  line->Raw("by", IdentityJson(origin));
  // The name alone is that of another one.
  if (const auto it = formers_.find(origin); it != formers_.end()) {
    line->Number("by_former", it->second);
  }
  return absl::OkStatus();
}

// Before all that may have their names now.
absl::Status DumpWriter::Formers() {
  for (uint32_t i = 0; i < state_.identities.num_extras(); ++i) {
    const IdentityId id{i};
    if (state_.identities.StandingOf(id) != IdentityStanding::kFormer) continue;
    formers_.emplace(id, static_cast<int64_t>(formers_.size()));
    Line line;
    line.Raw("former", IdentityJson(id));
    const RowId row = state_.identities.RowOf(id);
    line.Number("of", static_cast<int64_t>(state_.ProfileAt(row).value));
    const ProfileId home = state_.identities.HomeOf(id);
    if (home.value != 0) line.Number("home", static_cast<int64_t>(home.value));
    ROSTER_RETURN_IF_ERROR(Take(std::move(line)));
  }
  return absl::OkStatus();
}

// `line` gets what is to be said of some of them, by their places in the list.
std::string DumpWriter::Identities(RowId row, Line* line) const {
  std::string list;
  std::string retired;
  std::string logged_out;
  std::string homes;
  bool any_home = false;
  int64_t place = 0;
  for (const IdentityId id : state_.identities.OfRow(row)) {
    const IdentityStanding standing = state_.identities.StandingOf(id);
    if (standing == IdentityStanding::kFormer) continue;
    list += (list.empty() ? "[" : ",") + IdentityJson(id);
    if (standing == IdentityStanding::kRetired) {
      retired += StrCat(retired.empty() ? "[" : ",", place);
    }
    if (standing == IdentityStanding::kLoggedOut) {
      logged_out += StrCat(logged_out.empty() ? "[" : ",", place);
    }
    const ProfileId home = state_.identities.HomeOf(id);
    homes += StrCat(homes.empty() ? "[" : ",", home.value);
    any_home = any_home || home.value != 0;
    ++place;
  }
  if (!retired.empty()) line->Raw("retired", retired + "]");
  if (!logged_out.empty()) line->Raw("logged_out", logged_out + "]");
  if (any_home) line->Raw("homes", homes + "]");
  return list.empty() ? "[]" : list + "]";
}

absl::Status DumpWriter::Profiles() {
  std::map<uint32_t, std::vector<uint64_t>> merged;  // by the row that answers for them
  for (uint64_t id = 1; id <= state_.profiles.size(); ++id) {
    const std::optional<RowId> row = state_.FindProfile({id});
    if (row && state_.ProfileAt(*row) != ProfileId{id}) merged[row->value].push_back(id);
  }
  for (uint32_t r = 0; r < state_.num_rows(); ++r) {
    if (!state_.live.Test({r})) continue;
    Line line;
    line.Number("profile", static_cast<int64_t>(state_.ProfileAt({r}).value));
    if (const auto it = merged.find(r); it != merged.end()) {
      std::string ids;
      for (const uint64_t id : it->second) ids += StrCat(ids.empty() ? "[" : ",", id);
      line.Raw("merged", ids + "]");
    }
    line.Raw("identities", Identities({r}, &line));
    ROSTER_RETURN_IF_ERROR(Take(std::move(line)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> DumpWriter::Traits(RowId row) {
  Line traits;
  for (size_t t = 0; t < state_.columns.size(); ++t) {
    const TraitId id{static_cast<uint16_t>(t)};
    const Column& column = state_.column(id);
    const std::optional<Stamp> stamp = state_.StampOf(id, row);
    if (!stamp) continue;
    Line cell;
    // A cell that was cleared keeps its time, against older writes that come later.
    cell.Raw("value", column.Has(row) ? ValueJson(column.Get(row)) : "null");
    cell.Time("at", stamp->time);
    ROSTER_RETURN_IF_ERROR(AddOrigin(stamp->origin, &cell));
    traits.Raw(schema_.trait(id).name, cell.Close());
  }
  return traits.Close();
}

absl::Status DumpWriter::Events(ProfileId profile, RowId row, EventTypeId type) {
  const EventPartition& partition = state_.partition(type);
  const EventTypeInfo& info = schema_.event(type);
  for (const EventRef event : partition.EventsOf(row)) {
    const EventBlock& block = partition.block(ChunkOf(row));
    Line line;
    line.Text("event", info.name);
    line.Number("of", static_cast<int64_t>(profile.value));
    line.Text("id", StrCat(IdOf(block, event).value));
    line.Time("at", TimeOf(block, event));
    ROSTER_RETURN_IF_ERROR(AddOrigin(OriginOf(block, event), &line));
    Line properties;
    for (size_t p = 0; p < info.properties.size(); ++p) {
      const PropertyId id{static_cast<uint16_t>(p)};
      const std::optional<int64_t> bits = PropertyOf(block, event, id);
      if (!bits) continue;
      const Value value = DecodeCell(partition.properties()[p], *bits);
      if (id == kMisfits) {
        line.Raw("misfits", ValueJson(value));
      } else {
        properties.Raw(info.properties[p].name, ValueJson(value));
      }
    }
    if (!properties.empty()) line.Raw("properties", properties.Close());
    ROSTER_RETURN_IF_ERROR(Take(std::move(line)));
    ++num_event_lines_;
  }
  return absl::OkStatus();
}

absl::Status DumpWriter::Contents() {
  for (uint32_t r = 0; r < state_.num_rows(); ++r) {
    Report(r);
    if (!state_.live.Test({r})) continue;
    const ProfileId profile = state_.ProfileAt({r});
    Line line;
    line.Number("traits_of", static_cast<int64_t>(profile.value));
    ROSTER_ASSIGN_OR_RETURN(const std::string traits, Traits({r}));
    line.Raw("traits", traits);
    ROSTER_RETURN_IF_ERROR(Take(std::move(line)));
    for (size_t e = 0; e < state_.partitions.size(); ++e) {
      ROSTER_RETURN_IF_ERROR(Events(profile, {r}, EventTypeId{static_cast<uint16_t>(e)}));
    }
  }
  return absl::OkStatus();
}

absl::Status DumpWriter::Trailer() {
  Line line;
  line.Number("end_of_dump", static_cast<int64_t>(state_.num_profiles));
  line.Number("events", static_cast<int64_t>(state_.num_events()));
  line.Number("records", num_event_lines_ - static_cast<int64_t>(state_.num_events()));
  return Take(std::move(line));
}

}  // namespace

absl::Status DumpView(const ReadView& view, std::string_view digest, Timestamp at,
                      const std::function<absl::Status(std::string_view line)>& take,
                      const ProgressFn& progress) {
  DumpWriter writer(view, take, progress);
  ROSTER_RETURN_IF_ERROR(writer.Header(digest, at));
  ROSTER_RETURN_IF_ERROR(writer.Declarations());
  ROSTER_RETURN_IF_ERROR(writer.Formers());
  ROSTER_RETURN_IF_ERROR(writer.Profiles());
  ROSTER_RETURN_IF_ERROR(writer.Contents());
  return writer.Trailer();
}

}  // namespace roster
