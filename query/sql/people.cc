// SPDX-License-Identifier: Apache-2.0
//
// Logic, and questions about who somebody is: traits, identities, labels, consent.
#include "query/sql/emitter.h"
#include "query/sql/tables.h"
#include "storage/base/text.h"

namespace roster::query {
namespace {

const char* Spelled(NamespaceKind kind) {
  switch (kind) {
    case NamespaceKind::kPerson:
      return "person";
    case NamespaceKind::kContact:
      return "contact";
    case NamespaceKind::kDevice:
      return "device";
    case NamespaceKind::kAnonymous:
      return "anonymous";
  }
  return "";
}

}  // namespace

std::string Emitter::Filter(const BoundFilter& filter) {
  return std::visit([&](const auto& node) { return Node(node); }, filter.node);
}

std::string Emitter::Node(const BoundLogic& logic) {
  return Logic(logic, [&](const BoundFilter& child) { return Filter(child); });
}

std::string Emitter::Node(const BoundNever&) { return "FALSE"; }

std::string Emitter::Node(const BoundTrait& trait) {
  return Cell(TraitOf(trait.trait), trait.predicate);
}

std::string Emitter::Node(const BoundProperty&) {
  return Refuse("a property outside of an event");  // IsMeant asks about them
}

std::string Emitter::Node(const BoundIdentity& identity) {
  const NamespaceInfo& space = schema_.name_space(identity.name_space);
  const auto among = [&](const std::string& condition) {
    return StrCat("p._profile IN (SELECT i._profile FROM ", kIdentitiesTable,
                  " i WHERE i.namespace = ", Text(space.name), condition, ")");
  };
  const SqlValue value{"i.value", "TRUE", {ValueType::kText, 0}, "i._folded_value"};
  const std::string passes = StrCat(" AND ", Cell(value, {identity.predicate.test, false}));
  if (!identity.predicate.negated) return among(passes);
  return StrCat("(", among(""), " AND NOT ", among(passes), ")");
}

std::string Emitter::Node(const BoundLabel& label) {
  const SqlValue value{"l.label", "TRUE", {ValueType::kText, 0}};
  return StrCat("p._profile IN (SELECT l._profile FROM ", kLabelsTable, " l WHERE ",
                Cell(value, {TextSet{label.labels}, false}), ")");
}

std::string Emitter::Node(const BoundMembers&) {
  return Refuse("a static segment");  // ids that were merged lead to others
}

std::string Emitter::Node(const BoundHasIdentity& has) {
  std::string condition;
  if (has.name_space) {
    condition = StrCat(" WHERE i.namespace = ", Text(schema_.name_space(*has.name_space).name));
  }
  if (has.kind) condition = StrCat(" WHERE i.kind = ", Text(Spelled(*has.kind)));
  return StrCat("p._profile IN (SELECT i._profile FROM ", kIdentitiesTable, " i", condition, ")");
}

// Of whom nothing was said it is unknown.
std::string Emitter::Node(const BoundConsent& consent) {
  const bool unknown = consent.state == ast::ConsentState::kUnknown;
  std::string condition = StrCat("c.channel = ", Text(consent.channel), " AND c.decision ",
                                 unknown ? "<> " : "= ", Text(ast::Spelling(consent.state)));
  if (consent.since_ms) condition += StrCat(" AND c.time >= ", sql_.Integer(*consent.since_ms));
  if (consent.policy) condition += StrCat(" AND c.policy = ", Text(*consent.policy));
  return StrCat("p._profile ", unknown ? "NOT IN" : "IN", " (SELECT c._profile FROM ",
                kConsentTable, " c WHERE ", condition, ")");
}

std::string Emitter::Node(const BoundSample& sample) {
  if (sample.all) return "TRUE";
  if (sql_.is_duckdb()) return Refuse("`sample`, which goes by XXH3");
  return StrCat("xxh3(concat(toString(p._profile), ", Text(StrCat("\n", sample.seed)), ")) < ",
                sample.below);
}

}  // namespace roster::query
