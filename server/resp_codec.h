// SPDX-License-Identifier: Apache-2.0
//
// RESP2 and RESP3: a request is an array of bulk strings; replies are native types. Never sent:
// streamed types, blob errors, attributes (clients hang on them).
// Thread rule: a reader belongs to one connection; the encoder is pure.
// Source: PROTOCOL.md "RESP"; the Redis serialization protocol specification.
#ifndef ROSTER_SERVER_RESP_CODEC_H_
#define ROSTER_SERVER_RESP_CODEC_H_

#include <string>
#include <string_view>
#include <vector>

#include "server/reply.h"
#include "server/request.h"

namespace roster::server {

// Invariants: (1) the words kept are at most the limit of the first word's command; (2) while
// `skipping_` no word is kept; (3) after kBroken it is not called again.
class RespReader : public RequestReader {
 public:
  // Lifetime: `sizer` outlives the reader.
  explicit RespReader(const RequestSizer* sizer) : sizer_(sizer) {}

  ReadState Next(std::string_view* input, Request* request) override;
  bool InRequest() const override { return words_left_ > 0 || !header_.empty(); }
  size_t BufferedBytes() const override;

 private:
  enum class Step : uint8_t { kCount, kLength, kData, kDataEnd };

  // Reads a header line ("*3", "$5") that may come in pieces: true when it is complete, then
  // `line` is what stands behind its first byte.
  bool TakeHeader(std::string_view* input, std::string* line, absl::Status* error);
  absl::Status OnCount(std::string_view line);
  absl::Status OnLength(std::string_view line);
  void TakeData(std::string_view* input);
  absl::Status TakeDataEnd(std::string_view* input);
  ReadState Finish(Request* request);
  void StartSkipping();

  const RequestSizer* sizer_;
  Step step_ = Step::kCount;
  std::string header_;  // of a header line without its end
  std::vector<std::string> words_;
  size_t words_left_ = 0;
  size_t data_left_ = 0;      // of the current word
  size_t end_left_ = 0;       // of the CRLF behind it
  size_t request_bytes_ = 0;  // kept so far
  bool skipping_ = false;
  RequestSizer::Limit limit_;
};

// Appends a reply. Shape: maps are flat arrays with version 2 and maps with 3; doubles, booleans
// and null are native with 3 and bulk, integer and null bulk with 2.
// False when `out` passes `max_bytes`; then it holds a part of it.
bool AppendResp(const Reply& reply, int version, size_t max_bytes, std::string* out);

}  // namespace roster::server

#endif  // ROSTER_SERVER_RESP_CODEC_H_
