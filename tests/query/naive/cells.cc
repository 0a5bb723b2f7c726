// SPDX-License-Identifier: Apache-2.0
#include "tests/query/naive/cells.h"

#include <re2/re2.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>

namespace roster::query::naive {
namespace {

using boost::multiprecision::cpp_int;

cpp_int TenTo(int64_t exponent) {
  cpp_int power = 1;
  for (int64_t i = 0; i < exponent; ++i) power *= 10;
  return power;
}

std::string Mapped(std::string_view text, int options) {
  utf8proc_uint8_t* mapped = nullptr;
  const auto length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                   static_cast<utf8proc_ssize_t>(text.size()), &mapped,
                                   static_cast<utf8proc_option_t>(options));
  std::string result(reinterpret_cast<const char*>(mapped), static_cast<size_t>(length));
  std::free(mapped);
  return result;
}

template <typename T>
int Sign(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

bool IsWithin(const std::string& text, const ast::TextMatch& match) {
  const bool folded = match.folded;
  const std::string in = folded ? Folded(text) : text;
  const std::string part = folded ? Folded(TextOf(match.text)) : TextOf(match.text);
  if (match.op == ast::TextOp::kStartsWith) return in.rfind(part, 0) == 0;
  if (match.op == ast::TextOp::kContains) return in.find(part) != std::string::npos;
  return in.size() >= part.size() && in.substr(in.size() - part.size()) == part;
}

bool Matches(const std::string& text, const ast::Pattern& pattern) {
  static std::map<std::pair<std::string, bool>, std::unique_ptr<RE2>> known;
  std::unique_ptr<RE2>& regex = known[{pattern.regex, pattern.any_case}];
  if (!regex) {
    RE2::Options options;
    options.set_case_sensitive(!pattern.any_case);
    regex = std::make_unique<RE2>(pattern.regex, options);
  }
  return RE2::PartialMatch(text, *regex);
}

bool HasElements(const TextList& list, const ast::Has& has) {
  const auto is_in = [&](const ast::Literal& element) {
    return std::find(list.begin(), list.end(), TextOf(element)) != list.end();
  };
  const auto& elements = has.elements;
  switch (has.op) {
    case ast::ListOp::kHasAll:
      return std::all_of(elements.begin(), elements.end(), is_in);
    case ast::ListOp::kHasNone:
      return std::none_of(elements.begin(), elements.end(), is_in);
    default:
      return std::any_of(elements.begin(), elements.end(), is_in);
  }
}

bool IsEmpty(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  const auto* list = std::get_if<TextList>(&value);
  return (text && text->empty()) || (list && list->empty());
}

bool IsBetween(const Value& value, const ast::Between& between, const Clock& clock) {
  const bool times = std::holds_alternative<Timestamp>(value);
  const bool half_open = times && IsInstant(between.low) && IsInstant(between.high);
  return Order(value, between.low, clock) >= 0 &&
         Order(value, between.high, clock) < (half_open ? 0 : 1);
}

}  // namespace

int Exact::Compare(const Exact& other) const {
  return Sign<cpp_int>(num * other.den, other.num * den);
}

double Exact::ToDouble() const {
  const boost::multiprecision::cpp_rational ratio(num, den);
  return ratio.convert_to<double>();
}

std::string Nfc(std::string_view text) { return Mapped(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE); }

std::string Folded(std::string_view text) {
  return Mapped(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK);
}

std::optional<Exact> ExactOf(const Value& value) {
  if (const auto* whole = std::get_if<int64_t>(&value)) return Exact{*whole, 1};
  if (const auto* decimal = std::get_if<Decimal>(&value)) {
    return Exact{decimal->unscaled, TenTo(decimal->scale)};
  }
  return std::nullopt;
}

// Read anew, digit by digit.
Exact ExactOf(const ast::Literal& literal) {
  if (const auto* duration = std::get_if<ast::Duration>(&literal.value)) {
    return {Clock{0, absl::UTCTimeZone()}.Moved(0, *duration, 1), 1};
  }
  const std::string text = std::get<ExactNumber>(literal.value).ToText();
  Exact exact{0, 1};
  bool negative = false;
  bool after_point = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '-') negative = true;
    if (text[i] == '.') after_point = true;
    if (text[i] == 'e' || text[i] == 'E') {
      const int64_t exponent = std::strtoll(text.c_str() + i + 1, nullptr, 10);
      (exponent < 0 ? exact.den : exact.num) *= TenTo(std::abs(exponent));
      break;
    }
    if (text[i] < '0' || text[i] > '9') continue;
    exact.num = exact.num * 10 + (text[i] - '0');
    if (after_point) exact.den *= 10;
  }
  if (negative) exact.num = -exact.num;
  return exact;
}

