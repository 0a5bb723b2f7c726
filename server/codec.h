// SPDX-License-Identifier: Apache-2.0
//
// The reading half of a dialect. A reader takes bytes as they come, in pieces of any size, and
// gives requests; it buffers at most one incomplete request, within the limits.
// Thread rule: one connection, one thread.
#ifndef ROSTER_SERVER_CODEC_H_
#define ROSTER_SERVER_CODEC_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "server/request.h"

namespace roster::server {

enum class ReadState : uint8_t {
  kMore,     // all bytes are taken; the request is not complete
  kRequest,  // a request, or (request.error) one that could not be read: answer it and go on
  kBroken,   // request.error is the last thing to say; then close
  kForeign,  // another protocol: close without a word
};

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

#endif  // ROSTER_SERVER_CODEC_H_
