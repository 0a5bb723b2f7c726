// SPDX-License-Identifier: Apache-2.0
//
// Reads RESP requests incrementally and writes RESP2 or RESP3 replies.
#include "server/resp_codec.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace roster::server {
namespace {

constexpr size_t kMaxHeaderBytes = 32;
constexpr int64_t kMaxWords = 1 << 20;
constexpr int64_t kMaxWordBytes = 512 << 20;

absl::Status ProtocolError(std::string_view what) {
  return MakeError(ErrorCode::kErr, "Protocol error: " + std::string(what));
}

absl::Status Expected(char want, char got) {
  const bool printable = got >= 0x20 && got < 0x7f;
  std::string text = "expected '?', got '?'";
  text[10] = want;
  text[19] = printable ? got : '?';
  return ProtocolError(text);
}

bool ParseLength(std::string_view text, int64_t* value) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), *value);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

}  // namespace

bool RespReader::TakeHeader(std::string_view* input, std::string* line, absl::Status* error) {
  const char want = step_ == Step::kCount ? '*' : '$';
  const char first = header_.empty() ? input->front() : header_.front();
  if (first != want) {
    *error = Expected(want, first);
    return false;
  }
  const size_t end = input->find('\n');
  const size_t length = std::min(end, input->size());
  if (header_.size() + length > kMaxHeaderBytes) {
    *error =
        ProtocolError(want == '*' ? "too big mbulk count string" : "too big bulk count string");
    return false;
  }
  header_ += input->substr(0, length);
  input->remove_prefix(end == std::string_view::npos ? input->size() : end + 1);
  if (end == std::string_view::npos) return false;
  if (header_.back() != '\r') {
    *error = ProtocolError("a line ends without CRLF");
    return false;
  }
  header_.pop_back();
  line->assign(header_, 1);
  request_bytes_ += header_.size() + 2;
  header_.clear();
  return true;
}

ReadState RespReader::Next(std::string_view* input, Request* request) {
  while (!input->empty()) {
    absl::Status error;
    std::string line;
    switch (step_) {
      case Step::kCount:
        if (TakeHeader(input, &line, &error)) error = OnCount(line);
        break;
      case Step::kLength:
        if (TakeHeader(input, &line, &error)) error = OnLength(line);
        break;
      case Step::kData:
        TakeData(input);
        break;
      case Step::kDataEnd:
        error = TakeDataEnd(input);
        break;
    }
    if (!error.ok()) {
      request->error = error;
      return ReadState::kBroken;
    }
    if (step_ == Step::kDataEnd && end_left_ == 0) {
      if (--words_left_ == 0) return Finish(request);
      step_ = Step::kLength;
    }
  }
  return ReadState::kMore;
}

absl::Status RespReader::OnCount(std::string_view line) {
  int64_t count = 0;
  if (!ParseLength(line, &count) || count > kMaxWords) {
    return ProtocolError("invalid multibulk length");
  }
  // As with Redis an empty array is no request.
  if (count <= 0) {
    request_bytes_ = 0;
    return absl::OkStatus();
  }
  words_left_ = static_cast<size_t>(count);
  limit_ = sizer_->LimitFor("");
  step_ = Step::kLength;
  return absl::OkStatus();
}

absl::Status RespReader::OnLength(std::string_view line) {
  int64_t length = 0;
  if (!ParseLength(line, &length) || length < 0 || length > kMaxWordBytes) {
    return ProtocolError("invalid bulk length");
  }
  data_left_ = static_cast<size_t>(length);
  end_left_ = 2;
  request_bytes_ += data_left_ + 2;
  if (request_bytes_ > limit_.bytes) StartSkipping();
  if (!skipping_) words_.emplace_back();
  step_ = data_left_ > 0 ? Step::kData : Step::kDataEnd;
  return absl::OkStatus();
}

void RespReader::TakeData(std::string_view* input) {
  const std::string_view piece = input->substr(0, data_left_);
  if (!skipping_) words_.back() += piece;
  data_left_ -= piece.size();
  input->remove_prefix(piece.size());
  if (data_left_ == 0) step_ = Step::kDataEnd;
}

