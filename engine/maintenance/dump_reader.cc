// SPDX-License-Identifier: Apache-2.0
//
// Implements ReadDump: every line is checked as what it is, foreign text, before it becomes state.
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "engine/coerce.h"
#include "engine/maintenance/dump.h"
#include "engine/maintenance/dump_values.h"
#include "roster/error.h"
#include "roster/json.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/memory/digest.h"
#include "storage/memory/store.h"

namespace roster {
namespace {

namespace dom = simdjson::dom;

constexpr auto kMaxProfileIds = static_cast<int64_t>(Profiles::kMaxIds);
constexpr TraitId kKept[] = {kCreatedAt, kFirstSeen, kLastSeen, kCreatedVia};

// Builds a store by mutations, which checks everything, but for what the store itself keeps of a
// profile (when it was created and seen): that is set as the dump has it, at the end.
class DumpReader {
 public:
  absl::Status Take(dom::object line);
  absl::Status Finish(Store* store);
  Timestamp at() const { return at_; }

 private:
  absl::Status Header(dom::object line);
  absl::Status Namespace(dom::object line);
  absl::Status Trait(dom::object line);
  absl::Status EventType(dom::object line);
  absl::Status Property(dom::object line);
  absl::Status Options(dom::object line);
  absl::Status Definition(dom::object line);
  absl::Status Former(dom::object line);
  absl::Status Gone(dom::object line);
  absl::Status Profile(dom::object line);
  absl::Status Identities(dom::object line, ProfileId profile);
  absl::Status Traits(dom::object line);
  absl::Status Cell(ProfileId profile, TraitId id, dom::object cell);
  absl::Status Event(dom::object line);
  absl::Status Properties(dom::object line, AddEvent* event) const;
  absl::Status Trailer(dom::object line);

  absl::Status Apply(const Mutation& mutation);
  absl::StatusOr<ProfileId> NameProfile(uint64_t id);
  void SetIds(State* state) const;
  // What a line is about is live: the profile lines are all read, and it was one of them.
  absl::StatusOr<ProfileId> Holder(dom::object line, const char* name);
  absl::StatusOr<std::pair<NamespaceId, std::string_view>> Identity(dom::element pair) const;
  absl::StatusOr<IdentityId> Origin(dom::object line) const;
  absl::StatusOr<uint64_t> IdMember(dom::object line, const char* name) const;
  const Schema& schema() const { return *store_.state().schema; }

