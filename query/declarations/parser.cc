// SPDX-License-Identifier: Apache-2.0
#include "query/declarations/parser.h"

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "query/errors.h"
#include "query/grammar/grammar.h"
#include "query/lexer.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"

namespace roster::query {
namespace {

// Of stored definitions.
constexpr std::string_view kVersion = "1 ";

template <typename T>
struct Spelled {
  std::string_view word;
  T value;
};

constexpr std::array<Spelled<ValueType>, 8> kTypes = {{{"text", ValueType::kText},
                                                       {"integer", ValueType::kInteger},
                                                       {"number", ValueType::kNumber},
                                                       {"boolean", ValueType::kBoolean},
                                                       {"date", ValueType::kDate},
                                                       {"timestamp", ValueType::kTimestamp},
                                                       {"decimal", ValueType::kDecimal},
                                                       {"list", ValueType::kTextList}}};
constexpr std::array<Spelled<TraitPolicy>, 8> kPolicies = {{{"latest", TraitPolicy::kLatest},
                                                            {"earliest", TraitPolicy::kEarliest},
                                                            {"primary", TraitPolicy::kPrimary},
                                                            {"nonempty", TraitPolicy::kNonEmpty},
                                                            {"max", TraitPolicy::kMax},
                                                            {"min", TraitPolicy::kMin},
                                                            {"sum", TraitPolicy::kSum},
                                                            {"union", TraitPolicy::kUnion}}};
constexpr std::array<Spelled<NamespaceKind>, 4> kKinds = {
    {{"person", NamespaceKind::kPerson},
     {"contact", NamespaceKind::kContact},
     {"device", NamespaceKind::kDevice},
     {"anonymous", NamespaceKind::kAnonymous}}};

// Each rule takes tokens and says whether it could; the first that cannot ends the parsing, and
// what would have been taken at the furthest token is the error. Each choice is made by the next
// token.
class Parser {
 public:
  explicit Parser(const std::vector<Token>& tokens)
      : at_(tokens.data()), end_(tokens.data() + tokens.size()) {}

  bool Statement(ast::Declaration* made) { return Verb(made) && Zone(made) && End(); }
  absl::Status Error(std::string_view text) const { return expected_.ToStatus(text); }

 private:
  // --- Tokens ---

  bool AtWord(std::string_view word) const {
    return at_->kind == TokenKind::kWord && IsWord(at_->raw, word);
  }
  // Notes what would have been taken here.
  bool Miss(std::string_view words) {
    expected_.Note(at_, words);
    return false;
  }
  bool Word(std::string_view word) {
    if (!AtWord(word)) return Miss(words_.emplace_back(StrCat("`", word, "`")));
    ++at_;
    return true;
  }
  bool Sign(std::string_view sign) {
    if (at_->kind != TokenKind::kSymbol || at_->raw != sign) {
      return Miss(words_.emplace_back(StrCat("`", sign, "`")));
    }
    ++at_;
    return true;
  }
  // One token that `read` makes something of.
  template <typename T>
  bool Take(std::optional<T> (*read)(const Token&), std::string_view words, T* value) {
    std::optional<T> taken = read(*at_);
    if (!taken) return Miss(words);
    *value = *std::move(taken);
    ++at_;
    return true;
  }
  bool Whole(int64_t* value, ast::Span* span) {
    *span = at_->span;
    return Take(&ReadWhole, "a whole number", value);
  }
  bool Number(ExactNumber* value, ast::Span* span) {
    *span = at_->span;
    const auto* number = std::get_if<ExactNumber>(&at_->literal);
    if (at_->kind != TokenKind::kLiteral || number == nullptr) return Miss("a number");
    *value = *number;
    ++at_;
    return true;
  }
  // A word of a table.
  template <typename T, size_t N>
  bool OneOf(const std::array<Spelled<T>, N>& table, std::string_view words, T* value) {
    for (const Spelled<T>& spelled : table) {
      if (!AtWord(spelled.word)) continue;
      *value = spelled.value;
      ++at_;
      return true;
    }
    return Miss(words);
  }
  // rule {"," rule}
  template <typename T, typename Rule>
  bool List(std::vector<T>* made, Rule rule) {
    do {
      if (!rule(&made->emplace_back())) return false;
    } while (Sign(","));
    return true;
  }
  bool End() {
    if (at_->kind != TokenKind::kEnd) return Miss("the end of the statement");
    return true;
  }

  // --- Parts ---