double DoubleOf(const ast::Literal& literal) {
  return std::strtod(std::get<ExactNumber>(literal.value).ToText().c_str(), nullptr);
}

std::string TextOf(const ast::Literal& literal) {
  return Nfc(std::get<std::string>(literal.value));
}

bool Passes(ast::CompareOp op, int order) {
  switch (op) {
    case ast::CompareOp::kEq:
      return order == 0;
    case ast::CompareOp::kNe:
      return order != 0;
    case ast::CompareOp::kLt:
      return order < 0;
    case ast::CompareOp::kLe:
      return order <= 0;
    case ast::CompareOp::kGt:
      return order > 0;
    case ast::CompareOp::kGe:
      return order >= 0;
  }
  return false;
}

int Order(const Value& value, const ast::Literal& literal, const Clock& clock) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    return Sign<std::string>(*text, TextOf(literal));
  }
  if (const auto* flag = std::get_if<bool>(&value)) {
    return Sign<int>(*flag, std::get<bool>(literal.value));
  }
  if (const auto* day = std::get_if<Date>(&value)) {
    return Sign(day->days, std::get<Date>(literal.value).days);
  }
  if (const auto* time = std::get_if<Timestamp>(&value)) {
    const Moments moments = clock.MomentsOf(literal);
    return time->ms < moments.first ? -1 : time->ms > moments.last ? 1 : 0;
  }
  if (const auto* number = std::get_if<double>(&value)) return Sign(*number, DoubleOf(literal));
  return ExactOf(value)->Compare(ExactOf(literal));
}

bool Compares(const Value& value, const ast::Compare& compare, const Clock& clock) {
  if (IsMissing(value)) return false;
  if (!compare.folded) return Passes(compare.op, Order(value, compare.value, clock));
  const std::string text = Folded(std::get<std::string>(value));
  return Passes(compare.op, Sign<std::string>(text, Folded(TextOf(compare.value))));
}

bool Holds(const Value& value, const ast::What& what, const Clock& clock) {
  if (const auto* presence = std::get_if<ast::Presence>(&what)) {
    if (presence->op == ast::PresenceOp::kEmpty) return IsEmpty(value);
    return IsMissing(value) == (presence->op == ast::PresenceOp::kMissing);
  }
  if (IsMissing(value)) return false;
  if (const auto* compare = std::get_if<ast::Compare>(&what)) {
    return Compares(value, *compare, clock);
  }
  if (const auto* in = std::get_if<ast::In>(&what)) {
    const bool any = std::any_of(in->values.begin(), in->values.end(),
                                 [&](const auto& one) { return Order(value, one, clock) == 0; });
    return any != in->negated;
  }
  if (const auto* between = std::get_if<ast::Between>(&what)) {
    return IsBetween(value, *between, clock);
  }
  if (const auto* match = std::get_if<ast::TextMatch>(&what)) {
    return IsWithin(std::get<std::string>(value), *match);
  }
  if (const auto* pattern = std::get_if<ast::Pattern>(&what)) {
    return Matches(std::get<std::string>(value), *pattern);
  }
  if (const auto* has = std::get_if<ast::Has>(&what)) {
    return HasElements(std::get<TextList>(value), *has);
  }
  const Moments moments = clock.MomentsOf(std::get<ast::Window>(what));
  if (const auto* day = std::get_if<Date>(&value)) {
    return moments.Has(clock.StartOf(DayNumber(day->days)));
  }
  return moments.Has(std::get<Timestamp>(value).ms);
}

bool HoldsSize(const Value& value, const ast::Compare& compare) {
  const auto* list = std::get_if<TextList>(&value);
  if (list == nullptr) return false;
  const Exact size{static_cast<int64_t>(list->size()), 1};
  return Passes(compare.op, size.Compare(ExactOf(compare.value)));
}

bool HoldsAnniversary(const Value& value, const ast::Window& window, const Clock& clock) {
  absl::CivilDay born;
  if (const auto* day = std::get_if<Date>(&value)) {
    born = DayNumber(day->days);
  } else if (const auto* time = std::get_if<Timestamp>(&value)) {
    born = clock.Day(time->ms);
  } else {
    return false;
  }
  const Moments moments = clock.MomentsOf(window);
  // They are a year apart: what begins in the window is found among the first that could.
  int64_t year = born.year() + 1;
  if (moments.first > clock.StartOf(absl::CivilDay(year, 1, 1))) {
    year = std::max(year, clock.Day(moments.first).year() - 1);
  }
  for (const int64_t end = year + 4; year < end; ++year) {
    absl::CivilDay on(year, born.month(), born.day());
    if (on.month() != born.month()) on = absl::CivilDay(year, 2, 28);
    if (moments.Has(clock.StartOf(on))) return true;
  }
  return false;
}

}  // namespace roster::query::naive
