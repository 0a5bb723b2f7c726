// SPDX-License-Identifier: Apache-2.0
//
// Reads requests from lines and writes replies as lines of JSON.
#include "server/line_codec.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace roster::server {
namespace {

constexpr size_t kTailBytes = 16;          // enough for " HTTP/1.1\r"
constexpr size_t kKeepCapacity = 4 << 10;  // of an empty buffer; larger ones are given back
constexpr size_t kSmallObject = 64 << 10;  // is read with a parser that is kept
constexpr size_t kMaxIdBytes = 256;

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

std::string_view WithoutCarriageReturn(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

// " HTTP/1.0", " HTTP/1.1" at the end.
bool EndsAsHttp(std::string_view line) {
  constexpr std::string_view kEnd = " HTTP/1.";
  line = WithoutCarriageReturn(line);
  if (line.size() <= kEnd.size()) return false;
  return line.substr(line.size() - kEnd.size() - 1, kEnd.size()) == kEnd;
}

bool BeginsAsHttpHeader(std::string_view line) {
  return line.size() >= 5 && ToLower(line.substr(0, 5)) == "host:";
}

std::string_view SkipBlanks(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  return text;
}

bool TakePrefix(std::string_view prefix, std::string_view* text) {
  *text = SkipBlanks(*text);
  if (text->substr(0, prefix.size()) != prefix) return false;
  text->remove_prefix(prefix.size());
  return true;
}

size_t FirstWordLength(std::string_view text) {
  size_t end = 0;
  while (end < text.size() && !IsBlank(text[end])) ++end;
  return end;
}

absl::Status ReadId(simdjson::dom::element element, Request* request) {
  if (!element.is_string() && !element.is_number()) {
    return MakeError(ErrorCode::kParse, "`id` must be text or a number");
  }
  request->id = simdjson::to_string(element);
  if (request->id.size() > kMaxIdBytes) {
    request->id.clear();
    return MakeError(ErrorCode::kLimit, "`id` is longer than 256 bytes");
  }
  return absl::OkStatus();
}

absl::Status ReadText(simdjson::dom::element element, std::string_view name, std::string* out) {
  std::string_view text;
  if (element.get(text) != simdjson::SUCCESS) {
    return MakeError(ErrorCode::kParse, "`" + std::string(name) + "` must be text");
  }
  out->assign(text);
  return absl::OkStatus();
}

absl::Status ReadArgs(simdjson::dom::element element, Request* request) {
  simdjson::dom::array list;
  if (element.get(list) != simdjson::SUCCESS) {
    return MakeError(ErrorCode::kParse, "`args` must be a list of text");
  }
  for (const simdjson::dom::element item : list) {
    absl::Status status = ReadText(item, "args", &request->words.emplace_back());
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

constexpr std::array<std::string_view, 7> kMembers = {"cmd", "query", "args",      "params",
                                                      "id",  "idem",  "timeout_ms"};

absl::Status ReadMember(std::string_view key, simdjson::dom::element value, Request* request) {
  if (key == "cmd") return ReadText(value, key, &request->verb);
  if (key == "query") return ReadText(value, key, &request->rest);
  if (key == "args") return ReadArgs(value, request);
  if (key == "idem") return ReadText(value, key, &request->request_id);
  if (key == "params") request->params_json = simdjson::to_string(value);
  if (key == "timeout_ms") {
    if (value.get(request->timeout_ms) != simdjson::SUCCESS || request->timeout_ms <= 0) {
      return MakeError(ErrorCode::kParse, "`timeout_ms` must be an integer above 0");
    }
  }
  return absl::OkStatus();
}

absl::Status ReadObject(const simdjson::dom::object& object, Request* request) {
  // The id first, so that an error of another member carries it.
  simdjson::dom::element id;
  if (object["id"].get(id) == simdjson::SUCCESS) {
    absl::Status status = ReadId(id, request);
    if (!status.ok()) return status;
  }
  std::array<bool, kMembers.size()> seen{};
  for (const auto [key, value] : object) {
    const auto known = std::find(kMembers.begin(), kMembers.end(), key);
    if (known == kMembers.end()) {
      // Whether that is wrong depends on the command.
      if (!request->unknown_member) request->unknown_member = key;
      continue;
    }
    if (std::exchange(seen[known - kMembers.begin()], true) && !request->repeated_member) {
      request->repeated_member = key;
    }
    absl::Status status = ReadMember(key, value, request);
    if (!status.ok()) return status;
  }
  if (request->verb.empty()) {
    return MakeError(ErrorCode::kParse, "the object has no member `cmd`");
  }
  return absl::OkStatus();
}

absl::Status ParseObject(std::string_view line, Request* request) {
  request->form = Request::Form::kObject;
  thread_local simdjson::dom::parser small_parser;
  simdjson::dom::parser large_parser;
  simdjson::dom::parser& parser = line.size() <= kSmallObject ? small_parser : large_parser;
  simdjson::dom::object object;
  if (parser.parse(line.data(), line.size()).get(object) != simdjson::SUCCESS) {
    return MakeError(ErrorCode::kParse, "the line is not one JSON object");
  }
  request->object = line;
  return ReadObject(object, request);
}

}  // namespace

ReadState LineReader::Next(std::string_view* input, Request* request) {
  while (!input->empty()) {
    const size_t end = input->find('\n');
    const std::string_view piece = input->substr(0, end);
    input->remove_prefix(end == std::string_view::npos ? input->size() : end + 1);
    if (end == std::string_view::npos) return Incomplete(piece);
    if (skipping_) return EndSkipped(piece, request);
    std::string_view line = piece;
    if (!partial_.empty()) {
      partial_ += piece;
      line = partial_;
    }
    line = SkipBlanks(WithoutCarriageReturn(line));
    if (!line.empty()) return Complete(line, request);
    partial_.clear();
  }
  return ReadState::kMore;
}

ReadState LineReader::Incomplete(std::string_view piece) {
  if (skipping_) {
    Skip(piece);
    return ReadState::kMore;
  }
  partial_ += piece;
  skipped_limit_ = LimitOf(partial_);
  if (partial_.size() <= skipped_limit_.bytes) return ReadState::kMore;
  if (BeginsAsHttpHeader(partial_)) return ReadState::kForeign;
  skipping_ = true;
  tail_.clear();
  Skip(partial_);
  std::string().swap(partial_);
  return ReadState::kMore;
}

void LineReader::Skip(std::string_view piece) {
  tail_ += piece.substr(piece.size() - std::min(piece.size(), kTailBytes));
  tail_.erase(0, tail_.size() - std::min(tail_.size(), kTailBytes));
}

ReadState LineReader::EndSkipped(std::string_view piece, Request* request) {
  Skip(piece);
  skipping_ = false;
  const bool is_http = first_line_ && EndsAsHttp(tail_);
  first_line_ = false;
  if (is_http) return ReadState::kForeign;
  request->error = TooLongError(skipped_limit_);
  return ReadState::kRequest;
}

ReadState LineReader::Complete(std::string_view line, Request* request) {
  const bool is_http = BeginsAsHttpHeader(line) || (first_line_ && EndsAsHttp(line));
  first_line_ = false;
  if (is_http) return ReadState::kForeign;
  request->bytes = line.size() + 1;
  const RequestSizer::Limit limit = LimitOf(line);
  if (line.size() > limit.bytes) {
    request->error = TooLongError(limit);
  } else if (const size_t bad = FindInvalidUtf8(line); bad != std::string_view::npos) {
    request->error = InvalidUtf8Error(line, bad);
  } else {
    ParseLine(line, request);
  }
  partial_.clear();
  if (partial_.capacity() > kKeepCapacity) std::string().swap(partial_);
  return ReadState::kRequest;
}

RequestSizer::Limit LineReader::LimitOf(std::string_view start) const {
  start = SkipBlanks(start);
  if (!TakePrefix("{", &start)) {
    return sizer_->LimitFor(start.substr(0, FirstWordLength(start)));
  }
  const RequestSizer::Limit json = sizer_->LimitFor("{");
  if (!TakePrefix("\"cmd\"", &start) || !TakePrefix(":", &start) || !TakePrefix("\"", &start)) {
    return json;
  }
  const RequestSizer::Limit limit = sizer_->LimitFor(start.substr(0, start.find('"')));
  return limit.bytes > json.bytes ? limit : json;
}

void ParseLine(std::string_view line, Request* request) {
  if (line.front() == '{') {
    request->error = ParseObject(line, request);
    return;
  }
  request->form = Request::Form::kText;
  const size_t end = FirstWordLength(line);
  request->verb = line.substr(0, end);
  request->rest = line.substr(end);
}

namespace {

void AppendNumber(double value, std::string* out) {
  if (!std::isfinite(value)) {
    *out += "null";
    return;
  }
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
  out->append(buffer, end);
}

void AppendInteger(int64_t value, std::string* out) {
  char buffer[24];
  out->append(buffer, std::to_chars(buffer, buffer + sizeof(buffer), value).ptr);
}

void AppendError(const ErrorReply& error, std::string* out) {
  *out += "{\"code\":";
  AppendJsonText(error.code, out);
  *out += ",\"message\":";
  AppendJsonText(error.message, out);
  if (error.position) {
    *out += ",\"line\":";
    AppendInteger(error.position->line, out);
    *out += ",\"col\":";
    AppendInteger(error.position->column, out);
  }
  *out += '}';
}

// Appends a node; false when `out` has passed `max_bytes`.
struct JsonEncoder {
  size_t max_bytes;
  std::string* out;

  bool Encode(const Reply& reply) { return std::visit(*this, reply.node()); }
  bool Fits() const { return out->size() <= max_bytes; }

  bool operator()(const Reply::Null&) { return Add("null"); }
  bool operator()(const Reply::Status& status) { return (*this)(status.text); }
  bool operator()(const std::string& text) {
    AppendJsonText(text, out);
    return Fits();
  }
  bool operator()(int64_t value) {
    AppendInteger(value, out);
    return Fits();
  }
  bool operator()(double value) {
    AppendNumber(value, out);
    return Fits();
  }
  bool operator()(bool value) { return Add(value ? "true" : "false"); }
  bool operator()(const Reply::Digits& digits) { return Add(digits.text); }
  bool operator()(const Reply::RawJson& json) { return Add(json.text); }
  bool operator()(const Reply::Array& array) {
    *out += '[';
    for (size_t i = 0; i < array.size(); ++i) {
      if (i > 0) *out += ',';
      if (!Encode(array[i])) return false;
    }
    return Add("]");
  }
  bool operator()(const Reply::Map& map) {
    *out += '{';
    for (size_t i = 0; i < map.size(); ++i) {
      if (i > 0) *out += ',';
      AppendJsonText(map[i].first, out);
      *out += ':';
      if (!Encode(map[i].second)) return false;
    }
    return Add("}");
  }
  bool operator()(const ErrorReply& error) {
    AppendError(error, out);
    return Fits();
  }
  bool operator()(const Reply::Report& report) { return Encode(*report.tree); }

  bool Add(std::string_view text) {
    *out += text;
    return Fits();
  }
};

}  // namespace

bool AppendJson(const Reply& reply, size_t max_bytes, std::string* out) {
  return JsonEncoder{max_bytes, out}.Encode(reply);
}

bool AppendLineReply(const Outcome& outcome, std::string_view id, size_t max_bytes,
                     std::string* out) {
  const auto* error = std::get_if<ErrorReply>(&outcome.reply.node());
  *out += error ? "{\"ok\":false" : "{\"ok\":true";
  if (!id.empty()) {
    *out += ",\"id\":";
    *out += id;
  }
  if (error) {
    *out += ",\"error\":";
    AppendError(*error, out);
    *out += "}\n";
    return true;
  }
  if (outcome.lsn) {
    *out += ",\"lsn\":";
    AppendInteger(static_cast<int64_t>(*outcome.lsn), out);
  }
  if (outcome.took_us) {
    *out += ",\"took_us\":";
    AppendInteger(*outcome.took_us, out);
  }
  if (!outcome.durable) *out += ",\"durable\":false";
  *out += ",\"result\":";
  if (!AppendJson(outcome.reply, max_bytes, out)) return false;
  *out += "}\n";
  return true;
}

void AppendJsonText(std::string_view text, std::string* out) {
  constexpr char kHex[] = "0123456789abcdef";
  *out += '"';
  size_t plain = 0;  // first byte not yet appended
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out->append(text.substr(plain, i - plain));
    plain = i + 1;
    *out += '\\';
    if (c == '"' || c == '\\') {
      *out += static_cast<char>(c);
    } else if (c == '\n') {
      *out += 'n';
    } else if (c == '\t') {
      *out += 't';
    } else if (c == '\r') {
      *out += 'r';
    } else {
      *out += "u00";
      *out += kHex[c >> 4];
      *out += kHex[c & 15];
    }
  }
  out->append(text.substr(plain));
  *out += '"';
}

}  // namespace roster::server