  Store store_;
  ChangeSet changes_;
  Lsn lsn_;
  Timestamp at_;
  std::string digest_;  // that the dump says the state has
  int64_t num_ids_ = 0;
  // What the store itself keeps of profiles, as the dump has it: put in place at the end, since
  // each event changes the store's own.
  std::vector<Column> kept_;  // as kKept
  RowStamps kept_stamps_;
  // The ids that lines named, as theirs is here: one after the other, as they were named. The
  // dump's own are put in place at the end: those between them, however many, are nobody's.
  absl::flat_hash_map<uint64_t, ProfileId> id_here_;
  std::vector<uint64_t> id_there_;                       // by the ProfileId here - 1
  bool all_named_ = false;                               // no profile follows
  std::vector<IdentityId> formers_;                      // in the order of their lines
  std::vector<IdentityId> gone_;                         // the same
  absl::flat_hash_set<uint64_t> awaited_;                // ids that only lines of formers named
  std::vector<std::pair<IdentityId, ProfileId>> homes_;  // the ids as the dump has them
  uint64_t num_event_lines_ = 0;
  bool begun_ = false;
  bool ended_ = false;
};

absl::Status DumpReader::Apply(const Mutation& mutation) {
  const absl::Status fits = store_.Check(mutation);
  if (!fits.ok()) return BadLine(StdView(fits.message()));
  store_.Apply(mutation, &changes_);
  changes_ = {};
  return absl::OkStatus();
}

// Each kind of line by the member that only it has.
absl::Status DumpReader::Take(dom::object line) {
  static constexpr std::pair<const char*, absl::Status (DumpReader::*)(dom::object)> kKinds[] = {
      {"event", &DumpReader::Event},
      {"traits_of", &DumpReader::Traits},
      {"profile", &DumpReader::Profile},
      {"property", &DumpReader::Property},
      {"event_type", &DumpReader::EventType},
      {"trait", &DumpReader::Trait},
      {"namespace", &DumpReader::Namespace},
      {"roster_dump", &DumpReader::Header},
      {"end_of_dump", &DumpReader::Trailer},
      {"options_of", &DumpReader::Options},
      {"definition", &DumpReader::Definition},
      {"former", &DumpReader::Former},
      {"gone", &DumpReader::Gone},
  };
  for (const auto& [member, take] : kKinds) {
    if (line[member].error() == simdjson::NO_SUCH_FIELD) continue;
    if (begun_ == (take == &DumpReader::Header)) {
      return BadLine(begun_ ? "a second header" : "a dump begins with `roster_dump`");
    }
    if (ended_) return BadLine("a line behind the end of the dump");
    return (this->*take)(line);
  }
  return BadLine("not a line of a dump");
}

absl::Status DumpReader::Header(dom::object line) {
  ROSTER_ASSIGN_OR_RETURN(const int64_t version, NumberOf(line, "roster_dump", 1, INT64_MAX));
  if (version != kDumpVersion) {
    return MakeError(ErrorCode::kErr, StrCat("a dump of a newer version: ", version));
  }
  ROSTER_ASSIGN_OR_RETURN(const int64_t lsn, NumberOf(line, "lsn", 0, INT64_MAX));
  ROSTER_ASSIGN_OR_RETURN(const Timestamp clock, TimeMember(line, "clock"));
  at_ = clock;
  if (line["at"].error() != simdjson::NO_SUCH_FIELD) {
    ROSTER_ASSIGN_OR_RETURN(const Timestamp at, TimeMember(line, "at"));
    at_ = std::max(at_, at);
  }
  ROSTER_ASSIGN_OR_RETURN(const std::string_view digest, TextOf(line, "digest"));
  ROSTER_ASSIGN_OR_RETURN(const int64_t num_ids, NumberOf(line, "profile_ids", 0, kMaxProfileIds));
  lsn_ = {static_cast<uint64_t>(lsn)};
  digest_ = digest;
  // So that times are not of the future while the dump is read.
  ROSTER_RETURN_IF_ERROR(Apply(Advance{clock}));
  num_ids_ = num_ids;
  for (const TraitId id : kKept) kept_.emplace_back(store_.state().column(id).type());
  begun_ = true;
  return absl::OkStatus();
}

absl::Status DumpReader::Namespace(dom::object line) {
  ROSTER_ASSIGN_OR_RETURN(const std::string_view name, TextOf(line, "namespace"));
  ROSTER_ASSIGN_OR_RETURN(const int64_t kind, NumberOf(line, "kind", 1, 4));
  ROSTER_ASSIGN_OR_RETURN(const int64_t rank, NumberOf(line, "rank", 0, 255));
  ROSTER_ASSIGN_OR_RETURN(const int64_t limit, NumberOf(line, "limit", 0, 0xffffffff));
  return Apply(DeclareNamespace{{std::string(name), static_cast<NamespaceKind>(kind),
                                 static_cast<uint8_t>(rank), static_cast<uint32_t>(limit)}});
}

absl::Status DumpReader::Trait(dom::object line) {
  ROSTER_ASSIGN_OR_RETURN(const std::string_view name, TextOf(line, "trait"));
  ROSTER_ASSIGN_OR_RETURN(const ValueType type, TypeMember(line));
  ROSTER_ASSIGN_OR_RETURN(const uint8_t scale, ScaleMember(line));
  return Apply(DeclareTrait{std::string(name), type, scale});
}

absl::Status DumpReader::EventType(dom::object line) {
  ROSTER_ASSIGN_OR_RETURN(const std::string_view name, TextOf(line, "event_type"));
  ROSTER_RETURN_IF_ERROR(Apply(DeclareEvent{std::string(name)}));
  const EventTypeId id = *schema().FindEvent(name);
  int64_t ms = 0;
  if (line["keep_ms"].get(ms) == simdjson::SUCCESS) {
    ROSTER_RETURN_IF_ERROR(Apply(SetRetention{id, ms}));
  }
  if (line["gone_before_ms"].get(ms) == simdjson::SUCCESS) {
    ROSTER_RETURN_IF_ERROR(Apply(ExpireEvents{id, {ms}}));
  }
  return absl::OkStatus();
}

absl::Status DumpReader::Property(dom::object line) {
  ROSTER_ASSIGN_OR_RETURN(const std::string_view name, TextOf(line, "property"));
  ROSTER_ASSIGN_OR_RETURN(const std::string_view of, TextOf(line, "of"));
  ROSTER_ASSIGN_OR_RETURN(const ValueType type, TypeMember(line));
  ROSTER_ASSIGN_OR_RETURN(const uint8_t scale, ScaleMember(line));
  const std::optional<EventTypeId> event = schema().FindEvent(of);
  if (!event) return BadLine("a property of an unknown event type");
  return Apply(DeclareProperty{*event, std::string(name), type, scale});
}

absl::Status DumpReader::Options(dom::object line) {
  ROSTER_ASSIGN_OR_RETURN(const std::string_view name, TextOf(line, "options_of"));
  ROSTER_ASSIGN_OR_RETURN(const int64_t policy, NumberOf(line, "policy", 0, 255));
  const std::optional<TraitId> id = schema().FindTrait(name);
  if (!id) return BadLine("options of an unknown trait");
  AlterTrait alter{*id, {}};
  std::string_view display;
  if (line["display"].get(display) == simdjson::SUCCESS) alter.info.display = display;
  alter.info.policy = static_cast<TraitPolicy>(policy);
  alter.info.searchable = IsTrue(line, "searchable");
  alter.info.indexed = IsTrue(line, "indexed");
  return Apply(alter);
}

absl::Status DumpReader::Definition(dom::object line) {
  ROSTER_ASSIGN_OR_RETURN(const std::string_view name, TextOf(line, "definition"));
  ROSTER_ASSIGN_OR_RETURN(const std::string_view text, TextOf(line, "text"));
  return Apply(Define{std::string(name), std::string(text)});
}

absl::Status DumpReader::Former(dom::object line) {
  if (all_named_) return BadLine("an identity behind what profiles have");
  dom::element former;
  if (line["former"].get(former) != simdjson::SUCCESS) return BadLine("`former` is missing");
  ROSTER_ASSIGN_OR_RETURN(const auto identity, Identity(former));
  ROSTER_ASSIGN_OR_RETURN(const uint64_t of, IdMember(line, "of"));
  if (!id_here_.contains(of)) {
    ROSTER_RETURN_IF_ERROR(NameProfile(of).status());
    awaited_.insert(of);
  }
  const ProfileId profile = id_here_.at(of);
  const IdentityId id{static_cast<uint32_t>(store_.state().identities.size())};
  ROSTER_RETURN_IF_ERROR(
      Apply(AttachIdentity{profile, id, identity.first, std::string(identity.second), {}}));
  ROSTER_RETURN_IF_ERROR(Apply(MoveIdentity{id, profile, IdentityStanding::kFormer}));
  formers_.push_back(id);
  if (line["home"].error() == simdjson::NO_SUCH_FIELD) return absl::OkStatus();
  ROSTER_ASSIGN_OR_RETURN(const uint64_t home, IdMember(line, "home"));
  homes_.emplace_back(id, ProfileId{home});
  return absl::OkStatus();
}

// An identity that somebody had who is erased: here, too.
absl::Status DumpReader::Gone(dom::object line) {
  ROSTER_ASSIGN_OR_RETURN(const std::string_view name, TextOf(line, "gone"));
  const std::optional<NamespaceId> space = schema().FindNamespace(name);
  if (!space) return BadLine("an identity of an unknown namespace");
  all_named_ = true;
  const ProfileId somebody{store_.state().profiles.size() + 1};
  const IdentityId id{static_cast<uint32_t>(store_.state().identities.size())};
  ROSTER_RETURN_IF_ERROR(Apply(CreateProfile{somebody, at_, "dump"}));
  ROSTER_RETURN_IF_ERROR(Apply(AttachIdentity{somebody, id, *space, "gone", {}}));
  ROSTER_RETURN_IF_ERROR(Apply(EraseProfile{somebody}));
  gone_.push_back(id);
  return absl::OkStatus();
}

absl::Status DumpReader::Profile(dom::object line) {
  if (all_named_) return BadLine("a profile behind what profiles have");
  ROSTER_ASSIGN_OR_RETURN(const uint64_t named, IdMember(line, "profile"));
  if (awaited_.erase(named) == 0) ROSTER_RETURN_IF_ERROR(NameProfile(named).status());
  const ProfileId profile = id_here_.at(named);
  dom::array merged;
  if (line["merged"].get(merged) == simdjson::SUCCESS) {
    for (const dom::element element : merged) {
      uint64_t id = 0;
      const bool known =
          element.get(id) == simdjson::SUCCESS && id > 0 && id <= static_cast<uint64_t>(num_ids_);
      if (!known) return BadLine("`merged` has an id that cannot be there");
      ROSTER_ASSIGN_OR_RETURN(const ProfileId loser, NameProfile(id));
      ROSTER_RETURN_IF_ERROR(Apply(MergeProfiles{loser, profile, {}, kNoOrigin}));
    }
  }
  return Identities(line, profile);
}

absl::Status DumpReader::Identities(dom::object line, ProfileId profile) {
  dom::array identities;
  if (line["identities"].get(identities) != simdjson::SUCCESS) {
    return BadLine("`identities` is to be a list");
  }
  absl::flat_hash_map<uint64_t, IdentityStanding> standings;
  for (const auto& [name, standing] : {std::pair("retired", IdentityStanding::kRetired),
                                       std::pair("logged_out", IdentityStanding::kLoggedOut)}) {
    dom::array list;
    if (line[name].get(list) != simdjson::SUCCESS) continue;
    for (const dom::element element : list) {
      uint64_t place = 0;
      if (element.get(place) != simdjson::SUCCESS) {
        return BadLine(StrCat("`", name, "` is to be a list of places"));
      }
      standings[place] = standing;
    }
  }
  dom::array homes;
  const bool has_homes = line["homes"].get(homes) == simdjson::SUCCESS;
  auto home = has_homes ? homes.begin() : dom::array::iterator();
  uint64_t place = 0;
  for (const dom::element element : identities) {
    ROSTER_ASSIGN_OR_RETURN(const auto identity, Identity(element));
    const IdentityId id{static_cast<uint32_t>(store_.state().identities.size())};
    ROSTER_RETURN_IF_ERROR(
        Apply(AttachIdentity{profile, id, identity.first, std::string(identity.second), {}}));
    if (const auto it = standings.find(place++); it != standings.end()) {
      ROSTER_RETURN_IF_ERROR(Apply(MoveIdentity{id, profile, it->second}));
    }
    if (!has_homes) continue;
    if (!(home != homes.end())) return BadLine("`homes` is to be as long as `identities`");
    uint64_t at = 0;
    const bool known =
        (*home).get(at) == simdjson::SUCCESS && at <= static_cast<uint64_t>(num_ids_);
    if (!known) return BadLine("`homes` has an id that cannot be there");
    if (at != 0) homes_.emplace_back(id, ProfileId{at});
    ++home;
  }
  return absl::OkStatus();
}

absl::StatusOr<ProfileId> DumpReader::NameProfile(uint64_t id) {
  const ProfileId here{id_there_.size() + 1};
  if (!id_here_.emplace(id, here).second) {
    return BadLine(StrCat("profile ", id, " was there before"));
  }
  id_there_.push_back(id);
  ROSTER_RETURN_IF_ERROR(Apply(CreateProfile{here, {}, {}}));
  return here;
}

absl::StatusOr<ProfileId> DumpReader::Holder(dom::object line, const char* name) {
  all_named_ = true;
  ROSTER_ASSIGN_OR_RETURN(const uint64_t id, IdMember(line, name));
  const auto it = id_here_.find(id);
  if (it == id_here_.end()) return BadLine("something of a profile not there");
  return it->second;
}

absl::Status DumpReader::Traits(dom::object line) {
  ROSTER_ASSIGN_OR_RETURN(const ProfileId profile, Holder(line, "traits_of"));
  dom::object traits;
  if (line["traits"].get(traits) != simdjson::SUCCESS)
    return BadLine("`traits` is to be an object");
  for (const auto [name, element] : traits) {
    const std::optional<TraitId> id = schema().FindTrait(name);
    if (!id) return BadLine("an unknown trait");
    dom::object cell;
    if (element.get(cell) != simdjson::SUCCESS) return BadLine("a trait is to be an object");
    ROSTER_RETURN_IF_ERROR(Cell(profile, *id, cell));
  }
  return absl::OkStatus();
}

absl::Status DumpReader::Cell(ProfileId profile, TraitId id, dom::object cell) {
  const TraitInfo& info = schema().trait(id);
  ROSTER_ASSIGN_OR_RETURN(const Timestamp time, TimeMember(cell, "at"));
  ROSTER_ASSIGN_OR_RETURN(const IdentityId origin, Origin(cell));
  dom::element element;
  if (cell["value"].get(element) != simdjson::SUCCESS) return BadLine("a trait without `value`");
  std::optional<Value> value;
  if (!element.is_null()) {
    value = ParseValue(element, info.type, info.scale);
    if (!value) return BadLine(StrCat("a value that is not of type ", TypeName(info.type)));
  }
  if (info.system) {
    Column& column = kept_[static_cast<size_t>(std::ranges::find(kKept, id) - kKept)];
    std::optional<int64_t> bits;
    if (value) bits = EncodeCell(column.type(), *value);
    column.Set(*store_.state().FindProfile(profile), bits, {time, origin}, &kept_stamps_);
    return absl::OkStatus();
  }
  return Apply(SetTrait{profile, id, std::move(value).value_or(Value()), time, origin});
}

absl::Status DumpReader::Event(dom::object line) {
  ROSTER_ASSIGN_OR_RETURN(const std::string_view name, TextOf(line, "event"));
  const std::optional<EventTypeId> type = schema().FindEvent(name);
  if (!type) return BadLine("an event of an unknown type");
  AddEvent event;
  event.event = *type;
  ROSTER_ASSIGN_OR_RETURN(event.profile, Holder(line, "of"));
  ROSTER_ASSIGN_OR_RETURN(event.time, TimeMember(line, "at"));
  ROSTER_ASSIGN_OR_RETURN(event.origin, Origin(line));
  ROSTER_ASSIGN_OR_RETURN(const std::string_view id, TextOf(line, "id"));
  const char* const end = id.data() + id.size();
  if (id.empty() || std::from_chars(id.data(), end, event.id.value).ptr != end) {
    return BadLine("`id` is to be a number of 64 bits, as text");
  }
  ROSTER_RETURN_IF_ERROR(Properties(line, &event));
  ++num_event_lines_;
  return Apply(event);
}

absl::Status DumpReader::Properties(dom::object line, AddEvent* event) const {
  const EventTypeInfo& info = schema().event(event->event);
  std::string_view misfits;
  if (line["misfits"].get(misfits) == simdjson::SUCCESS) {
    event->properties.emplace_back(kMisfits, Json{std::string(misfits)});
  }
  dom::object properties;
  if (line["properties"].get(properties) != simdjson::SUCCESS) return absl::OkStatus();
  for (const auto [name, element] : properties) {
    const std::optional<PropertyId> id = info.FindProperty(name);
    if (!id) return BadLine("an unknown property");
    const PropertyInfo& property = info.properties[id->value];
    std::optional<Value> value = ParseValue(element, property.type, property.scale);
    if (!value) return BadLine(StrCat("a value that is not of type ", TypeName(property.type)));
    event->properties.emplace_back(*id, *std::move(value));
  }
  return absl::OkStatus();
}

absl::Status DumpReader::Trailer(dom::object line) {
  constexpr int64_t kMax = INT64_MAX;
  ROSTER_ASSIGN_OR_RETURN(const int64_t num_profiles, NumberOf(line, "end_of_dump", 0, kMax));
  ROSTER_ASSIGN_OR_RETURN(const int64_t num_events, NumberOf(line, "events", 0, kMax));
  ROSTER_ASSIGN_OR_RETURN(const int64_t num_records, NumberOf(line, "records", 0, kMax));
  const State& state = store_.state();
  const uint64_t records_given = num_event_lines_ - state.num_events();
  if (state.num_profiles != static_cast<uint64_t>(num_profiles) ||
      state.num_events() != static_cast<uint64_t>(num_events) ||
      records_given != static_cast<uint64_t>(num_records)) {
    return BadLine(StrCat("the dump says ", num_profiles, " profiles, ", num_events, " events and ",
                          num_records, " records of the store's own, its lines give ",
                          state.num_profiles, ", ", state.num_events(), " and ", records_given));
  }
  ended_ = true;
  return absl::OkStatus();
}

absl::StatusOr<std::pair<NamespaceId, std::string_view>> DumpReader::Identity(
    dom::element pair) const {
  dom::object object;
  if (pair.get(object) == simdjson::SUCCESS && object.size() == 1) {
    const auto [space, element] = *object.begin();
    std::string_view value;
    const std::optional<NamespaceId> id = schema().FindNamespace(space);
    if (id && element.get(value) == simdjson::SUCCESS) return std::pair(*id, value);
  }
  return BadLine("an identity is to be {\"namespace\":\"value\"} of a known namespace");
}

absl::StatusOr<IdentityId> DumpReader::Origin(dom::object line) const {
  const auto one_of = [&](const char* name, const std::vector<IdentityId>& ids) {
    const absl::StatusOr<int64_t> place =
        NumberOf(line, name, 0, static_cast<int64_t>(ids.size()) - 1);
    return place.ok() ? absl::StatusOr<IdentityId>(ids[static_cast<size_t>(*place)])
                      : place.status();
  };
  if (line["by_gone"].error() != simdjson::NO_SUCH_FIELD) return one_of("by_gone", gone_);
  dom::element by;
  if (line["by"].get(by) != simdjson::SUCCESS) return kNoOrigin;
  if (line["by_former"].error() != simdjson::NO_SUCH_FIELD) {
    return one_of("by_former", formers_);
  }
  ROSTER_ASSIGN_OR_RETURN(const auto identity, Identity(by));
  const auto id = store_.state().identities.Find(identity.first, identity.second);
  if (!id) return BadLine("an origin that no profile has");
  return *id;
}

absl::StatusOr<uint64_t> DumpReader::IdMember(dom::object line, const char* name) const {
  ROSTER_ASSIGN_OR_RETURN(const int64_t id, NumberOf(line, name, 1, num_ids_));
  return static_cast<uint64_t>(id);
}

void DumpReader::SetIds(State* state) const {
  std::vector<uint64_t> ids = id_there_;
  std::ranges::sort(ids);
  Profiles profiles;
  for (const uint64_t id : ids) {
    const RowId row = *state->FindProfile(id_here_.at(id));
    const ProfileId owner{id_there_[store_.state().ProfileAt(row).value - 1]};
    profiles.AddErased(id - 1 - profiles.size());
    profiles.AddAnswered(row, owner);
    state->profile_of_row.Set(row.value, owner.value);
  }
  profiles.AddErased(static_cast<uint64_t>(num_ids_) - profiles.size());
  state->profiles = std::move(profiles);
}

absl::Status DumpReader::Finish(Store* store) {
  if (!ended_) return BadLine("the dump is cut: its last line is missing");
  State state = store_.state();
  for (size_t k = 0; k < kept_.size(); ++k) {
    Column& column = state.columns[kKept[k].value].Mutable();
    for (RowId row{0}; row.value < state.num_rows(); ++row.value) {
      column.Forget(row, &state.stamps);
      const std::optional<Stamp> stamp = kept_[k].StampOf(row, kept_stamps_);
      if (!stamp) continue;
      std::optional<int64_t> bits;
      if (kept_[k].Has(row)) bits = kept_[k].Bits(row);
      column.Set(row, bits, *stamp, &state.stamps);
    }
  }
  SetIds(&state);
  for (const auto& [id, home] : homes_) {
    state.identities.LoadExtra(id, state.identities.StandingOf(id), home);
  }
  const StorePending here = store_.Pending();
  StorePending pending{here.clock, {}};
  for (const auto& [time, profile] : here.seen_later.Sorted()) {
    pending.seen_later.Add(time, {id_there_[profile.value - 1]});
  }
  store->Restore(std::move(state), pending, lsn_);
  const std::string digest = DigestToHex(DigestOf(store->TakeView(store->clock())));
  if (digest == digest_) return absl::OkStatus();
  return BadLine(StrCat("the state has digest ", digest, ", the dump says ", digest_));
}

// Of a line that is no JSON object. Errors: always one; of `next`.
absl::Status NotALine(const std::function<absl::StatusOr<std::optional<std::string>>()>& next) {
  ROSTER_ASSIGN_OR_RETURN(const std::optional<std::string> more, next());
  return BadLine(more ? "not a JSON object"
                      : "not a JSON object, and none follows: the dump is cut");
}

}  // namespace

absl::StatusOr<Timestamp> ReadDump(
    const std::function<absl::StatusOr<std::optional<std::string>>()>& next, Store* store) {
  DumpReader reader;
  dom::parser parser;
  for (uint64_t number = 1;; ++number) {
    ROSTER_ASSIGN_OR_RETURN(const std::optional<std::string> text, next());
    if (!text) break;
    dom::object line;
    const bool is_object = parser.parse(*text).get(line) == simdjson::SUCCESS;
    const absl::Status taken = is_object ? reader.Take(line) : NotALine(next);
    if (taken.ok()) continue;
    return MakeError(ErrorCodeOf(taken), StrCat("line ", number, ": ", StdView(taken.message())));
  }
  ROSTER_RETURN_IF_ERROR(reader.Finish(store));
  return reader.at();
}

}  // namespace roster
