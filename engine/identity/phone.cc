// SPDX-License-Identifier: Apache-2.0
#include "engine/identity/phone.h"

#include <algorithm>
#include <array>
#include <optional>

#ifdef ROSTER_HAVE_PHONENUMBER
#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumber.pb.h>
#include <phonenumbers/phonenumberutil.h>
#endif

namespace roster {
namespace {

// E.164: with the calling code.
constexpr size_t kMinDigits = 7;
constexpr size_t kMaxDigits = 15;

struct Country {
  std::string_view region;
  std::string_view code;
  // Begins national numbers when they are dialled inside of the country, and is no part of them.
  std::string_view trunk;
};

constexpr std::array<Country, 55> kCountries = {{
    {"AE", "971", "0"}, {"AT", "43", "0"},  {"AU", "61", "0"},  {"BD", "880", "0"},
    {"BE", "32", "0"},  {"BG", "359", "0"}, {"CA", "1", "1"},   {"CH", "41", "0"},
    {"CN", "86", "0"},  {"CO", "57", ""},   {"CY", "357", ""},  {"CZ", "420", ""},
    {"DE", "49", "0"},  {"DK", "45", ""},   {"EE", "372", ""},  {"EG", "20", "0"},
    {"ES", "34", ""},   {"FI", "358", "0"}, {"FR", "33", "0"},  {"GB", "44", "0"},
    {"GR", "30", ""},   {"HK", "852", ""},  {"HR", "385", "0"}, {"ID", "62", "0"},
    {"IE", "353", "0"}, {"IL", "972", "0"}, {"IN", "91", "0"},  {"IS", "354", ""},
    {"IT", "39", ""},   {"JP", "81", "0"},  {"KE", "254", "0"}, {"KR", "82", "0"},
    {"LU", "352", ""},  {"LV", "371", ""},  {"MA", "212", "0"}, {"MT", "356", ""},
    {"MY", "60", "0"},  {"NG", "234", "0"}, {"NL", "31", "0"},  {"NO", "47", ""},
    {"NZ", "64", "0"},  {"PH", "63", "0"},  {"PK", "92", "0"},  {"PL", "48", ""},
    {"PT", "351", ""},  {"RO", "40", "0"},  {"RS", "381", "0"}, {"SA", "966", "0"},
    {"SE", "46", "0"},  {"SG", "65", ""},   {"SI", "386", "0"}, {"SK", "421", "0"},
    {"TR", "90", "0"},  {"US", "1", "1"},   {"ZA", "27", "0"},
}};

const Country* FindCountry(std::string_view region) {
  const auto* const it = std::find_if(kCountries.begin(), kCountries.end(),
                                      [&](const Country& c) { return c.region == region; });
  return it == kCountries.end() ? nullptr : &*it;
}

// A digit or a plus as other scripts write it, at the begin of the text, and its bytes.
struct Sign {
  char as = 0;
  size_t bytes = 0;
};

Sign ReadSign(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const char c = text.front();
  if ((c >= '0' && c <= '9') || c == '+') return {c, 1};
  // Arabic-Indic U+0660, extended U+06F0.
  if (text.size() >= 2 && (byte(0) == 0xd9 || byte(0) == 0xdb)) {
    const unsigned first = byte(0) == 0xd9 ? 0xa0 : 0xb0;
    if (byte(1) >= first && byte(1) < first + 10) {
      return {static_cast<char>('0' + (byte(1) - first)), 2};
    }
  }
  // Full width U+FF10, U+FF0B.
  if (text.size() >= 3 && byte(0) == 0xef && byte(1) == 0xbc) {
    if (byte(2) >= 0x90 && byte(2) < 0x9a) return {static_cast<char>('0' + (byte(2) - 0x90)), 3};
    if (byte(2) == 0x8b) return {'+', 3};
  }
  return {};
}

bool BeginsExtension(char c) {
  const char low = static_cast<char>(c | 0x20);
  return (low >= 'a' && low <= 'z') || c == '#' || c == ';' || c == ',';
}

// What is no possible number.
std::string AsDigits(const PhoneDigits& phone) {
  return phone.international ? "+" + phone.digits : phone.digits;
}

#ifdef ROSTER_HAVE_PHONENUMBER

using i18n::phonenumbers::PhoneNumberUtil;

const PhoneNumberUtil& Library() {
  static PhoneNumberUtil* const library = [] {
    PhoneNumberUtil* const made = PhoneNumberUtil::GetInstance();
    made->SetLogger(new i18n::phonenumbers::NullLogger());  // it takes ownership
    return made;
  }();
  return *library;
}

std::optional<std::string> ByLibrary(const PhoneDigits& phone, std::string_view region) {
  i18n::phonenumbers::PhoneNumber number;
  const std::string from = phone.international || region.empty() ? "ZZ" : std::string(region);
  if (Library().Parse(AsDigits(phone), from, &number) != PhoneNumberUtil::NO_PARSING_ERROR ||
      !Library().IsPossibleNumber(number)) {
    return std::nullopt;
  }
  std::string text;
  Library().Format(number, PhoneNumberUtil::E164, &text);
  return text;
}

#endif

}  // namespace

PhoneDigits ReadPhoneDigits(std::string_view value) {
  PhoneDigits phone;
  while (!value.empty()) {
    const Sign sign = ReadSign(value);
    if (sign.as == '+') {
      phone.international = phone.international || phone.digits.empty();
    } else if (sign.as != 0) {
      phone.digits.push_back(sign.as);
    } else if (!phone.digits.empty() && BeginsExtension(value.front())) {
      break;
    }
    value.remove_prefix(std::max<size_t>(sign.bytes, 1));
  }
  // Calling codes begin with 1 to 9.
  const size_t first = phone.digits.find_first_not_of('0');
  phone.international = phone.international || phone.digits.starts_with("00");
  if (first == std::string::npos) return {phone.digits, false};
  if (phone.international) phone.digits.erase(0, first);
  return phone;
}

std::optional<std::string> PossiblePhone(const PhoneDigits& phone, std::string_view region) {
#ifdef ROSTER_HAVE_PHONENUMBER
  std::optional<std::string> once = ByLibrary(phone, region);
  if (!once) return std::nullopt;
  // What it writes it may read otherwise, as where a country's numbers have changed.
  const bool as_it_was = phone.international && *once == AsDigits(phone);
  if (!as_it_was && ByLibrary(ReadPhoneDigits(*once), region) != once) return std::nullopt;
  return once;
#else
  return SimplePhone(phone, region);
#endif
}

std::optional<std::string> SimplePhone(const PhoneDigits& phone, std::string_view region) {
  std::string digits = phone.digits;
  if (!phone.international) {
    const Country* const country = FindCountry(region);
    if (country == nullptr) return std::nullopt;
    if (country->trunk == "1" && digits.starts_with('1')) digits.erase(0, 1);
    digits.insert(0, country->code);
  }
  // +44 (0)20: the 0 is for those who dial inside of the country.
  for (const Country& country : kCountries) {
    if (country.trunk != "0" || !digits.starts_with(country.code)) continue;
    const size_t size = country.code.size();
    digits.erase(size, std::min(digits.find_first_not_of('0', size), digits.size()) - size);
  }
  if (digits.size() < kMinDigits || digits.size() > kMaxDigits) return std::nullopt;
  return "+" + digits;
}

std::string NormalisePhone(std::string_view value, std::string_view region) {
  const PhoneDigits phone = ReadPhoneDigits(value);
  const bool zeros =
      std::all_of(phone.digits.begin(), phone.digits.end(), [](char c) { return c == '0'; });
  if (zeros) return phone.digits;
  const std::optional<std::string> possible = PossiblePhone(phone, region);
  return possible ? *possible : AsDigits(phone);
}

std::string_view PhoneRule() {
#ifdef ROSTER_HAVE_PHONENUMBER
  return "libphonenumber " ROSTER_HAVE_PHONENUMBER;
#else
  return "simple 1";
#endif
}

bool IsRegion(std::string_view text) {
  return text.size() == 2 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace roster