  bool Name(ast::Name* name, std::string_view words) { return Take(&ReadName, words, name); }
  bool Quotable(ast::Name* name, std::string_view words) { return Take(&ReadEvent, words, name); }
  bool Text(ast::Literal* text) { return Take(&ReadText, "a text in double quotes", text); }
  bool Duration(ast::Duration* duration) {
    return Take(&ReadWhole, "a whole number", &duration->amount) &&
           Take(&ReadUnit, "a unit of time such as `days`", &duration->unit);
  }
  bool Type(ValueInfo* type, ast::Span* span) {
    *span = at_->span;
    if (!OneOf(
            kTypes,
            "`text`, `integer`, `number`, `boolean`, `date`, `timestamp`, `decimal(2)` or `list`",
            &type->type))
      return false;
    if (type->type != ValueType::kDecimal) return true;
    int64_t scale = 0;
    ast::Span digits;
    if (!Sign("(") || !Whole(&scale, &digits)) return false;
    if (scale > 9) {
      expected_.Refuse(digits, "a decimal has at most 9 digits after the point");
      return false;
    }
    type->scale = static_cast<uint8_t>(scale);
    if (!Sign(")")) return false;
    span->end = at_[-1].span.end;
    return true;
  }

  // One option, if one stands here.
  bool Option(ast::TraitOptions* options, bool* taken) {
    *taken = true;
    if (Word("display")) {
      ast::Literal text;
      if (!Text(&text)) return false;
      options->display = std::get<std::string>(text.value);
      return true;
    }
    if (Word("policy")) {
      options->policy_span = at_->span;
      return OneOf(kPolicies,
                   "`latest`, `earliest`, `primary`, `nonempty`, `max`, `min`, `sum` or `union`",
                   &options->policy.emplace());
    }
    const bool on = !Word("not");
    if (Word("searchable")) {
      options->searchable = on;
      return true;
    }
    if (Word("indexed")) {
      options->indexed = on;
      return true;
    }
    *taken = false;
    return on;
  }
  bool Options(ast::TraitOptions* options) {
    for (bool taken = true; taken;) {
      if (!Option(options, &taken)) return false;
    }
    return true;
  }

  bool Zone(ast::Declaration* made) {
    if (!AtWord("at")) return true;
    return Word("at") && Word("time") && Word("zone") && Text(&made->time_zone.emplace());
  }

  // --- Statements ---

  bool Verb(ast::Declaration* made) {
    if (Word("declare")) {
      if (Word("trait")) return Trait(&made->what.emplace<ast::DeclareTrait>());
      if (Word("event")) return Event(&made->what.emplace<ast::DeclareEvent>());
      if (Word("namespace")) return Namespace(&made->what.emplace<ast::DeclareNamespace>());
      return Word("anonymous") && Anonymous(&made->what.emplace<ast::DeclareAnonymous>());
    }
    if (Word("define")) {
      if (Word("segment")) return Segment(&made->what.emplace<ast::DefineSegment>());
      if (Word("static")) return Static(&made->what.emplace<ast::DefineStatic>());
      if (Word("goal")) return Goal(&made->what.emplace<ast::DefineGoal>());
      if (Word("interest")) return Interest(&made->what.emplace<ast::DefineInterest>());
      if (Word("engagement")) return Engagement(&made->what.emplace<ast::DefineEngagement>());
      if (Word("trait")) return Computed(&made->what.emplace<ast::DefineTrait>());
      if (Word("view")) return View(&made->what.emplace<ast::DefineView>());
      if (Word("rule")) return Rule(&made->what.emplace<ast::DefineRule>());
      return Word("carry") && Carry(&made->what.emplace<ast::DefineCarry>());
    }
    if (Word("alter")) {
      if (Word("trait")) return Altered(&made->what.emplace<ast::AlterTrait>());
      if (Word("segment")) {
        auto& segment = made->what.emplace<ast::DefineSegment>();
        segment.altered = true;
        return Segment(&segment);
      }
      return Word("namespace") && Altered(&made->what.emplace<ast::AlterNamespace>());
    }
    if (Word("drop")) return Dropped(&made->what.emplace<ast::Drop>());
    return Word("retain") && Retained(&made->what.emplace<ast::Retain>());
  }

  bool Trait(ast::DeclareTrait* made) {
    return Name(&made->name, "a trait") && Type(&made->type, &made->type_span) &&
           Options(&made->options);
  }

  bool Altered(ast::AlterTrait* made) {
    bool taken = false;
    if (!Name(&made->name, "a trait") || !Option(&made->options, &taken)) return false;
    return taken && Options(&made->options);
  }

  bool Event(ast::DeclareEvent* made) {
    if (!Quotable(&made->name, "an event")) return false;
    if (!Sign("(")) return true;
    const auto property = [&](ast::DeclaredProperty* one) {
      return Name(&one->name, "a property") && Type(&one->type, &one->type_span);
    };
    return List(&made->properties, property) && Sign(")");
  }

