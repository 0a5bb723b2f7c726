// SPDX-License-Identifier: Apache-2.0
//
// The line dialect: a request is one line of text or one JSON object on a line; a reply is one
// line of JSON. Thread rule: a reader belongs to one connection; the encoder is pure.
// Source: PROTOCOL.md "The line dialect".
#ifndef ROSTER_SERVER_LINE_CODEC_H_
#define ROSTER_SERVER_LINE_CODEC_H_

#include <string>
#include <string_view>

#include "server/reply.h"
#include "server/request.h"

namespace roster::server {

// Invariants: (1) `partial_` holds at most the limit of its verb and one read; (2) while
// `skipping_` nothing of the line is kept but its last bytes, which tell HTTP.
class LineReader : public RequestReader {
 public:
  // Lifetime: `sizer` outlives the reader.
  explicit LineReader(const RequestSizer* sizer) : sizer_(sizer) {}

  ReadState Next(std::string_view* input, Request* request) override;
  bool InRequest() const override { return !partial_.empty() || skipping_; }
  size_t BufferedBytes() const override { return partial_.capacity(); }

 private:
  ReadState Incomplete(std::string_view piece);
  void Skip(std::string_view piece);
  ReadState Complete(std::string_view line, Request* request);
  ReadState EndSkipped(std::string_view piece, Request* request);
  RequestSizer::Limit LimitOf(std::string_view start) const;

  const RequestSizer* sizer_;
  std::string partial_;  // of a line without its end
  std::string tail_;     // while skipping: the last bytes seen
  RequestSizer::Limit skipped_limit_;
  bool skipping_ = false;
  bool first_line_ = true;
};

// Reads one line without its end into `request`; what is wrong goes to `request->error`.
void ParseLine(std::string_view line, Request* request);

// Appends one line: the outcome with the `id` of its request (JSON, may be empty).
// Shape: {"ok":...}\n. False when it would pass `max_bytes`; then `out` holds a part of it.
bool AppendLineReply(const Outcome& outcome, std::string_view id, size_t max_bytes,
                     std::string* out);

// Appends a tree as JSON. False when `out` passes `max_bytes`.
bool AppendJson(const Reply& reply, size_t max_bytes, std::string* out);

// Appends `text` as a JSON string. Requires: `text` is UTF-8.
void AppendJsonText(std::string_view text, std::string* out);

}  // namespace roster::server

#endif  // ROSTER_SERVER_LINE_CODEC_H_
