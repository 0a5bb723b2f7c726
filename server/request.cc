// SPDX-License-Identifier: Apache-2.0
//
// Shapes requests for handlers: joins words, reads options, checks UTF-8.
#include "server/request.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "roster/json.h"

namespace roster::server {
namespace {

constexpr size_t kMaxRequestIdBytes = 256;
constexpr size_t kMaxShownMember = 64;

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

bool IsOption(std::string_view word) {
  return word == "PARAMS" || word == "IDEM" || word == "TIMEOUT";
}

absl::Status ReadOption(std::string_view name, const std::string& value, Request* request) {
  if (name == "PARAMS") {
    request->params_json = value;
  } else if (name == "IDEM") {
    if (value.empty() || value.size() > kMaxRequestIdBytes) {
      return MakeError(ErrorCode::kLimit, "IDEM takes a key of 1 to 256 bytes");
    }
    request->request_id = value;
  } else {
    const char* end = value.data() + value.size();
    const auto parsed = std::from_chars(value.data(), end, request->timeout_ms);
    if (parsed.ec != std::errc() || parsed.ptr != end || request->timeout_ms <= 0) {
      return MakeError(ErrorCode::kErr, "TIMEOUT takes a number of milliseconds above 0");
    }
  }
  return absl::OkStatus();
}

// Reads `words[first...]` as pairs of option and value and takes them off.
absl::Status TakeOptions(size_t first, Request* request) {
  std::vector<std::string>& words = request->words;
  for (size_t i = first; i < words.size(); i += 2) {
    if (!IsOption(words[i])) {
      return MakeError(ErrorCode::kErr, "syntax error, expected PARAMS, IDEM or TIMEOUT");
    }
    if (i + 1 == words.size()) {
      return MakeError(ErrorCode::kErr, "syntax error, " + words[i] + " takes a value");
    }
    absl::Status status = ReadOption(words[i], words[i + 1], request);
    if (!status.ok()) return status;
  }
  words.resize(std::min(first, words.size()));
  return absl::OkStatus();
}

absl::Status UnknownMember(std::string_view name, ArgStyle style) {
  const std::string shown = ShownName(name);
  const std::string_view args = style == ArgStyle::kWords ? "args, " : "";
  return MakeError(ErrorCode::kParse, "unknown member `" + shown + "`; known: cmd, query, " +
                                          std::string(args) + "params, id, idem, timeout_ms");
}

// A filter under a wrong name must not become an answer about everybody.
absl::Status CheckMembers(ArgStyle style, const Request& request) {
  if (request.unknown_member) return UnknownMember(*request.unknown_member, style);
  if (request.repeated_member) {
    return MakeError(ErrorCode::kParse,
                     "the member `" + *request.repeated_member + "` is there more than once");
  }
  // Of RESP the words are the statement; of an object they are `args`, which no statement has.
  const bool has_args = request.form == Request::Form::kObject && !request.words.empty();
  if (style == ArgStyle::kStatement && has_args) return UnknownMember("args", style);
  return absl::OkStatus();
}

absl::Status ReadParams(Request* request) {
  if (request->params_json.empty()) return absl::OkStatus();
  simdjson::dom::parser parser;
  simdjson::dom::array list;
  if (parser.parse(request->params_json).get(list) != simdjson::SUCCESS) {
    return MakeError(ErrorCode::kParse, "params are not a JSON list");
  }
  for (const simdjson::dom::element element : list) {
    absl::StatusOr<Value> value = ParseValueJson(simdjson::to_string(element));
    if (!value.ok()) return value.status();
    request->params.push_back(*std::move(value));
  }
  return absl::OkStatus();
}

absl::Status ShapeStatement(Request* request) {
  switch (request->form) {
    case Request::Form::kText:
      request->statement = request->verb + request->rest;
      break;
    case Request::Form::kObject:
      request->statement = request->verb;
      if (!request->rest.empty()) request->statement += " " + request->rest;
      break;
    case Request::Form::kWords: {
      const auto option = std::find_if(request->words.begin(), request->words.end(), IsOption);
      absl::Status status = TakeOptions(option - request->words.begin(), request);
      if (!status.ok()) return status;
      request->statement = request->verb;
      for (const std::string& word : request->words) request->statement += " " + word;
      break;
    }
  }
  return ReadParams(request);
}

absl::Status ShapeJson(Request* request) {
  switch (request->form) {
    case Request::Form::kText:
      request->body = Trim(request->rest);
      request->body_offset = static_cast<uint32_t>(
          request->verb.size() +
          std::min(request->rest.find_first_not_of(" \t"), request->rest.size()));
      break;
    case Request::Form::kObject:
      request->body = std::move(request->object);
      break;
    case Request::Form::kWords: {
      absl::Status status = TakeOptions(1, request);
      if (!status.ok()) return status;
      if (!request->words.empty()) request->body = std::move(request->words[0]);
      break;
    }
  }
  if (request->body.empty()) {
    return MakeError(ErrorCode::kParse, ToLower(request->verb) + " takes JSON text");
  }
  return absl::OkStatus();
}

// Where the word that begins at `text[begin]` ends.
size_t EndOfWord(std::string_view text, size_t begin) {
  if (text[begin] == '"') {
    const size_t quote = text.find('"', begin + 1);
    const bool ends =
        quote != std::string_view::npos && (quote + 1 == text.size() || IsBlank(text[quote + 1]));
    if (ends) return quote + 1;
  }
  size_t end = begin;
  while (end < text.size() && !IsBlank(text[end])) ++end;
  return end;
}

bool IsVersion(std::string_view word) {
  return word.size() == 16 && word.find_first_not_of("0123456789abcdef") == word.npos;
}

// The last two words of an edit are an option when the first of them is the name of one. A note may
// end with anything.
bool TakeLastOption(Request* request) {
  std::vector<std::string>& words = request->words;
  if (words.size() < 3) return false;
  const std::string& name = words[words.size() - 2];
  const bool is_text = request->form != Request::Form::kWords;
  const bool is_note = is_text && ToUpper(request->verb) == "NOTE";
  if (name == "EXPECT" && (!is_note || IsVersion(words.back()))) {
    request->expected = words.back();
  } else if (name == "IDEM" && !is_text) {
    request->request_id = words.back();
  } else {
    return false;
  }
  if (is_text) {
    for (int i = 0; i < 2; ++i) {
      const size_t blank = request->body.find_last_of(" \t");
      request->body = Trim(std::string_view(request->body).substr(0, blank));
    }
  }
  words.resize(words.size() - 2);
  return true;
}

absl::Status ShapeEdit(Request* request) {
  if (request->form != Request::Form::kWords && request->words.empty()) {
    request->body = Trim(request->rest);
    request->words = SplitWords(request->body);
  } else {
    request->form = Request::Form::kWords;
  }
  while (TakeLastOption(request)) {
  }
  if (request->request_id.size() <= kMaxRequestIdBytes) return absl::OkStatus();
  return MakeError(ErrorCode::kLimit, "IDEM takes a key of 1 to 256 bytes");
}

// Length of the UTF-8 sequence at `text[i]`, or 0 when it is not one.
// Source: RFC 3629, section 4.
size_t Utf8Length(std::string_view text, size_t i) {
  const auto byte = [&](size_t k) -> unsigned {
    return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0;
  };
  const auto tail = [&](size_t k) { return (byte(k) & 0xc0) == 0x80; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return tail(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const bool overlong = lead == 0xe0 && byte(1) < 0xa0;
    const bool surrogate = lead == 0xed && byte(1) > 0x9f;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const bool overlong = lead == 0xf0 && byte(1) < 0x90;
    const bool too_high = lead == 0xf4 && byte(1) > 0x8f;
    return tail(1) && tail(2) && tail(3) && !overlong && !too_high ? 4 : 0;
  }
  return 0;
}

}  // namespace

absl::Status Shape(ArgStyle style, Request* request) {
  if (style != ArgStyle::kJson) {
    absl::Status status = CheckMembers(style, *request);
    if (!status.ok()) return status;
  }
  switch (style) {
    case ArgStyle::kStatement:
      return ShapeStatement(request);
    case ArgStyle::kJson:
      return ShapeJson(request);
    case ArgStyle::kWords:
      if (request->form != Request::Form::kWords && request->words.empty()) {
        request->words = SplitWords(request->rest);
      }
      return absl::OkStatus();
    case ArgStyle::kEdit:
      return ShapeEdit(request);
  }
  return absl::OkStatus();
}

std::string ShownName(std::string_view name) {
  std::string shown(name.substr(0, kMaxShownMember));
  while (FindInvalidUtf8(shown) != std::string_view::npos) shown.pop_back();
  return shown;
}

std::string TailOf(const Request& request, size_t num_words, uint32_t* offset) {
  *offset = 0;
  if (request.form == Request::Form::kWords) {
    std::string tail;
    for (size_t i = num_words; i < request.words.size(); ++i) {
      tail += (tail.empty() ? "" : " ") + request.words[i];
    }
    return tail;
  }
  const std::string_view text = request.body;
  size_t begin = 0;
  for (size_t i = 0; i < num_words && begin < text.size(); ++i) {
    begin = EndOfWord(text, begin);
    while (begin < text.size() && IsBlank(text[begin])) ++begin;
  }
  if (request.form == Request::Form::kText) {
    const size_t blanks = std::min(request.rest.find_first_not_of(" \t"), request.rest.size());
    *offset = static_cast<uint32_t>(request.verb.size() + blanks + begin);
  }
  return std::string(text.substr(begin));
}

size_t FindInvalidUtf8(std::string_view text) {
  if (simdjson::validate_utf8(text.data(), text.size())) return std::string_view::npos;
  for (size_t i = 0; i < text.size();) {
    const size_t length = Utf8Length(text, i);
    if (length == 0) return i;
    i += length;
  }
  return std::string_view::npos;
}

absl::Status InvalidUtf8Error(std::string_view text, size_t offset) {
  ErrorPosition position{.line = 1, .column = 1, .offset = static_cast<uint32_t>(offset)};
  position.length = 1;
  for (const char c : text.substr(0, offset)) {
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) ++position.column;
    if (c == '\n') {
      ++position.line;
      position.column = 1;
    }
  }
  return MakeError(ErrorCode::kParse,
                   "the request is not UTF-8, at byte offset " + std::to_string(offset), position);
}

std::string ToUpper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::vector<std::string> SplitWords(std::string_view text) {
  std::vector<std::string> words;
  for (size_t i = 0; i < text.size();) {
    if (IsBlank(text[i])) {
      ++i;
      continue;
    }
    const size_t end = EndOfWord(text, i);
    const bool quoted = text[i] == '"' && end - i >= 2 && text[end - 1] == '"';
    words.emplace_back(quoted ? text.substr(i + 1, end - i - 2) : text.substr(i, end - i));
    i = end;
  }
  return words;
}

}  // namespace roster::server
