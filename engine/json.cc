// SPDX-License-Identifier: Apache-2.0
//
// Implements roster/json.h with simdjson. Thread rule: pure; each thread keeps a parser.
#include "roster/json.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "engine/json_position.h"
#include "engine/limits.h"
#include "query/errors.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"

namespace roster {
namespace {

namespace dom = simdjson::dom;

absl::Status BadJson(std::string_view json, simdjson::error_code error) {
  const std::optional<ErrorPosition> at = FindJsonError(json);
  if (!at) return MakeError(ErrorCode::kParse, StrCat("JSON: ", simdjson::error_message(error)));
  if (at->offset >= json.size()) {
    return MakeError(ErrorCode::kParse, "not JSON: it ends too early", at);
  }
  return MakeError(ErrorCode::kParse, StrCat("not JSON from byte ", at->offset, " on"), at);
}

absl::Status WrongType(std::string_view member, std::string_view expected) {
  return MakeError(ErrorCode::kType, StrCat("`", member, "` is to be ", expected));
}

// Lifetime: the element until the thread's next call.
absl::StatusOr<dom::element> ParseElement(std::string_view json) {
  thread_local dom::parser parser;
  dom::element root;
  if (const auto error = parser.parse(json.data(), json.size()).get(root)) {
    return BadJson(json, error);
  }
  return root;
}

bool IsPlain(dom::element element) { return !element.is_object() && !element.is_array(); }

std::string PlainText(dom::element element) {
  std::string_view text;
  if (element.get(text) == simdjson::SUCCESS) return std::string(text);
  return simdjson::minify(element);
}

Value ArrayValue(dom::array array) {
  TextList list;
  for (const dom::element element : array) {
    if (!IsPlain(element)) return Json{simdjson::minify(array)};
    list.push_back(PlainText(element));
  }
  return list;
}

// Integers that a double holds exactly are numbers, so that all numbers of JSON infer one type.
Value IntegerValue(int64_t integer) {
  constexpr int64_t kExact = int64_t{1} << 53;
  if (integer >= -kExact && integer <= kExact) return static_cast<double>(integer);
  return integer;
}

Value PlainValue(dom::element element) {
  switch (element.type()) {
    case dom::element_type::STRING:
      return std::string(element.get_string().value_unsafe());
    case dom::element_type::INT64:
      return IntegerValue(element.get_int64().value_unsafe());
    case dom::element_type::UINT64:
      return static_cast<double>(element.get_uint64().value_unsafe());
    case dom::element_type::DOUBLE:
      return element.get_double().value_unsafe();
    case dom::element_type::BOOL:
      return element.get_bool().value_unsafe();
    case dom::element_type::ARRAY:
      return ArrayValue(element.get_array().value_unsafe());
    default:
      return {};
  }
}

// Objects flattened with dots. Stops at the limits of one item, so that names cannot multiply.
absl::Status Flatten(const std::string& prefix, dom::object object, std::vector<Field>* fields) {
  for (const auto [key, element] : object) {
    std::string name = prefix.empty() ? std::string(key) : StrCat(prefix, ".", key);
    if (name.size() > kMaxNameBytes) {
      return MakeError(ErrorCode::kLimit,
                       StrCat("name longer than ", kMaxNameBytes, " bytes: trait or property"));
    }
    if (fields->size() == kMaxItemFields) {
      return MakeError(ErrorCode::kLimit,
                       StrCat("more than ", kMaxItemFields, " fields in one item"));
    }
    dom::object nested;
    if (element.get(nested) == simdjson::SUCCESS) {
      ROSTER_RETURN_IF_ERROR(Flatten(name, nested, fields));
    } else {
      fields->push_back({std::move(name), PlainValue(element)});
    }
  }
  return absl::OkStatus();
}

// A member that is there and not null; an error when it has another type.
template <typename T>
absl::StatusOr<std::optional<T>> Member(dom::object call, std::string_view name,
                                        std::string_view expected) {
  dom::element element;
  if (call[name].get(element) != simdjson::SUCCESS || element.is_null()) return std::nullopt;
  T value;
  if (element.get(value) != simdjson::SUCCESS) return WrongType(name, expected);
  return value;
}

absl::StatusOr<std::string> TextMember(dom::object call, std::string_view name) {
  ROSTER_ASSIGN_OR_RETURN(const auto text, Member<std::string_view>(call, name, "text"));
  return std::string(text.value_or(""));
}

absl::StatusOr<std::optional<Timestamp>> TimeMember(dom::object call, std::string_view name) {
  ROSTER_ASSIGN_OR_RETURN(const std::string text, TextMember(call, name));
  if (text.empty()) return std::nullopt;
  const absl::StatusOr<Timestamp> time = ParseTimestamp(text);
  if (!time.ok()) return WrongType(name, "a time like 2026-11-21T10:00:00Z");
  return *time;
}

absl::StatusOr<std::vector<Field>> FieldsMember(dom::object call, std::string_view name) {
  std::vector<Field> fields;
  ROSTER_ASSIGN_OR_RETURN(const auto object, Member<dom::object>(call, name, "an object"));
  if (object) ROSTER_RETURN_IF_ERROR(Flatten("", *object, &fields));
  return fields;
}

// An id as text; clients also send numbers.
absl::Status AddIdentity(dom::object call, std::string_view member, std::string_view space,
                         std::vector<IdentityRef>* identities) {
  dom::element element;
  if (call[member].get(element) != simdjson::SUCCESS || element.is_null()) {
    return absl::OkStatus();
  }
  if (!element.is_string() && !element.is_int64()) return WrongType(member, "text or an integer");
  identities->push_back({std::string(space), PlainText(element)});
  return absl::OkStatus();
}

absl::StatusOr<std::vector<IdentityRef>> IdentitiesOf(dom::object call) {
  std::vector<IdentityRef> identities;
  ROSTER_RETURN_IF_ERROR(AddIdentity(call, "userId", "external_id", &identities));
  ROSTER_RETURN_IF_ERROR(AddIdentity(call, "anonymousId", "anonymous_id", &identities));
  std::string_view device;
  if (call.at_pointer("/context/device/id").get(device) == simdjson::SUCCESS) {
    identities.push_back({"device_id", std::string(device)});
  }
  ROSTER_ASSIGN_OR_RETURN(const auto more, Member<dom::object>(call, "identities", "an object"));
  if (more) {
    for (const auto [space, element] : *more) {
      ROSTER_RETURN_IF_ERROR(AddIdentity(*more, space, space, &identities));
    }
  }
  return identities;
}

absl::StatusOr<std::string> SourceOf(dom::object call) {
  std::string_view name;
  if (call.at_pointer("/context/integration/name").get(name) == simdjson::SUCCESS) {
    return StrCat("integration: ", name);
  }
  return TextMember(call, "source");
}

// The skew of the client's clock is what lies between its `sentAt` and our receiving: what it says
// of the time is as long ago as it was when it sent. Source: the Segment specification.
template <typename Item>
absl::Status TimeOf(dom::object call, std::optional<Timestamp> batch_sent_at, Item* item) {
  ROSTER_ASSIGN_OR_RETURN(item->time, TimeMember(call, "timestamp"));
  ROSTER_ASSIGN_OR_RETURN(std::optional<Timestamp> sent_at, TimeMember(call, "sentAt"));
  if (!sent_at) sent_at = batch_sent_at;
  if (!item->time || !sent_at) return absl::OkStatus();
  item->ago_ms = sent_at->ms - item->time->ms;
  item->time.reset();
  return absl::OkStatus();
}

absl::StatusOr<std::optional<SessionInfo>> SessionOf(dom::object call) {
  dom::element element;
  if (call["session"].get(element) != simdjson::SUCCESS || element.is_null()) return std::nullopt;
  SessionInfo session;
  dom::object object;
  if (element.get(object) != simdjson::SUCCESS) {
    if (!element.is_string() && !element.is_int64()) {
      return WrongType("session", "an id or an object");
    }
    session.id = PlainText(element);
    return session;
  }
  const std::pair<std::string_view, std::string*> texts[] = {{"id", &session.id},
                                                             {"kind", &session.kind},
                                                             {"channel", &session.channel},
                                                             {"name", &session.name},
                                                             {"platform", &session.platform}};
  for (const auto& [name, text] : texts) {
    ROSTER_ASSIGN_OR_RETURN(*text, TextMember(object, name));
  }
  if (session.id.empty()) return MakeError(ErrorCode::kParse, "`session` has no id");
  ROSTER_ASSIGN_OR_RETURN(session.start, TimeMember(object, "start"));
  ROSTER_ASSIGN_OR_RETURN(session.end, TimeMember(object, "end"));
  ROSTER_ASSIGN_OR_RETURN(session.agent_takeover,
                          Member<bool>(object, "agent_takeover", "true or false"));
  ROSTER_ASSIGN_OR_RETURN(session.properties, FieldsMember(object, "properties"));
  return session;
}

// What identify and the events have in common.
template <typename Item>
absl::Status CommonOf(dom::object call, std::optional<Timestamp> sent_at, Item* item) {
  ROSTER_ASSIGN_OR_RETURN(item->identities, IdentitiesOf(call));
  ROSTER_RETURN_IF_ERROR(TimeOf(call, sent_at, item));
  ROSTER_ASSIGN_OR_RETURN(item->message_id, TextMember(call, "messageId"));
  ROSTER_ASSIGN_OR_RETURN(item->source, SourceOf(call));
  ROSTER_ASSIGN_OR_RETURN(item->channel, TextMember(call, "channel"));
  ROSTER_ASSIGN_OR_RETURN(item->session, SessionOf(call));
  if constexpr (requires { item->authenticated; }) {
    ROSTER_ASSIGN_OR_RETURN(const auto vouches,
                            Member<bool>(call, "authenticated", "true or false"));
    item->authenticated = vouches.value_or(false);
  }
  return absl::OkStatus();
}

using ParsedItem = absl::StatusOr<WriteItem>;

ParsedItem ParseIdentify(dom::object call, std::optional<Timestamp> sent_at) {
  Identify item;
  ROSTER_RETURN_IF_ERROR(CommonOf(call, sent_at, &item));
  ROSTER_ASSIGN_OR_RETURN(item.traits, FieldsMember(call, "traits"));
  for (const Field& field : item.traits) {
    const auto* text = std::get_if<std::string>(&field.value);
    if (text != nullptr && (field.key == "email" || field.key == "phone")) {
      item.identities.push_back({field.key, *text});
    }
  }
  return item;
}

// A member of the call goes before a property of the same name.
void AddText(dom::object from, std::string_view member, std::string_view key,
             std::vector<Field>* fields) {
  std::string_view text;
  if (from[member].get(text) != simdjson::SUCCESS) return;
  std::erase_if(*fields, [&](const Field& field) { return field.key == key; });
  fields->push_back({std::string(key), std::string(text)});
}

absl::Status EventOf(dom::object call, std::optional<Timestamp> sent_at, Track* item) {
  ROSTER_RETURN_IF_ERROR(CommonOf(call, sent_at, item));
  ROSTER_ASSIGN_OR_RETURN(item->properties, FieldsMember(call, "properties"));
  std::string_view campaign;
  if (call.at_pointer("/context/campaign/name").get(campaign) == simdjson::SUCCESS) {
    item->properties.push_back({"campaign", std::string(campaign)});
  }
  return absl::OkStatus();
}

ParsedItem ParseTrack(dom::object call, std::optional<Timestamp> sent_at) {
  Track item;
  ROSTER_RETURN_IF_ERROR(EventOf(call, sent_at, &item));
  ROSTER_ASSIGN_OR_RETURN(item.event, TextMember(call, "event"));
  if (item.event.empty()) return MakeError(ErrorCode::kParse, "`event` is missing");
  ROSTER_ASSIGN_OR_RETURN(const auto important, Member<bool>(call, "important", "true or false"));
  item.important = important.value_or(false);
  return item;
}

ParsedItem ParseView(dom::object call, std::string_view event, std::optional<Timestamp> sent_at) {
  Track item;
  ROSTER_RETURN_IF_ERROR(EventOf(call, sent_at, &item));
  item.event = event;
  if (item.source.empty()) item.source = event.substr(0, event.find('_'));
  AddText(call, "name", "name", &item.properties);
  AddText(call, "category", "category", &item.properties);
  return item;
}

ParsedItem ParseGroup(dom::object call, std::optional<Timestamp> sent_at) {
  Track item;
  ROSTER_RETURN_IF_ERROR(EventOf(call, sent_at, &item));
  item.event = "group";
  if (item.source.empty()) item.source = item.event;
  std::vector<IdentityRef> groups;
  ROSTER_RETURN_IF_ERROR(AddIdentity(call, "groupId", "group", &groups));
  const std::string group = groups.empty() ? "" : groups[0].value;
  if (group.empty()) return MakeError(ErrorCode::kParse, "`groupId` is missing");
  ROSTER_ASSIGN_OR_RETURN(std::vector<Field> traits, FieldsMember(call, "traits"));
  item.traits.push_back({"group.id", group});
  for (const Field& field : traits) {
    item.traits.push_back({StrCat("group.", field.key), field.value});
    item.properties.push_back(field);
  }
  item.properties.push_back({"group_id", group});
  return item;
}

ParsedItem ParseAlias(dom::object call, std::optional<Timestamp> sent_at) {
  Alias item;
  ROSTER_RETURN_IF_ERROR(CommonOf(call, sent_at, &item));
  ROSTER_ASSIGN_OR_RETURN(item.previous, TextMember(call, "previousId"));
  return item;
}

// An identity by its namespace; null is an empty value.
absl::StatusOr<std::vector<IdentityRef>> NewIdentities(dom::object command) {
  std::vector<IdentityRef> identities;
  ROSTER_ASSIGN_OR_RETURN(const auto given,
                          Member<dom::object>(command, "identities", "an object"));
  if (!given) return identities;
  for (const auto [space, element] : *given) {
    if (element.is_null()) {
      identities.push_back({std::string(space), {}});
    } else {
      ROSTER_RETURN_IF_ERROR(AddIdentity(*given, space, space, &identities));
    }
  }
  return identities;
}

ParsedItem ParseCreate(dom::object command) {
  Create item;
  ROSTER_ASSIGN_OR_RETURN(item.identities, IdentitiesOf(command));
  ROSTER_ASSIGN_OR_RETURN(item.traits, FieldsMember(command, "traits"));
  ROSTER_ASSIGN_OR_RETURN(item.source, TextMember(command, "source"));
  ROSTER_ASSIGN_OR_RETURN(const auto orphan, Member<bool>(command, "orphan", "true or false"));
  item.orphan = orphan.value_or(false);
  return item;
}

ParsedItem ParseEdit(dom::object command) {
  Edit item;
  ROSTER_ASSIGN_OR_RETURN(item.identities, NewIdentities(command));
  ROSTER_ASSIGN_OR_RETURN(item.traits, FieldsMember(command, "traits"));
  return item;
}

ParsedItem ParseConsent(dom::object command) {
  Consent item;
  ROSTER_ASSIGN_OR_RETURN(const std::string decision, TextMember(command, "decision"));
  if (decision == "granted") {
    item.decision = Decision::kGranted;
  } else if (decision == "withdrawn") {
    item.decision = Decision::kWithdrawn;
  } else if (decision != "unknown") {
    return MakeError(ErrorCode::kParse, "`decision` is to be granted, withdrawn or unknown");
  }
  const std::pair<std::string_view, std::string*> texts[] = {{"channel", &item.channel},
                                                             {"address", &item.address},
                                                             {"policy", &item.policy},
                                                             {"version", &item.version},
                                                             {"source", &item.source}};
  for (const auto& [name, text] : texts) {
    ROSTER_ASSIGN_OR_RETURN(*text, TextMember(command, name));
  }
  if (item.channel.empty()) return MakeError(ErrorCode::kParse, "`channel` is missing");
  ROSTER_ASSIGN_OR_RETURN(item.time, TimeMember(command, "timestamp"));
  return item;
}

ParsedItem ParseLogout(dom::object command) {
  Logout item;
  ROSTER_ASSIGN_OR_RETURN(item.identities, IdentitiesOf(command));
  ROSTER_ASSIGN_OR_RETURN(item.time, TimeMember(command, "timestamp"));
  return item;
}

constexpr std::string_view kRequestMembers[] = {"cmd", "id", "idem", "timeout_ms", "query"};

// What a command on one profile takes; it is ours alone, so that nothing else has a meaning in it.
struct HandForm {
  std::string_view type;
  std::vector<std::string_view> members;
  ParsedItem (*parse)(dom::object);
};

const HandForm* FindHandForm(std::string_view type) {
  static const std::vector<HandForm> forms = {
      {"create",
       {"identities", "userId", "anonymousId", "traits", "source", "orphan"},
       &ParseCreate},
      {"set", {"traits", "identities"}, &ParseEdit},
      {"consent",
       {"channel", "decision", "address", "policy", "version", "source", "timestamp"},
       &ParseConsent},
      {"logout", {"anonymousId", "userId", "identities", "context", "timestamp"}, &ParseLogout}};
  for (const HandForm& form : forms) {
    if (form.type == type) return &form;
  }
  return nullptr;
}

ParsedItem ParseByHand(const HandForm& form, dom::element element) {
  dom::object command;
  if (element.get(command) != simdjson::SUCCESS) {
    return MakeError(ErrorCode::kParse, StrCat(form.type, " takes a JSON object"));
  }
  for (const auto [key, member] : command) {
    const auto is = [name = key](std::string_view known) { return known == name; };
    if (std::ranges::any_of(form.members, is) || std::ranges::any_of(kRequestMembers, is)) continue;
    return MakeError(ErrorCode::kParse,
                     StrCat("unknown member `", key, "`", query::DidYouMean(key, form.members)));
  }
  return form.parse(command);
}

// A member that nobody knows is passed over, as other tools of the specification have more of them;
// one that is a slip of the pen away from ours would lose data without a word.
absl::Status CheckMembers(dom::object call) {
  static const std::vector<std::string_view> known_members = {
      "type",          "userId",    "anonymousId", "identities",       "messageId",    "timestamp",
      "event",         "traits",    "properties",  "context",          "source",       "sentAt",
      "cmd",           "id",        "idem",        "timeout_ms",       "integrations", "channel",
      "session",       "important", "name",        "category",         "groupId",      "previousId",
      "authenticated", "version",   "receivedAt",  "originalTimestamp"};
  for (const auto [key, element] : call) {
    if (std::find(known_members.begin(), known_members.end(), key) != known_members.end()) continue;
    const std::string hint = query::DidYouMean(key, known_members);
    if (!hint.empty())
      return MakeError(ErrorCode::kParse, StrCat("unknown member `", key, "`", hint));
  }
  return absl::OkStatus();
}

ParsedItem ParseCall(dom::element element, std::string_view default_type,
                     std::optional<Timestamp> sent_at) {
  dom::object call;
  if (element.get(call) != simdjson::SUCCESS) {
    return MakeError(ErrorCode::kParse, "a call is a JSON object");
  }
  ROSTER_RETURN_IF_ERROR(CheckMembers(call));
  ROSTER_ASSIGN_OR_RETURN(std::string type, TextMember(call, "type"));
  if (type.empty()) type = default_type;
  if (type == "identify") return ParseIdentify(call, sent_at);
  if (type == "track") return ParseTrack(call, sent_at);
  if (type == "page") return ParseView(call, "page_view", sent_at);
  if (type == "screen") return ParseView(call, "screen_view", sent_at);
  if (type == "group") return ParseGroup(call, sent_at);
  if (type == "alias") return ParseAlias(call, sent_at);
  return MakeError(
      ErrorCode::kParse,
      StrCat("`type` is to be identify, track, page, screen, group or alias, got: ", type));
}

void AppendText(std::string_view text, std::string* out) {
  constexpr char kHex[] = "0123456789abcdef";
  out->push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        out->append("\\\"");
        break;
      case '\\':
        out->append("\\\\");
        break;
      case '\n':
        out->append("\\n");
        break;
      case '\r':
        out->append("\\r");
        break;
      case '\t':
        out->append("\\t");
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20) {
          out->push_back(c);
        } else {
          out->append({'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]});
        }
    }
  }
  out->push_back('"');
}

void AppendNumber(double number, std::string* out) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  out->append(text.data(), end);
}

}  // namespace

