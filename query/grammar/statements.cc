// SPDX-License-Identifier: Apache-2.0
//
// Statements as a whole: a verb with all that stands before and after its filter.
#include <algorithm>
#include <utility>
#include <vector>

#include "query/grammar/grammar.h"
#include "query/grammar/rules.h"
#include "storage/base/status_macros.h"

namespace roster::query::grammar {

// NOLINTBEGIN(readability-identifier-naming, performance-unnecessary-value-param)
namespace {

constexpr std::string_view kVerb =
    "`count`, `find`, `search`, `funnel`, `explain`, `why`, `diff` or `show`";

std::optional<ast::Literal> ReadTextOrParam(const Token& token) {
  const bool is_param = std::holds_alternative<ast::Param>(token.literal);
  if (token.kind == TokenKind::kLiteral && is_param) return ast::Literal{token.literal, token.span};
  return ReadText(token);
}

std::optional<ast::Explained> ReadDialect(const Token& token) {
  if (AtWord(&token, "duckdb")) return ast::Explained::kAsDuckDb;
  if (AtWord(&token, "clickhouse")) return ast::Explained::kAsClickHouse;
  return std::nullopt;
}

const Valued<ast::Name> column(ReadName, "a column");
const Valued<ast::Name> segment(ReadEvent, "a segment");
const Valued<ast::Name> view_name(ReadEvent, "a view");
const Valued<ast::Literal> text_or_param(ReadTextOrParam, "a text in double quotes");
const Valued<ast::Literal> moment(ReadLiteral, "a time such as `2026-01-31`");
const Valued<ast::Explained> dialect(ReadDialect, "`duckdb` or `clickhouse`");
const Valued<ast::Shown> shown(
    ReadShown,
    "`traits`, `events`, `namespaces`, `segments`, `goals`, `interests`, `engagement`, "
    "`carries`, `rules`, `views`, `retention` or `settings`");

// --- What makes a contextual keyword out of a word that may also be a name ---

bool AtText(Cursor at) { return ReadTextOrParam(*at).has_value(); }
bool AtScope(Cursor at) {
  return (AtWord(at, "including") || AtWord(at, "only")) && AtWord(at + 1, "archived");
}
bool AtOffset(Cursor at) { return AtWord(at, "offset") && at[1].kind == TokenKind::kLiteral; }
bool AtAfter(Cursor at) { return AtWord(at, "after") && AtText(at + 1); }
bool AtView(Cursor at) { return AtWord(at, "view") && AtText(at + 1); }
bool AtColumn(Cursor at) {
  if (AtScope(at) || AtOffset(at) || AtAfter(at)) return false;
  if (AtWord(at, "order") && AtWord(at + 1, "by")) return false;
  if (AtWord(at, "as") && AtWord(at + 1, "of")) return false;
  return !(AtWord(at, "at") && AtWord(at + 1, "time"));
}

// Calls f(the verb, what was read).
template <typename V, typename F>
auto To(F f) {
  return Do([f](ast::Statement& of, auto& read) { f(std::get<V>(of.verb), read); });
}
template <typename V>
auto Is() {
  return [](auto& context) { x3::_val(context).verb = V(); };
}

const auto kFilterOf = Do([](ast::Statement& of, ast::Filter& f) { of.where = std::move(f); });
const auto kAsOf = Do([](ast::Statement& of, ast::Literal& time) { of.as_of = time; });
const auto kZoneOf = Do([](ast::Statement& of, ast::Literal& zone) { of.time_zone = zone; });

const auto kByOf =
    To<ast::Count>([](ast::Count& count, ast::Name& read) { count.by.push_back(std::move(read)); });
const auto kHavingOf =
    To<ast::Count>([](ast::Count& count, ast::Compare& read) { count.having = std::move(read); });

const auto kColumnOf = To<ast::Find>(
    [](ast::Find& find, ast::Name& read) { find.columns.push_back(std::move(read)); });
const auto kViewOf =
    To<ast::Find>([](ast::Find& find, ast::Name& read) { find.view = std::move(read); });
const auto kOrderOf = To<ast::Find>(
    [](ast::Find& find, std::vector<ast::OrderBy>& read) { find.order = std::move(read); });
const auto kLimitOf = To<ast::Find>([](ast::Find& find, int64_t read) { find.limit = read; });
const auto kOffsetOf = To<ast::Find>([](ast::Find& find, int64_t read) { find.offset = read; });
const auto kAfter = [](auto& context) {
  auto& find = std::get<ast::Find>(x3::_val(context).verb);
  const ast::Literal& cursor = x3::_attr(context);
  if (find.offset != 0) {
    return Refuse(context, cursor.span, "a cursor says where to go on; leave `offset` out");
  }
  find.after = cursor;
};

const auto kWordsOf =
    To<ast::Search>([](ast::Search& search, ast::Literal& read) { search.words = read; });
const auto kSearchLimitOf =
    To<ast::Search>([](ast::Search& search, int64_t read) { search.limit = read; });
const auto kFunnelByOf =
    To<ast::Funnel>([](ast::Funnel& funnel, ast::Name& read) { funnel.by = std::move(read); });
const auto kProfileOf = To<ast::Why>([](ast::Why& why, ast::Literal& read) { why.profile = read; });
const auto kWhyOf =
    To<ast::Why>([](ast::Why& why, ast::Name& read) { why.segment = std::move(read); });
const auto kDiffOf =
    To<ast::Diff>([](ast::Diff& diff, ast::Name& read) { diff.segment = std::move(read); });
const auto kFromOf = To<ast::Diff>([](ast::Diff& diff, ast::Literal& read) { diff.from = read; });
const auto kToOf = To<ast::Diff>([](ast::Diff& diff, ast::Literal& read) { diff.to = read; });
const auto kVerbOf = [](auto& context) { x3::_val(context).verb = std::move(x3::_attr(context)); };

}  // namespace

const Rule<struct OrderId, ast::OrderBy> order = "order";
const auto order_def = column[Put(&ast::OrderBy::column)] >>
                       -(Word("desc", "`desc`")[Set(&ast::OrderBy::descending, true)] |
                         Word("asc", "`asc`"));
const Rule<struct OrdersId, std::vector<ast::OrderBy>> orders = "orders";
const auto add_order = Do([](auto& all, ast::OrderBy& read) { all.push_back(std::move(read)); });
const auto orders_def = KeywordPair("order", "by", "`order by`") > (order[add_order] % comma);

const auto scope = -((KeywordPair("including", "archived", "`including archived`") >>
                      x3::attr(ast::Scope::kIncludingArchived))[Put(&ast::Statement::scope)] |
                     (KeywordPair("only", "archived", "`only archived`") >>
                      x3::attr(ast::Scope::kOnlyArchived))[Put(&ast::Statement::scope)]);
const auto where = scope > -(Word("where", "`where`") > disjunction[kFilterOf]);
// What moves a statement to another time, and its zone.
const auto ending = -(KeywordPair("as", "of", "`as of`") > moment[kAsOf]) >
                    -(KeywordPair("at", "time", "`at time zone`") > Word("zone", "`zone`") >
                      quoted[kZoneOf]);

const Rule<struct CountId, ast::Statement> count = "count";
const auto count_def = Word("count", kVerb) > where >
                       -(Word("by", "`by`") > (column[kByOf] % comma) >
                         -(Word("having", "`having`") > Word("count", "`count`") >
                           threshold[kHavingOf]));

const auto columns_of = column[kColumnOf] >> *(comma > column[kColumnOf]);
const Rule<struct FindId, ast::Statement> find = "find";
const auto find_def = Word("find", kVerb)[Is<ast::Find>()] >
                      -((Ahead(AtView, "`view`") >> Word("view", "`view`") >> view_name[kViewOf]) |
                        (Ahead(AtColumn, "a column") >> columns_of)) > where
                      > -orders[kOrderOf] > -(Word("limit", "`limit`") > whole[kLimitOf]) >
                      -((Ahead(AtOffset, "`offset`") >> Word("offset", "`offset`")) >
                        whole[kOffsetOf]) > -((Ahead(AtAfter, "`after`") >>
                                               Word("after", "`after`")) > text_or_param[kAfter]);

// What a view keeps of `find`.
const Rule<struct ShapeId, ast::Statement> shape = "shape";
const auto shape_def = columns_of > -orders[kOrderOf];

const Rule<struct SearchId, ast::Statement> search = "search";
const auto search_def = Word("search", kVerb)[Is<ast::Search>()] > text_or_param[kWordsOf] > where >
                        -(Word("limit", "`limit`") > whole[kSearchLimitOf]);

const Rule<struct FunnelStatementId, ast::Statement> funnel_statement = "funnel_statement";
const auto funnel_statement_def = Word("funnel", kVerb) > funnel[kVerbOf] > where >
                                  -(Word("by", "`by`") > column[kFunnelByOf]);

// What can be explained.
const Rule<struct AskedId, ast::Statement> asked = "asked";
const auto asked_def = count[kSame] | find[kSame] | search[kSame] | funnel_statement[kSame];

const auto kExplained = [](auto& context) {
  ast::Statement& made = x3::_val(context);
  const ast::Explained how = made.explained;
  made = std::move(x3::_attr(context));
  made.explained = how;
};
const Rule<struct StatementId, ast::Statement> statement = "statement";
const auto statement_def =
    (asked[kSame] |
     (Word("explain", kVerb)[Set(&ast::Statement::explained, ast::Explained::kPlan)] >
      -(Word("analyze", "`analyze`")[Set(&ast::Statement::explained, ast::Explained::kAnalyzed)] |
        (KeywordPair("sql", "dialect", "`sql dialect`") >
         dialect[Put(&ast::Statement::explained)])) > asked[kExplained]) |
     (Word("why", kVerb)[Is<ast::Why>()] > text_or_param[kProfileOf] >
      KeywordPair("in", "segment", "`in segment`") > segment[kWhyOf]) |
     (Word("diff", kVerb)[Is<ast::Diff>()] > Word("segment", "`segment`") > segment[kDiffOf] >
      Word("from", "`from`") > moment[kFromOf] > Word("to", "`to`") > moment[kToOf]) |
     (Word("show", kVerb)[Is<ast::Show>()] >
      shown[To<ast::Show>([](ast::Show& show, ast::Shown read) { show.what = read; })])) > ending >
    End();

BOOST_SPIRIT_DEFINE(order, orders, count, find, shape, search, funnel_statement, asked, statement)

// NOLINTEND(readability-identifier-naming, performance-unnecessary-value-param)

}  // namespace roster::query::grammar