  bool Namespace(ast::DeclareNamespace* made) {
    if (!Name(&made->name, "a namespace") || !Word("kind")) return false;
    made->kind_span = at_->span;
    if (!OneOf(kKinds, "`person`, `contact`, `device` or `anonymous`", &made->kind)) return false;
    while (true) {
      if (Word("rank")) {
        if (!Whole(&made->rank.emplace(), &made->rank_span)) return false;
      } else if (Word("limit")) {
        if (!Whole(&made->limit.emplace(), &made->limit_span)) return false;
      } else if (Word("immutable")) {
        made->immutable = true;
      } else if (Word("unique")) {
        made->unique = true;
      } else if (Word("blocked")) {
        const auto value = [&](ast::Literal* one) { return Text(one); };
        if (!Sign("(") || !List(&made->blocked, value) || !Sign(")")) return false;
      } else {
        return true;
      }
    }
  }

  bool Anonymous(ast::DeclareAnonymous* made) {
    using When = ast::DeclareAnonymous::When;
    if (!Word("profiles")) return false;
    if (Word("always")) return true;
    made->when = When::kNever;
    if (Word("never")) return true;
    made->when = When::kOn;
    const auto event = [&](ast::Name* one) { return Quotable(one, "an event"); };
    return Word("on") && List(&made->events, event);
  }

  bool Altered(ast::AlterNamespace* made) {
    return Name(&made->name, "a namespace") && Word("limit") &&
           Whole(&made->limit, &made->limit_span);
  }

  bool Segment(ast::DefineSegment* made) {
    if (!Quotable(&made->name, "a name") || !Word("as")) return false;
    if (!TakeFilter(&at_, end_, &expected_, &made->filter)) return false;
    return !Word("describe") || Text(&made->describe.emplace());
  }

  // A list may be empty: nobody.
  bool Static(ast::DefineStatic* made) {
    if (!Word("segment") || !Quotable(&made->name, "a name") || !Word("from")) return false;
    if (Sign("(")) {
      const auto member = [&](ast::Literal* one) { return Text(one); };
      if (!Sign(")") && (!List(&made->members, member) || !Sign(")"))) return false;
    } else if (!TakeAsked(&at_, end_, &expected_, &made->from.emplace_back())) {
      return false;
    }
    return !Word("describe") || Text(&made->describe.emplace());
  }

  bool Goal(ast::DefineGoal* made) {
    const auto events = [&](ast::Events* one) {
      if (!Quotable(&one->event, "an event")) return false;
      if (!Word("where")) return true;
      return TakeCondition(&at_, end_, &expected_, &one->where.emplace_back());
    };
    return Quotable(&made->name, "a name") && Word("as") && List(&made->any_of, events);
  }

  // event.property, as one word or as two that may be quoted.
  bool Property(ast::EventProperty* made) {
    if (const std::optional<Token> both = ReadDotted(*at_)) {
      const size_t dot = both->raw.find('.');
      const auto middle = both->span.begin + static_cast<uint32_t>(dot);
      made->event = {ToNfc(both->raw.substr(0, dot)), {both->span.begin, middle}};
      made->property = {ToNfc(both->raw.substr(dot + 1)), {middle + 1, both->span.end}};
      ++at_;
      return true;
    }
    return Quotable(&made->event, "an event") && Sign(".") && Name(&made->property, "a property");
  }

  bool Interest(ast::DefineInterest* made) {
    if (!Quotable(&made->name, "a name") || !Word("as")) return false;
    const auto property = [&](ast::EventProperty* one) { return Property(one); };
    if (!List(&made->properties, property)) return false;
    if (!Word("half")) return true;
    return Word("life") && Duration(&made->half_life.emplace());
  }

  bool PointsOf(ast::Points* made) {
    if (!Quotable(&made->event, "an event") || !Number(&made->each, &made->each_span)) return false;
    if (AtWord("point")) {
      ++at_;
    } else if (!Word("points")) {
      return false;
    }
    if (Word("cap") && !Number(&made->cap.emplace(), &made->cap_span)) return false;
    const ast::Span begin = at_->span;
    if (!Word("within")) return true;
    ast::Window& window = made->window.emplace();
    if (!Word("last") || !Duration(&window.first)) return false;
    window.span = {begin.begin, at_[-1].span.end};
    return true;
  }

  bool Engagement(ast::DefineEngagement* made) {
    const auto points = [&](ast::Points* one) { return PointsOf(one); };
    const auto level = [&](ast::Level* one) {
      return Text(&one->name) && Number(&one->from, &one->from_span);
    };
    return Word("as") && List(&made->points, points) && Word("levels") &&
           List(&made->levels, level);
  }

