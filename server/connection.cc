// SPDX-License-Identifier: Apache-2.0
//
// The reading and sending halves of a connection; connection_run.cc has the middle.
#include "server/connection.h"

#include <algorithm>
#include <array>
#include <utility>

#include "server/line_codec.h"
#include "server/resp_codec.h"

namespace roster::server {
namespace {

constexpr size_t kReadBytes = 64 << 10;
constexpr size_t kKeepCapacity = 4 << 10;  // of an empty buffer; larger ones are given back

bool IsBlankOrLineEnd(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

void Count(Metrics::Counter& counter, uint64_t by = 1) {
  counter.fetch_add(by, std::memory_order_relaxed);
}

// Empties a buffer and gives back what is large.
void Release(std::string* buffer) {
  buffer->clear();
  if (buffer->capacity() > kKeepCapacity) std::string().swap(*buffer);
}

}  // namespace

Connection::Connection(std::unique_ptr<Transport> transport, const Services* services,
                       Runtime* runtime, uint64_t id)
    : transport_(std::move(transport)), services_(services), runtime_(runtime) {
  session_.id = id;
  session_.peer = transport_->PeerName();
  session_.connected_ms = services_->now_ms();
  session_.cancellation = std::make_shared<Cancellation>();
}

Connection::~Connection() = default;

void Connection::Start(std::function<void()> on_closed) {
  on_closed_ = std::move(on_closed);
  ArmRead();
}

// How many bytes may be read now; 0: none, for what came before is not worked off, or all buffers
// are full. Half of all buffers is whoever's comes first, the other half is shared out evenly, so
// that no client can keep others from being served; and one at a time may complete its request.
size_t Connection::ReadAllowance() const {
  if (linger_until_ms_ >= 0) return kReadBytes;
  if (input_ended_ || ending_ || draining_ || held_ || !input_.empty() || !MayTakeMore()) return 0;
  const Limits& limits = *services_->limits;
  const size_t common = limits.all_buffers_bytes / 2;
  if (services_->metrics->buffer_bytes.load(std::memory_order_relaxed) < common) return kReadBytes;
  if (runtime_->finisher == session_.id) return kReadBytes;
  const size_t share = common / std::max<size_t>(1, limits.max_connections);
  return share > accounted_bytes_ ? std::min(share - accounted_bytes_, kReadBytes) : 0;
}

// Gives the turn back when the request is complete, takes it when it is free and needed.
void Connection::PassFinisher() {
  const bool incomplete = !closed_ && reader_ && reader_->InRequest();
  if (runtime_->finisher == session_.id && !incomplete) runtime_->finisher = 0;
  if (runtime_->finisher == 0 && incomplete && slots_.empty()) runtime_->finisher = session_.id;
}

void Connection::ArmRead() {
  if (closed_ || reading_armed_ || ReadAllowance() == 0) return;
  reading_armed_ = true;
  transport_->WhenReadable([self = shared_from_this()] { self->OnReadable(); });
}

void Connection::OnReadable() {
  reading_armed_ = false;
  if (closed_) return;
  if (linger_until_ms_ >= 0) return Discard();
  const size_t allowance = ReadAllowance();
  if (allowance == 0) return;
  // One for all connections of the thread: an idle connection holds no buffer.
  thread_local std::array<char, kReadBytes> buffer;
  const IoResult result = transport_->Read(buffer.data(), allowance);
  if (result.state == IoResult::State::kClosed) return OnEndOfInput();
  if (result.state == IoResult::State::kBroken) return Close();
  if (result.state == IoResult::State::kDone) {
    Count(services_->metrics->bytes_in, result.bytes);
    std::string_view view(buffer.data(), result.bytes);
    Take(&view);
    if (closed_) return;
    input_.assign(view);
    input_taken_ = 0;
    NoteProgress();
  }
  Pump();
}

void Connection::OnEndOfInput() {
  // A request without its end is not run: it may be the beginning of another one.
  input_ended_ = true;
  Pump();
}

// After the last reply: takes what still comes, so that closing does not make the client lose it.
void Connection::Discard() {
  std::array<char, 4096> buffer;
  const IoResult result = transport_->Read(buffer.data(), buffer.size());
  const bool closed = result.state == IoResult::State::kClosed;
  if (closed || result.state == IoResult::State::kBroken) return Close();
  ArmRead();
}

void Connection::Take(std::string_view* input) {
  TakeWhatStarts(input);
  if (!busy_ && !reads_.empty()) DispatchReads();
}

// Takes requests from `input` while they can start.
void Connection::TakeWhatStarts(std::string_view* input) {
  while (!closed_ && !ending_) {
    if (held_) {
      if (!CanStart(*held_command_)) return;
      Request request = *std::move(held_);
      held_.reset();
      StartRequest(*held_command_, std::move(request));
      continue;
    }
    if (input->empty() || !MayTakeMore() || !TakeOne(input)) return;
  }
  if (ending_) *input = {};
}

// Reads one request; false when there is none.
bool Connection::TakeOne(std::string_view* input) {
  if (!reader_) {
    // Empty lines are no requests, also before the dialect is known.
    while (!input->empty() && IsBlankOrLineEnd(input->front())) input->remove_prefix(1);
    if (input->empty() || !ChooseDialect(input->front())) return false;
  }
  Request request;
  switch (reader_->Next(input, &request)) {
    case ReadState::kMore:
      return false;
    case ReadState::kRequest:
      request_since_ms_ = -1;
      if (runtime_->finisher == session_.id) runtime_->finisher = 0;
      OnRequest(std::move(request));
      return true;
    case ReadState::kBroken:
      Count(services_->metrics->protocol_errors);
      Fail(request.error);
      return true;
    case ReadState::kForeign:
      Count(services_->metrics->http_closed);
      Close();
      return false;
  }
  return false;
}

bool Connection::ChooseDialect(char first) {
  constexpr char kTlsHandshake = 0x16;
  if (first == kTlsHandshake) {
    Count(services_->metrics->tls_closed);
    Close();
    return false;
  }
  if (first == '*') {
    session_.is_resp = true;
    reader_ = std::make_unique<RespReader>(services_->commands);
    return true;
  }
  if (IsLetter(first) || first == '{') {
    reader_ = std::make_unique<LineReader>(services_->commands);
    return true;
  }
  Count(services_->metrics->protocol_errors);
  Fail(MakeError(ErrorCode::kErr, "Protocol error: a request begins with a letter, { or *"));
  return false;
}

// Goes on with what was read before.
void Connection::TakeInput() {
  std::string_view view = std::string_view(input_).substr(input_taken_);
  Take(&view);
  input_taken_ = input_.size() - view.size();
  if (!view.empty()) return;
  Release(&input_);
  input_taken_ = 0;
  NoteProgress();
}

// Starts the clock of a request that has begun and is not complete.
void Connection::NoteProgress() {
  const bool incomplete = input_.empty() && reader_ && reader_->InRequest();
  if (!incomplete) request_since_ms_ = -1;
  if (incomplete && request_since_ms_ < 0) request_since_ms_ = services_->now_ms();
}

void Connection::Tick() {
  if (closed_) return;
  const int64_t now_ms = services_->now_ms();
  if (linger_until_ms_ >= 0 && now_ms >= linger_until_ms_) return Close();
  const bool late =
      request_since_ms_ >= 0 && now_ms - request_since_ms_ >= services_->limits->request_ms;
  // While this side holds the client back, the client is not late; but an incomplete request with
  // nothing else in work only takes room.
  if (late && !ending_ && (reading_armed_ || slots_.empty())) {
    Count(services_->metrics->slow_requests_closed);
    Fail(MakeError(ErrorCode::kTimeout, "the request was not complete within " +
                                            std::to_string(services_->limits->request_ms) +
                                            " ms (limit request_ms)"));
  }
  Pump();
}

// Says a last error, in order, and ends.
void Connection::Fail(const absl::Status& error) {
  ending_ = true;
  Answer(Request{}, Outcome(Reply::Error(error)));
}

// Does all that can be done now: sends, takes more, reads on, ends.
void Connection::Pump() {
  if (closed_) return;
  TakeInput();
  Flush();
  // Sending may have made room for more.
  while (!closed_ && (held_ || !input_.empty())) {
    const size_t before = slots_.size() + input_.size() - input_taken_ + (held_ ? 1 : 0);
    TakeInput();
    Flush();
    if (slots_.size() + input_.size() - input_taken_ + (held_ ? 1 : 0) == before) break;
  }
  if (closed_) return;
  Account();
  PassFinisher();
  FinishWhenSent();
  ArmRead();
}

// Pumps soon, once for all that happens until then.
void Connection::PostPump() {
  if (pump_posted_ || closed_) return;
  pump_posted_ = true;
  runtime_->network->Post([self = shared_from_this()] {
    self->pump_posted_ = false;
    self->Pump();
  });
}

void Connection::CollectReplies() {
  while (!slots_.empty() && slots_.front().done) {
    Slot& slot = slots_.front();
    finished_bytes_ -= slot.bytes.size();
    if (output_.empty()) {
      output_ = std::move(slot.bytes);
    } else {
      output_ += slot.bytes;
    }
    slots_.pop_front();
    ++first_sequence_;
  }
}

void Connection::Flush() {
  if (closed_) return;
  CollectReplies();
  while (output_sent_ < output_.size() && !writing_armed_) {
    const IoResult result = transport_->Write(std::string_view(output_).substr(output_sent_));
    if (result.state == IoResult::State::kClosed) return Close();
    if (result.state == IoResult::State::kWouldBlock) {
      writing_armed_ = true;
      transport_->WhenWritable([self = shared_from_this()] {
        self->writing_armed_ = false;
        self->Pump();
      });
      break;
    }
    output_sent_ += result.bytes;
    Count(services_->metrics->bytes_out, result.bytes);
  }
  if (output_sent_ == output_.size()) {
    Release(&output_);
    output_sent_ = 0;
  }
  if (UnreadBytes() > services_->limits->unread_close_bytes) {
    Count(services_->metrics->slow_readers_closed);
    Close();
  }
}

void Connection::FinishWhenSent() {
  const bool last = ending_ || input_ended_ || draining_;
  if (!last || linger_until_ms_ >= 0) return;
  if (!slots_.empty() || held_ || !input_.empty() || !output_.empty()) return;
  if (input_ended_) return Close();
  transport_->ShutdownWrite();
  linger_until_ms_ = services_->now_ms() + services_->limits->linger_ms;
}

size_t Connection::UnreadBytes() const { return output_.size() - output_sent_ + finished_bytes_; }

void Connection::Account() {
  size_t bytes = input_.capacity() + output_.capacity() + finished_bytes_ + open_request_bytes_;
  if (held_) bytes += held_->bytes;
  if (reader_) bytes += reader_->BufferedBytes();
  if (closed_) bytes = 0;
  Metrics::Counter& total = services_->metrics->buffer_bytes;
  total.fetch_add(bytes - accounted_bytes_, std::memory_order_relaxed);
  accounted_bytes_ = bytes;
}

void Connection::Drain() {
  draining_ = true;
  PostPump();
}

void Connection::Close() {
  if (closed_) return;
  closed_ = true;
  session_.cancellation->closed = true;
  session_.cancellation->cancelled = true;
  transport_->Close();
  Account();
  PassFinisher();
  held_.reset();
  // The caller may be within a callback of this object: let go of others later.
  if (on_closed_) runtime_->network->Post(std::exchange(on_closed_, nullptr));
}

}  // namespace roster::server