namespace roster::query {

namespace {

// Statements of SQL, refused before their signs are.
absl::Status CheckVerb(std::string_view text) {
  const auto is_letter = [](char c) { return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z'); };
  const size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  size_t end = begin;
  while (end < text.size() && is_letter(text[end])) ++end;
  const std::string_view verb = text.substr(begin, end - begin);
  const ast::Span span{static_cast<uint32_t>(begin), static_cast<uint32_t>(end)};
  if (IsWord(verb, "select")) {
    return ErrorAt(ErrorCode::kParse, text, span,
                   "there is no `select`; write `find email where country = \"NL\"`, or `count "
                   "where country = \"NL\"`");
  }
  for (const std::string_view change : {"insert", "update", "delete"}) {
    if (!IsWord(verb, change)) continue;
    return ErrorAt(ErrorCode::kParse, text, span,
                   "a statement only asks; profiles are changed by commands such as `identify`, "
                   "`set` and `erase`");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ast::Statement> Parse(std::string_view text) {
  uint64_t num_looks = 0;
  return ParseCounted(text, &num_looks);
}

absl::StatusOr<ast::Statement> ParseCounted(std::string_view text, uint64_t* num_looks) {
  ROSTER_RETURN_IF_ERROR(CheckVerb(text));
  ROSTER_ASSIGN_OR_RETURN(const std::vector<Token> tokens, Tokenize(text));
  Expectations expectations;
  ast::Statement parsed;
  const Token* first = tokens.data();
  const Token* const end = first + tokens.size();
  const bool taken = grammar::Take(grammar::statement, &first, end, &expectations, &parsed);
  *num_looks = expectations.num_looks();
  if (taken) return parsed;
  return expectations.ToStatus(text);
}

bool TakeAsked(const Token** at, const Token* end, Expectations* expected, ast::Statement* taken) {
  return grammar::Take(grammar::asked, at, end, expected, taken);
}

bool TakeColumns(const Token** at, const Token* end, Expectations* expected, ast::Find* taken) {
  ast::Statement of{ast::Find()};
  if (!grammar::Take(grammar::shape, at, end, expected, &of)) return false;
  *taken = std::move(std::get<ast::Find>(of.verb));
  return true;
}

}  // namespace roster::query