absl::StatusOr<WriteItem> ParseWriteJson(std::string_view json, std::string_view type) {
  ROSTER_ASSIGN_OR_RETURN(const dom::element root, ParseElement(json));
  if (const HandForm* form = FindHandForm(type)) return ParseByHand(*form, root);
  return ParseCall(root, type, std::nullopt);
}

absl::StatusOr<ParsedBatch> ParseBatchJson(std::string_view json) {
  ROSTER_ASSIGN_OR_RETURN(const dom::element root, ParseElement(json));
  ParsedBatch parsed;
  dom::array calls;
  dom::object object;
  std::optional<Timestamp> sent_at;
  if (root.get(object) == simdjson::SUCCESS) {
    ROSTER_ASSIGN_OR_RETURN(const auto atomic, Member<bool>(object, "atomic", "true or false"));
    parsed.batch.atomic = atomic.value_or(false);
    ROSTER_ASSIGN_OR_RETURN(sent_at, TimeMember(object, "sentAt"));
    ROSTER_ASSIGN_OR_RETURN(const auto list, Member<dom::array>(object, "batch", "a list"));
    if (!list) return MakeError(ErrorCode::kParse, "`batch` is missing");
    calls = *list;
  } else if (root.get(calls) != simdjson::SUCCESS) {
    return MakeError(ErrorCode::kParse, "a batch is a list or an object with `batch`");
  }
  for (const dom::element element : calls) {
    absl::StatusOr<WriteItem> item = ParseCall(element, "", sent_at);
    if (item.ok()) {
      parsed.positions.push_back(parsed.num_items);
      parsed.batch.items.push_back(*std::move(item));
    } else {
      parsed.item_errors.emplace_back(parsed.num_items, item.status());
    }
    ++parsed.num_items;
  }
  return parsed;
}

