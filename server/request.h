// SPDX-License-Identifier: Apache-2.0
//
// One request, whichever dialect it came in, and the reading half of a dialect. A reader fills the
// raw part; `Shape` then brings it into the form that the command's handler wants, so that handlers
// know nothing of dialects. Thread rule: plain values and pure functions; a reader belongs to one
// connection. Source: PROTOCOL.md "Requests".
#ifndef ROSTER_SERVER_REQUEST_H_
#define ROSTER_SERVER_REQUEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "roster/error.h"
#include "roster/value.h"

namespace roster::server {

// How a command wants what follows its verb.
enum class ArgStyle : uint8_t {
  kWords,      // separate words
  kEdit,       // the same with EXPECT and IDEM behind them; the text behind some of them is TailOf
  kStatement,  // one text that begins with the verb, and $1, $2, ...
  kJson,       // one JSON text
};

struct Request {
  enum class Form : uint8_t { kText, kObject, kWords };

  // Raw. Filled by the codec.
  Form form = Form::kText;
  std::string verb;                // as it came
  std::string rest;                // kText: behind the verb, verbatim; kObject: member "query"
  std::string object;              // kObject: the whole object
  std::vector<std::string> words;  // kWords: behind the verb; kObject: member "args"
  std::string id;                  // kObject: member "id" as JSON, to be echoed; empty: none
  std::optional<std::string> unknown_member;   // kObject: the first that is no member of requests
  std::optional<std::string> repeated_member;  // kObject: the first that is there twice
  size_t bytes = 0;                            // that it took on the wire
  absl::Status error;                          // not OK: the request could not be read; answer this

  // Options, from members (kObject) or from words (kWords).
  std::string params_json;  // a JSON list; empty: none
  std::string request_id;   // IDEM
  std::string expected;     // EXPECT: the version that the profile is to have
  int64_t timeout_ms = 0;   // 0: the store's default

  // Shaped.
  std::string statement;      // kStatement
  std::string body;           // kJson; kEdit, of a text: all of it, without options
  uint32_t body_offset = 0;   // of `body` in the line; what stands before it is ASCII
  std::vector<Value> params;  // kStatement
};

// Brings the raw part into the form of `style`. `verb` is the command's name in lower case, used
// where the statement has to be put together.
// Errors: PARSE or ERR when options are malformed; PARSE when an object has a member that its
// command would not heed (a call of kJson has members of its own, which its handler knows).
absl::Status Shape(ArgStyle style, Request* request);

// The position of the first byte that is not UTF-8, or npos.
size_t FindInvalidUtf8(std::string_view text);

// PARSE with the position of byte `offset`, which is within `text`.
absl::Status InvalidUtf8Error(std::string_view text, size_t offset);

// Upper-case of ASCII letters.
std::string ToUpper(std::string_view text);
std::string ToLower(std::string_view text);

// A name of a client's as an error shows it: not long, whole characters.
std::string ShownName(std::string_view name);

// What stands behind the first `num_words` words of a request of kEdit, verbatim; `offset`: where
// it begins in the line.
std::string TailOf(const Request& request, size_t num_words, uint32_t* offset);

// Splits at runs of blanks and tabs. A word that begins and ends with a double quote may hold them.
std::vector<std::string> SplitWords(std::string_view text);

enum class ReadState : uint8_t {
  kMore,     // all bytes are taken; the request is not complete
  kRequest,  // a request, or (request.error) one that could not be read: answer it and go on
  kBroken,   // request.error is the last thing to say; then close
  kForeign,  // another protocol: close without a word
};

// Takes bytes as they come, in pieces of any size, and gives requests; buffers at most one
// incomplete request, within the limits.
class RequestReader {
 public:
  virtual ~RequestReader() = default;
  // Takes bytes from the front of `*input` up to the end of one request.
  virtual ReadState Next(std::string_view* input, Request* request) = 0;
  // An incomplete request is being read or skipped.
  virtual bool InRequest() const = 0;
  // Memory that the incomplete request takes.
  virtual size_t BufferedBytes() const = 0;
};

// Tells how long a request with this verb may be.
class RequestSizer {
 public:
  virtual ~RequestSizer() = default;
  // `limit_name` is what TOOLONG calls the limit.
  struct Limit {
    size_t bytes = 0;
    std::string_view name;
  };
  virtual Limit LimitFor(std::string_view verb) const = 0;
};

// TOOLONG, naming the limit.
inline absl::Status TooLongError(RequestSizer::Limit limit) {
  return MakeError(ErrorCode::kTooLong, "the request is longer than " +
                                            std::to_string(limit.bytes) + " bytes (limit " +
                                            std::string(limit.name) + ")");
}

}  // namespace roster::server

#endif  // ROSTER_SERVER_REQUEST_H_