absl::Status RespReader::TakeDataEnd(std::string_view* input) {
  const char want = end_left_ == 2 ? '\r' : '\n';
  if (input->front() != want) return ProtocolError("a bulk string is longer than it said");
  input->remove_prefix(1);
  // The first word is the verb: it says how long the rest may be.
  if (--end_left_ == 0 && !skipping_ && words_.size() == 1) {
    limit_ = sizer_->LimitFor(words_.front());
    if (request_bytes_ > limit_.bytes) StartSkipping();
  }
  return absl::OkStatus();
}

void RespReader::StartSkipping() {
  skipping_ = true;
  std::vector<std::string>().swap(words_);
}

ReadState RespReader::Finish(Request* request) {
  request->form = Request::Form::kWords;
  request->bytes = skipping_ ? 0 : request_bytes_;
  if (skipping_) {
    request->error = TooLongError(limit_);
  } else {
    for (size_t i = 0; i < words_.size() && request->error.ok(); ++i) {
      const size_t bad = FindInvalidUtf8(words_[i]);
      if (bad != std::string_view::npos) request->error = InvalidUtf8Error(words_[i], bad);
    }
    request->verb = std::move(words_.front());
    words_.erase(words_.begin());
    request->words = std::move(words_);
  }
  words_.clear();
  request_bytes_ = 0;
  skipping_ = false;
  step_ = Step::kCount;
  return ReadState::kRequest;
}

size_t RespReader::BufferedBytes() const {
  if (skipping_) return 0;
  size_t bytes = words_.capacity() * sizeof(std::string);
  if (!words_.empty()) bytes += request_bytes_ - data_left_;
  return bytes;
}

namespace {

// Appends a node; false when `out` has passed `max_bytes`.
struct RespEncoder {
  int version;
  size_t max_bytes;
  std::string* out;

  bool Encode(const Reply& reply) { return std::visit(*this, reply.node()); }
  bool Fits() const { return out->size() <= max_bytes; }

  bool operator()(const Reply::Null&) { return Add(version >= 3 ? "_\r\n" : "$-1\r\n"); }
  bool operator()(const Reply::Status& status) {
    *out += '+';
    *out += status.text;
    return Add("\r\n");
  }
  bool operator()(const std::string& text) { return Bulk(text); }
  bool operator()(int64_t value) {
    Header(':', value);
    return Fits();
  }
  bool operator()(double value) {
    const std::string text = NumberText(value);
    if (version < 3) return Bulk(text);
    *out += ',';
    *out += text;
    return Add("\r\n");
  }
  bool operator()(bool value) {
    if (version >= 3) return Add(value ? "#t\r\n" : "#f\r\n");
    return Add(value ? ":1\r\n" : ":0\r\n");
  }
  bool operator()(const Reply::Digits& digits) { return Bulk(digits.text); }
  bool operator()(const Reply::RawJson& json) { return Bulk(json.text); }
  bool operator()(const Reply::Array& array) {
    Header('*', static_cast<int64_t>(array.size()));
    for (const Reply& item : array) {
      if (!Encode(item)) return false;
    }
    return Fits();
  }
  bool operator()(const Reply::Map& map) {
    const auto size = static_cast<int64_t>(map.size());
    Header(version >= 3 ? '%' : '*', version >= 3 ? size : 2 * size);
    for (const auto& [key, value] : map) {
      if (!Bulk(key) || !Encode(value)) return false;
    }
    return Fits();
  }
  bool operator()(const ErrorReply& error) {
    *out += '-';
    *out += error.code;
    *out += ' ';
    *out += error.message;
    if (error.position) {
      *out += " at line " + std::to_string(error.position->line);
      *out += " column " + std::to_string(error.position->column);
    }
    return Add("\r\n");
  }
  bool operator()(const Reply::Report& report) { return Bulk(report.text); }

  static std::string NumberText(double value) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    char buffer[32];
    return std::string(buffer, std::to_chars(buffer, buffer + sizeof(buffer), value).ptr);
  }
  void Header(char type, int64_t count) {
    char buffer[24];
    *out += type;
    out->append(buffer, std::to_chars(buffer, buffer + sizeof(buffer), count).ptr);
    *out += "\r\n";
  }
  bool Bulk(std::string_view text) {
    Header('$', static_cast<int64_t>(text.size()));
    *out += text;
    return Add("\r\n");
  }
  bool Add(std::string_view text) {
    *out += text;
    return Fits();
  }
};

}  // namespace

bool AppendResp(const Reply& reply, int version, size_t max_bytes, std::string* out) {
  return RespEncoder{version, max_bytes, out}.Encode(reply);
}

}  // namespace roster::server