absl::StatusOr<Value> ParseValueJson(std::string_view json) {
  ROSTER_ASSIGN_OR_RETURN(const dom::element root, ParseElement(json));
  int64_t integer = 0;
  if (root.get(integer) == simdjson::SUCCESS) return integer;
  const Value value = PlainValue(root);
  if (root.is_null() || root.is_object() || TypeOf(value) == ValueType::kJson) {
    return MakeError(ErrorCode::kType,
                     "a parameter is text, a number, true, false or a list of text");
  }
  return value;
}

void AppendJson(const Value& value, std::string* out) {
  switch (TypeOf(value)) {
    case ValueType::kNone:
      out->append("null");
      return;
    case ValueType::kText:
      return AppendText(std::get<std::string>(value), out);
    case ValueType::kInteger:
      out->append(StrCat(std::get<int64_t>(value)));
      return;
    case ValueType::kNumber:
      return AppendNumber(std::get<double>(value), out);
    case ValueType::kBoolean:
      out->append(std::get<bool>(value) ? "true" : "false");
      return;
    case ValueType::kDate:
      return AppendText(FormatDate(std::get<Date>(value)), out);
    case ValueType::kTimestamp:
      return AppendText(FormatTimestamp(std::get<Timestamp>(value)), out);
    case ValueType::kDecimal:
      out->append(FormatDecimal(std::get<Decimal>(value)));
      return;
    case ValueType::kTextList: {
      const auto& list = std::get<TextList>(value);
      for (size_t i = 0; i < list.size(); ++i) {
        out->push_back(i == 0 ? '[' : ',');
        AppendText(list[i], out);
      }
      out->append(list.empty() ? "[]" : "]");
      return;
    }
    case ValueType::kJson:
      out->append(std::get<Json>(value).text);
      return;
  }
}

}  // namespace roster