  // session.property, as one word or as two of which the second may be quoted.
  bool SessionProperty(ast::Name* made) {
    const std::optional<Token> both = ReadDotted(*at_);
    const size_t dot = both ? both->raw.find('.') : 0;
    if (!both || !IsWord(both->raw.substr(0, dot), "session")) {
      return Word("session") && Sign(".") && Name(made, "a property");
    }
    const auto begin = both->span.begin + static_cast<uint32_t>(dot) + 1;
    *made = {ToNfc(both->raw.substr(dot + 1)), {begin, both->span.end}};
    ++at_;
    return true;
  }

  // Without a word on when: at both moments.
  bool Carry(ast::DefineCarry* made) {
    if (!Quotable(&made->name, "a name") || !Word("as") || !SessionProperty(&made->property) ||
        !Word("to") || !Name(&made->trait, "a trait")) {
      return false;
    }
    made->on_end = made->on_identify = !Word("on");
    if (made->on_end) return true;
    do {
      if (Word("end")) {
        made->on_end = true;
      } else if (Word("identify")) {
        made->on_identify = true;
      } else {
        return false;
      }
    } while (Sign(","));
    return true;
  }

  bool Computed(ast::DefineTrait* made) {
    return Name(&made->name, "a trait") && Word("as") &&
           TakeAggregate(&at_, end_, &expected_, &made->aggregate);
  }

  bool View(ast::DefineView* made) {
    return Quotable(&made->name, "a name") && Word("as") &&
           TakeColumns(&at_, end_, &expected_, &made->shape);
  }

  bool Action(ast::Action* made) {
    if (Word("notify")) {
      made->what = ast::Action::What::kNotify;
      return Text(&made->text);
    }
    if (Word("set")) {
      made->what = ast::Action::What::kSet;
      return Name(&made->trait, "a trait") && Sign("=") &&
             Take(&ReadLiteral, "a value", &made->value);
    }
    if (Word("remove")) {
      made->what = ast::Action::What::kRemoveLabel;
    } else if (!Word("add")) {
      return false;
    }
    return Word("label") && Text(&made->text);
  }

  bool Rule(ast::DefineRule* made) {
    const auto action = [&](ast::Action* one) { return Action(one); };
    if (!Quotable(&made->name, "a name") || !Word("when")) return false;
    if (!TakeFilter(&at_, end_, &expected_, &made->when)) return false;
    if (!Word("then") || !List(&made->then, action)) return false;
    return !Word("else") || List(&made->otherwise, action);
  }

  bool Dropped(ast::Drop* made) {
    using ast::Defined;
    for (const Defined kind : {Defined::kSegment, Defined::kGoal, Defined::kInterest,
                               Defined::kCarry, Defined::kTrait, Defined::kView, Defined::kRule}) {
      made->kind = kind;
      if (Word(ast::Spelling(kind))) return Quotable(&made->name, "a name");
    }
    made->kind = ast::Defined::kEngagement;
    made->name = {"engagement", at_->span};
    return Word("engagement");
  }

  bool Retained(ast::Retain* made) {
    if (Word("history")) {
      made->what = ast::Retain::What::kHistory;
    } else if (Word("anonymous")) {
      made->what = ast::Retain::What::kAnonymous;
    } else if (!Quotable(&made->event, "an event")) {
      return false;
    }
    made->keep_span = at_->span;
    if (Word("forever")) return true;
    if (!Duration(&made->keep.emplace())) return false;
    made->keep_span.end = at_[-1].span.end;
    if (made->keep->amount == 0) made->keep.reset();
    return true;
  }

  const Token* at_;
  const Token* const end_;
  Expectations expected_;
  std::deque<std::string> words_;  // that `expected_` refers to
};

}  // namespace

absl::StatusOr<ast::Declaration> ParseDeclaration(std::string_view text) {
  ROSTER_ASSIGN_OR_RETURN(const std::vector<Token> tokens, Tokenize(text));
  ast::Declaration declaration;
  Parser parser(tokens);
  if (!parser.Statement(&declaration)) return parser.Error(text);
  return declaration;
}

std::string StoredText(const ast::Declaration& declaration) {
  return StrCat(kVersion, ToText(declaration));
}

std::string_view CanonicalText(std::string_view stored) {
  return stored.starts_with(kVersion) ? stored.substr(kVersion.size()) : std::string_view();
}

absl::StatusOr<ast::Declaration> ParseStored(std::string_view stored) {
  return ParseDeclaration(CanonicalText(stored));
}

}  // namespace roster::query
