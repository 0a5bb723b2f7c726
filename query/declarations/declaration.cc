// SPDX-License-Identifier: Apache-2.0
#include "query/declarations/declaration.h"

#include "storage/base/text.h"

namespace roster::query::ast {
namespace {

// Calls f(element), with a comma between each two.
template <typename T, typename F>
void Listed(const std::vector<T>& elements, std::string* out, F f) {
  for (const T& element : elements) {
    if (&element != &elements.front()) *out += ", ";
    f(element);
  }
}

std::string OptionsText(const TraitOptions& options) {
  std::string text;
  if (options.display) text += StrCat(" display ", QuoteText(*options.display));
  if (options.searchable) text += *options.searchable ? " searchable" : " not searchable";
  if (options.indexed) text += *options.indexed ? " indexed" : " not indexed";
  if (options.policy) text += StrCat(" policy ", Spelling(*options.policy));
  return text;
}

std::string Print(const DeclareTrait& trait) {
  return StrCat("declare trait ", QuoteName(trait.name.text), " ", ToText(trait.type),
                OptionsText(trait.options));
}

std::string Print(const AlterTrait& trait) {
  return StrCat("alter trait ", QuoteName(trait.name.text), OptionsText(trait.options));
}

std::string Print(const DeclareEvent& event) {
  std::string text = StrCat("declare event ", QuoteText(event.name.text));
  if (event.properties.empty()) return text;
  text += " (";
  Listed(event.properties, &text, [&](const DeclaredProperty& property) {
    text += StrCat(QuoteName(property.name.text), " ", ToText(property.type));
  });
  return text + ")";
}

std::string Print(const DeclareNamespace& space) {
  std::string text =
      StrCat("declare namespace ", QuoteName(space.name.text), " kind ", Spelling(space.kind));
  if (space.rank) text += StrCat(" rank ", *space.rank);
  if (space.limit) text += StrCat(" limit ", *space.limit);
  if (space.immutable) text += " immutable";
  if (space.unique) text += " unique";
  if (space.blocked.empty()) return text;
  text += " blocked (";
  Listed(space.blocked, &text, [&](const Literal& value) { text += ToText(value); });
  return text + ")";
}

std::string Print(const DeclareAnonymous& anonymous) {
  using When = DeclareAnonymous::When;
  std::string text = "declare anonymous profiles ";
  if (anonymous.when == When::kAlways) return text + "always";
  if (anonymous.when == When::kNever) return text + "never";
  text += "on ";
  Listed(anonymous.events, &text, [&](const Name& event) { text += QuoteText(event.text); });
  return text;
}

std::string Print(const AlterNamespace& space) {
  return StrCat("alter namespace ", QuoteName(space.name.text), " limit ", space.limit);
}

std::string Print(const DefineSegment& segment) {
  std::string text = StrCat(segment.altered ? "alter" : "define", " segment ",
                            QuoteText(segment.name.text), " as ", ToText(segment.filter));
  if (segment.describe) text += StrCat(" describe ", ToText(*segment.describe));
  return text;
}

std::string Print(const DefineStatic& segment) {
  std::string text = StrCat("define static segment ", QuoteText(segment.name.text), " from ");
  if (!segment.from.empty()) {
    text += ToText(segment.from[0]);
  } else {
    text += "(";
    Listed(segment.members, &text, [&](const Literal& member) { text += ToText(member); });
    text += ")";
  }
  if (segment.describe) text += StrCat(" describe ", ToText(*segment.describe));
  return text;
}

std::string Print(const DefineGoal& goal) {
  std::string text = StrCat("define goal ", QuoteText(goal.name.text), " as ");
  Listed(goal.any_of, &text, [&](const Events& events) {
    text += QuoteText(events.event.text);
    if (!events.where.empty()) text += StrCat(" where (", ToText(events.where[0]), ")");
  });
  return text;
}

std::string Print(const DefineInterest& interest) {
  std::string text = StrCat("define interest ", QuoteText(interest.name.text), " as ");
  Listed(interest.properties, &text, [&](const EventProperty& of) {
    text += StrCat(QuoteText(of.event.text), ".", QuoteName(of.property.text));
  });
  if (interest.half_life) text += StrCat(" half life ", ToText(*interest.half_life));
  return text;
}

std::string Print(const DefineEngagement& engagement) {
  std::string text = "define engagement as ";
  Listed(engagement.points, &text, [&](const Points& points) {
    text += StrCat(QuoteText(points.event.text), " ", points.each.ToText(), " points");
    if (points.cap) text += StrCat(" cap ", points.cap->ToText());
    if (points.window) text += StrCat(" ", ToText(*points.window));
  });
  text += " levels ";
  Listed(engagement.levels, &text,
         [&](const Level& level) { text += StrCat(ToText(level.name), " ", level.from.ToText()); });
  return text;
}

std::string Print(const DefineCarry& carry) {
  std::string text = StrCat("define carry ", QuoteText(carry.name.text), " as session.",
                            QuoteName(carry.property.text), " to ", QuoteName(carry.trait.text));
  text += carry.on_end ? " on end" : " on identify";
  if (carry.on_end && carry.on_identify) text += ", identify";
  return text;
}

std::string Print(const DefineTrait& trait) {
  return StrCat("define trait ", QuoteName(trait.name.text), " as ", ToText(trait.aggregate));
}

std::string Print(const DefineView& view) {
  return StrCat("define view ", QuoteText(view.name.text), " as ", ShapeText(view.shape));
}

std::string Print(const Action& action) {
  switch (action.what) {
    case Action::What::kAddLabel:
      return StrCat("add label ", ToText(action.text));
    case Action::What::kRemoveLabel:
      return StrCat("remove label ", ToText(action.text));
    case Action::What::kSet:
      return StrCat("set ", QuoteName(action.trait.text), " = ", ToText(action.value));
    case Action::What::kNotify:
      break;
  }
  return StrCat("notify ", ToText(action.text));
}

std::string Print(const DefineRule& rule) {
  std::string text = StrCat("define rule ", QuoteText(rule.name.text), " when ", ToText(rule.when));
  text += " then ";
  Listed(rule.then, &text, [&](const Action& action) { text += Print(action); });
  if (!rule.otherwise.empty()) text += " else ";
  Listed(rule.otherwise, &text, [&](const Action& action) { text += Print(action); });
  return text;
}

std::string Print(const Drop& drop) {
  std::string text = StrCat("drop ", Spelling(drop.kind));
  if (drop.kind == Defined::kEngagement) return text;
  return StrCat(text, " ", QuoteText(drop.name.text));
}

std::string Print(const Retain& retain) {
  const std::string keep = retain.keep ? ToText(*retain.keep) : "forever";
  switch (retain.what) {
    case Retain::What::kEvents:
      return StrCat("retain ", QuoteText(retain.event.text), " ", keep);
    case Retain::What::kHistory:
      return StrCat("retain history ", keep);
    case Retain::What::kAnonymous:
      return StrCat("retain anonymous ", keep);
  }
  return "";
}

}  // namespace

std::string ToText(const Declaration& declaration) {
  std::string text = std::visit([](const auto& what) { return Print(what); }, declaration.what);
  if (declaration.time_zone) text += StrCat(" at time zone ", ToText(*declaration.time_zone));
  return text;
}

std::string ToText(ValueInfo type) {
  static constexpr const char* kWords[] = {"",     "text",      "integer", "number", "boolean",
                                           "date", "timestamp", "decimal", "list",   "json"};
  const char* const word = kWords[static_cast<size_t>(type.type)];
  return type.type == ValueType::kDecimal ? StrCat(word, "(", type.scale, ")") : word;
}

const char* Spelling(TraitPolicy policy) {
  static constexpr const char* kWords[] = {"latest", "earliest", "primary", "nonempty",
                                           "max",    "min",      "sum",     "union"};
  return kWords[static_cast<size_t>(policy)];
}

const char* Spelling(NamespaceKind kind) {
  static constexpr const char* kWords[] = {"", "person", "contact", "device", "anonymous"};
  return kWords[static_cast<size_t>(kind)];
}

const char* Spelling(Defined kind) {
  static constexpr const char* kWords[] = {"segment", "goal",  "interest", "engagement",
                                           "carry",   "trait", "view",     "rule"};
  return kWords[static_cast<size_t>(kind)];
}

}  // namespace roster::query::ast
