// SPDX-License-Identifier: Apache-2.0
#include "query/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "absl/time/civil_time.h"
#include "query/errors.h"
#include "query/habits.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/base/unicode.h"

namespace roster::query {
namespace {

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kYear0Ms = -719'528 * kDayMs;
constexpr int64_t kYear10000Ms = 2'932'897 * kDayMs;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
// Letters beyond ASCII are letters too.
bool BeginsName(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}
bool InName(char c) { return BeginsName(c) || IsDigit(c); }

// The white space and quotes of word processors, which are pasted by accident.
constexpr std::array<std::string_view, 3> kOddSpaces = {"\u00a0", "\u200b", "\ufeff"};
constexpr std::array<std::string_view, 4> kCurlyQuotes = {"\u2018", "\u2019", "\u201c", "\u201d"};

template <size_t N>
std::string_view PrefixOf(std::string_view text, const std::array<std::string_view, N>& prefixes) {
  for (const std::string_view prefix : prefixes) {
    if (text.starts_with(prefix)) return prefix;
  }
  return {};
}

void AppendUtf8(uint32_t code, std::string* out) {
  const auto put = [&](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | (code >> 6));
  } else {
    if (code < 0x10000) {
      put(0xe0 | (code >> 12));
    } else {
      put(0xf0 | (code >> 18));
      put(0x80 | ((code >> 12) & 0x3f));
    }
    put(0x80 | ((code >> 6) & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

// Reads the parts of a date and time. Every Number is of a fixed number of digits.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }
  bool Take(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::optional<int> Number(size_t digits) {
    if (text_.size() < digits) return std::nullopt;
    const std::string_view part = text_.substr(0, digits);
    if (!std::all_of(part.begin(), part.end(), IsDigit)) return std::nullopt;
    text_.remove_prefix(digits);
    int value = 0;
    std::from_chars(part.data(), part.data() + digits, value);
    return value;
  }
  // One to nine digits after the point, cut to milliseconds.
  std::optional<int> Millis() {
    int value = 0;
    size_t digits = 0;
    for (; digits < 9 && digits < text_.size() && IsDigit(text_[digits]); ++digits) {
      if (digits < 3) value = value * 10 + (text_[digits] - '0');
    }
    if (digits == 0) return std::nullopt;
    for (size_t i = digits; i < 3; ++i) value *= 10;
    text_.remove_prefix(digits);
    return value;
  }

 private:
  std::string_view text_;
};

// ±hh:mm or Z. nullopt: not of that form; else minutes east of UTC.
std::optional<int> ReadOffset(TimeReader* reader) {
  if (reader->Take('Z') || reader->Take('z')) return 0;
  const bool west = reader->Take('-');
  if (!west && !reader->Take('+')) return std::nullopt;
  const auto hours = reader->Number(2);
  reader->Take(':');
  const auto minutes = reader->Number(2);
  if (!hours || !minutes || *hours > 18 || *minutes > 59) return std::nullopt;
  return (west ? -1 : 1) * (*hours * 60 + *minutes);
}

std::optional<int64_t> ReadClock(TimeReader* reader) {
  const auto hour = reader->Number(2);
  const bool colon = reader->Take(':');
  const auto minute = reader->Number(2);
  if (!hour || !colon || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  int64_t ms = (*hour * 60 + *minute) * kMinuteMs;
  if (!reader->Take(':')) return ms;
  const auto second = reader->Number(2);
  if (!second || *second > 59) return std::nullopt;
  ms += *second * 1000;
  if (!reader->Take('.')) return ms;
  const auto millis = reader->Millis();
  if (!millis) return std::nullopt;
  return ms + *millis;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  absl::StatusOr<std::vector<Token>> Run() {
    tokens_.reserve(text_.size() / 4 + 2);
    for (SkipSpace(); at_ < text_.size(); SkipSpace()) ROSTER_RETURN_IF_ERROR(Next());
    Push(TokenKind::kEnd, at_);
    return std::move(tokens_);
  }

 private:
  char Peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  std::string_view Rest() const { return text_.substr(at_); }

  void SkipSpace() {
    while (at_ < text_.size()) {
      const size_t space = IsSpace(text_[at_]) ? 1 : OddPrefix(kOddSpaces);
      if (space == 0) return;
      at_ += space;
    }
  }
  // The size of what comes of these, which are all beyond ASCII.
  template <size_t N>
  size_t OddPrefix(const std::array<std::string_view, N>& prefixes) const {
    return (Peek() & 0x80) == 0 ? 0 : PrefixOf(Rest(), prefixes).size();
  }

  // Ends the token that began at `begin` here.
  Token& Push(TokenKind kind, size_t begin) {
    Token& token = tokens_.emplace_back();
    token.kind = kind;
    token.span = {static_cast<uint32_t>(begin), static_cast<uint32_t>(at_)};
    token.raw = text_.substr(begin, at_ - begin);
    return token;
  }

  absl::Status Error(size_t begin, size_t end, std::string_view message,
                     ErrorCode code = ErrorCode::kParse) const {
    return ErrorAt(code, text_, {static_cast<uint32_t>(begin), static_cast<uint32_t>(end)},
                   message);
  }

  absl::Status Next() {
    const char c = Peek();
    if (c == '"') return Text();
    if (c == '`') return QuotedName();
    if (c == '$') return Parameter();
    if (IsDigit(c) || (c == '-' && IsDigit(Peek(1)))) return NumberOrTime();
    if (const size_t quote = OddPrefix(kCurlyQuotes); quote != 0) {
      return Error(at_, at_ + quote, "a curly quote; a text stands in straight double quotes: \"");
    }
    if (BeginsName(c)) return Word();
    return Symbol();
  }

  absl::Status Word() {
    const size_t begin = at_;
    while (InName(Peek()) || (Peek() == '.' && InName(Peek(1)))) ++at_;
    const Token& word = Push(TokenKind::kWord, begin);
    const bool matches = IsWord(word.raw, "matches");
    if (!matches) return absl::OkStatus();
    SkipSpace();
    return Peek() == '/' ? Pattern() : absl::OkStatus();
  }

  // A slash in it stands behind a backslash.
  absl::Status Pattern() {
    const size_t begin = at_++;
    while (Peek() != '/') {
      if (Peek() == '\\') ++at_;
      if (at_ >= text_.size()) {
        return Error(begin, begin + 1, "a regular expression that does not end; expected a /");
      }
      ++at_;
    }
    std::string regex = ToNfc(text_.substr(begin + 1, at_ - begin - 1));
    ++at_;
    if (Peek() == 'i' && !InName(Peek(1))) ++at_;
    Push(TokenKind::kPattern, begin).text = std::move(regex);
    return absl::OkStatus();
  }

  absl::Status Symbol() {
    static constexpr std::array<std::string_view, 4> kNotOurs = {"==", "<>", "&&", "||"};
    static constexpr std::array<std::string_view, 3> kTwo = {"!=", "<=", ">="};
    static constexpr std::string_view kOne = "=<>(),.~%";
    const size_t begin = at_;
    const size_t foreign = PrefixOf(Rest(), kNotOurs).size();
    const size_t two = PrefixOf(Rest(), kTwo).size();
    if (foreign != 0 || (two == 0 && kOne.find(Peek()) == std::string_view::npos)) {
      const size_t size = std::max<size_t>(foreign, 1);
      const std::string_view sign = text_.substr(begin, size);
      const std::string shown =
          static_cast<unsigned char>(sign[0]) < 0x20 ? "" : StrCat(" `", sign, "`");
      const bool counts = sign == "*" && !tokens_.empty() && tokens_.back().raw == "(";
      const std::string advice =
          counts ? "; write `count` alone: it counts profiles" : Advice(sign);
      return Error(begin, begin + size,
                   StrCat("a sign that the language does not have", shown, advice));
    }
    at_ += std::max<size_t>(two, 1);
    Push(TokenKind::kSymbol, begin);
    return CountBracket(text_[begin], begin);
  }

  absl::Status CountBracket(char c, size_t begin) {
    if (c == ')') depth_ = std::max(depth_ - 1, 0);
    if (c == '(' && ++depth_ > kMaxBracketDepth) {
      return Error(begin, at_, StrCat("parentheses are deeper than ", kMaxBracketDepth),
                   ErrorCode::kLimit);
    }
    return absl::OkStatus();
  }

  absl::Status Text() {
    const size_t begin = at_++;
    std::string value;
    while (Peek() != '"') {
      if (at_ >= text_.size()) {
        return Error(begin, begin + 1, "a text that does not end; expected a closing \"");
      }
      if (Peek() == '\\') {
        ROSTER_RETURN_IF_ERROR(Escape(&value));
      } else {
        value.push_back(text_[at_++]);
      }
    }
    ++at_;
    Push(TokenKind::kLiteral, begin).literal = ToNfc(value);
    return absl::OkStatus();
  }

  absl::Status Escape(std::string* value) {
    static constexpr std::string_view kEscapes = "\"\\/nrtbf";
    static constexpr std::string_view kMeant = "\"\\/\n\r\t\b\f";
    const size_t begin = at_++;
    const size_t known = kEscapes.find(Peek());
    if (known != std::string_view::npos && at_ < text_.size()) {
      value->push_back(kMeant[known]);
      ++at_;
      return absl::OkStatus();
    }
    const size_t close = Rest().substr(0, 10).find('}');
    if (Rest().starts_with("u{") && close != std::string_view::npos) {
      uint32_t code = 0;
      const char* const end = Rest().data() + close;
      const auto read = std::from_chars(Rest().data() + 2, end, code, 16);
      const bool surrogate = code >= 0xd800 && code < 0xe000;
      if (read.ec == std::errc() && read.ptr == end && code <= 0x10ffff && !surrogate) {
        AppendUtf8(code, value);
        at_ += close + 1;
        return absl::OkStatus();
      }
    }
    return Error(begin, at_, R"(an unknown escape; known are \" \\ \/ \n \r \t \b \f \u{1f600})");
  }

  absl::Status QuotedName() {
    const size_t begin = at_++;
    std::string name;
    while (true) {
      if (at_ >= text_.size()) {
        return Error(begin, begin + 1, "a name that does not end; expected a closing `");
      }
      const char c = text_[at_++];
      if (c != '`') {
        name.push_back(c);
      } else if (Peek() == '`') {
        name.push_back(text_[at_++]);
      } else {
        break;
      }
    }
    if (name.empty()) return Error(begin, at_, "an empty name");
    Push(TokenKind::kQuotedName, begin).text = ToNfc(name);
    return absl::OkStatus();
  }

  absl::Status Parameter() {
    const size_t begin = at_++;
    const size_t digits = at_;
    while (IsDigit(Peek())) ++at_;
    ast::Param param;
    const auto read = std::from_chars(text_.data() + digits, text_.data() + at_, param.number);
    if (read.ec != std::errc() || param.number == 0) {
      return Error(begin, at_, "a parameter is written $1, $2, ...");
    }
    Push(TokenKind::kLiteral, begin).literal = param;
    return absl::OkStatus();
  }

  // Four digits and a hyphen begin a date.
  bool AtTime() const {
    return IsDigit(Peek()) && IsDigit(Peek(1)) && IsDigit(Peek(2)) && IsDigit(Peek(3)) &&
           Peek(4) == '-' && IsDigit(Peek(5));
  }

  absl::Status NumberOrTime() {
    const size_t begin = at_;
    if (AtTime()) {
      const auto in_time = [](char c) {
        return IsDigit(c) || c == '-' || c == '+' || c == ':' || c == '.' || c == 'T' || c == 't' ||
               c == 'Z' || c == 'z';
      };
      while (in_time(Peek())) ++at_;
      absl::StatusOr<ast::Constant> time = ReadTime(text_.substr(begin, at_ - begin));
      if (!time.ok()) return Error(begin, at_, StdView(time.status().message()));
      Push(TokenKind::kLiteral, begin).literal = *std::move(time);
      return NoNameHere(begin);
    }
    ++at_;
    while (IsDigit(Peek())) ++at_;
    if (Peek() == '.' && IsDigit(Peek(1))) {
      ++at_;
      while (IsDigit(Peek())) ++at_;
    }
    const size_t sign = Peek(1) == '-' || Peek(1) == '+' ? 1 : 0;
    if ((Peek() == 'e' || Peek() == 'E') && IsDigit(Peek(1 + sign))) {
      at_ += 2 + sign;
      while (IsDigit(Peek())) ++at_;
    }
    std::optional<ExactNumber> number = ExactNumber::Read(text_.substr(begin, at_ - begin));
    if (!number) return Error(begin, at_, "a number too large or too small to be kept");
    Push(TokenKind::kLiteral, begin).literal = *std::move(number);
    return NoNameHere(begin);
  }

  absl::Status NoNameHere(size_t begin) {
    if (!InName(Peek())) return absl::OkStatus();
    while (InName(Peek())) ++at_;
    return Error(begin, at_,
                 "a number that runs into a word; a name that begins with a digit stands in "
                 "backticks");
  }

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
  std::vector<Token> tokens_;
};

constexpr std::array<std::string_view, 6> kReserved = {"and", "or", "not", "where", "by", "limit"};

bool IsReserved(std::string_view word) {
  return std::any_of(kReserved.begin(), kReserved.end(),
                     [&](std::string_view reserved) { return IsWord(word, reserved); });
}

template <typename T>
struct Spelled {
  std::string_view word;
  T value;
};

template <typename T, size_t N>
std::optional<T> Lookup(const std::array<Spelled<T>, N>& table, std::string_view word) {
  for (const Spelled<T>& spelled : table) {
    if (IsWord(word, spelled.word)) return spelled.value;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<ast::Constant> ReadTime(std::string_view text) {
  constexpr absl::string_view kForms =
      "a time is written 2026-01-31, 2026-01-31T10:00:00Z, 2026-01-31T10:00:00+02:00 or, in the "
      "time zone, 2026-01-31T10:00:00";
  TimeReader reader(text);
  const auto year = reader.Number(4);
  const bool first_hyphen = reader.Take('-');
  const auto month = reader.Number(2);
  const bool second_hyphen = reader.Take('-');
  const auto day = reader.Number(2);
  if (!year || !first_hyphen || !month || !second_hyphen || !day) {
    return absl::InvalidArgumentError(kForms);
  }
  const absl::CivilDay civil(*year, *month, *day);
  if (civil.month() != *month || civil.day() != *day) {
    return absl::InvalidArgumentError("a day that the calendar does not have");
  }
  const int64_t days = civil - absl::CivilDay(1970, 1, 1);
  if (reader.at_end()) return Date{static_cast<int32_t>(days)};
  if (!reader.Take('T') && !reader.Take('t')) return absl::InvalidArgumentError(kForms);
  const auto clock = ReadClock(&reader);
  if (!clock) return absl::InvalidArgumentError(kForms);
  const int64_t civil_ms = days * kDayMs + *clock;
  if (reader.at_end()) return ast::LocalTime{civil_ms};
  const auto offset = ReadOffset(&reader);
  if (!offset || !reader.at_end()) return absl::InvalidArgumentError(kForms);
  const int64_t ms = civil_ms - *offset * kMinuteMs;
  if (ms < kYear0Ms || ms >= kYear10000Ms) {
    return absl::InvalidArgumentError("a time outside of the years 0000 to 9999");
  }
  return Timestamp{ms};
}

absl::StatusOr<std::vector<Token>> Tokenize(std::string_view text) {
  if (text.size() > kMaxStatementBytes) {
    return ErrorAt(ErrorCode::kLimit, text, {kMaxStatementBytes, kMaxStatementBytes},
                   StrCat("a statement is longer than ", kMaxStatementBytes, " bytes"));
  }
  if (const std::optional<size_t> bad = FindInvalidUtf8(text)) {
    const auto at = static_cast<uint32_t>(*bad);
    return ErrorAt(ErrorCode::kParse, text, {at, at + 1}, "not UTF-8");
  }
  return Lexer(text).Run();
}

std::optional<ast::Name> ReadName(const Token& token) {
  if (token.kind == TokenKind::kQuotedName) return ast::Name{token.text, token.span};
  if (token.kind != TokenKind::kWord || IsReserved(token.raw)) return std::nullopt;
  return ast::Name{ToNfc(token.raw), token.span};
}

std::optional<ast::Name> ReadEvent(const Token& token) {
  if (token.kind == TokenKind::kLiteral) {
    const auto* text = std::get_if<std::string>(&token.literal);
    if (text == nullptr || text->empty()) return std::nullopt;
    return ast::Name{*text, token.span};
  }
  if (token.kind == TokenKind::kWord && token.raw.find('.') != std::string_view::npos) {
    return std::nullopt;
  }
  return ReadName(token);
}

std::optional<Token> ReadDotted(const Token& token) {
  if (token.kind != TokenKind::kWord || token.raw.find('.') == std::string_view::npos) {
    return std::nullopt;
  }
  return token;
}

std::optional<ast::Literal> ReadLiteral(const Token& token) {
  if (token.kind == TokenKind::kLiteral) return ast::Literal{token.literal, token.span};
  if (token.kind != TokenKind::kWord) return std::nullopt;
  if (IsWord(token.raw, "true")) return ast::Literal{true, token.span};
  if (IsWord(token.raw, "false")) return ast::Literal{false, token.span};
  return std::nullopt;
}

std::optional<ast::Literal> ReadText(const Token& token) {
  if (token.kind != TokenKind::kLiteral) return std::nullopt;
  if (!std::holds_alternative<std::string>(token.literal)) return std::nullopt;
  return ast::Literal{token.literal, token.span};
}

std::optional<int64_t> ReadWhole(const Token& token) {
  if (token.kind != TokenKind::kLiteral) return std::nullopt;
  const auto* number = std::get_if<ExactNumber>(&token.literal);
  const std::optional<int64_t> whole = number != nullptr ? number->ToInteger() : std::nullopt;
  return whole && *whole >= 0 ? whole : std::nullopt;
}

std::optional<ast::TimeUnit> ReadUnit(const Token& token) {
  using enum ast::TimeUnit;
  static constexpr std::array<Spelled<ast::TimeUnit>, 18> kUnits = {{
      {"days", kDay},
      {"day", kDay},
      {"hours", kHour},
      {"hour", kHour},
      {"weeks", kWeek},
      {"week", kWeek},
      {"months", kMonth},
      {"month", kMonth},
      {"minutes", kMinute},
      {"minute", kMinute},
      {"years", kYear},
      {"year", kYear},
      {"seconds", kSecond},
      {"second", kSecond},
      {"s", kSecond},
      {"ms", kMillisecond},
      {"milliseconds", kMillisecond},
      {"millisecond", kMillisecond},
  }};
  return token.kind == TokenKind::kWord ? Lookup(kUnits, token.raw) : std::nullopt;
}

std::optional<ast::TimeUnit> ReadCalendarUnit(const Token& token) {
  const std::optional<ast::TimeUnit> unit = ReadUnit(token);
  return unit && *unit >= ast::TimeUnit::kDay ? unit : std::nullopt;
}

std::optional<ExactNumber> ReadNumber(const Token& token) {
  if (token.kind != TokenKind::kLiteral) return std::nullopt;
  const auto* number = std::get_if<ExactNumber>(&token.literal);
  return number != nullptr ? std::optional(*number) : std::nullopt;
}

std::optional<ast::Pattern> ReadPattern(const Token& token) {
  if (token.kind != TokenKind::kPattern) return std::nullopt;
  return ast::Pattern{token.text, token.raw.back() == 'i', token.span};
}

std::optional<ast::CompareOp> ReadCompareOp(const Token& token) {
  using enum ast::CompareOp;
  static constexpr std::array<Spelled<ast::CompareOp>, 6> kOps = {
      {{"=", kEq}, {"!=", kNe}, {"<", kLt}, {"<=", kLe}, {">", kGt}, {">=", kGe}}};
  return token.kind == TokenKind::kSymbol ? Lookup(kOps, token.raw) : std::nullopt;
}

std::optional<ast::AggregateOp> ReadAggregateOp(const Token& token) {
  using enum ast::AggregateOp;
  static constexpr std::array<Spelled<ast::AggregateOp>, 6> kOps = {{{"sum", kSum},
                                                                     {"avg", kAvg},
                                                                     {"min", kMin},
                                                                     {"max", kMax},
                                                                     {"count", kCount},
                                                                     {"distinct", kDistinct}}};
  return token.kind == TokenKind::kWord ? Lookup(kOps, token.raw) : std::nullopt;
}

std::optional<ast::Shown> ReadShown(const Token& token) {
  using enum ast::Shown;
  for (const ast::Shown shown : {kTraits, kEvents, kNamespaces, kSegments, kGoals, kInterests,
                                 kEngagement, kCarries, kRetention, kSettings, kRules, kViews}) {
    if (token.kind == TokenKind::kWord && IsWord(token.raw, ast::Spelling(shown))) return shown;
  }
  return std::nullopt;
}

}  // namespace roster::query
