// SPDX-License-Identifier: Apache-2.0
//
// How a connection runs its requests: control at once, reads on a worker, writes by the engine;
// replies go into slots, so that they leave in the order of the requests.
#include <algorithm>
#include <chrono>
#include <utility>

#include "server/connection.h"
#include "server/line_codec.h"
#include "server/resp_codec.h"

namespace roster::server {
namespace {

// Longer writes are read by a worker: parsing them would keep other clients waiting.
constexpr size_t kInlineWriteBytes = 64 << 10;

// Longer writes are the engine's thread's, whatever they hold; the network thread may itself write
// what is enqueued.
constexpr size_t kEnqueueBytes = 4 << 10;

// How long a worker stays with one connection while others may wait.
constexpr int64_t kReadSliceMicros = 2'000;

int64_t NowMicros() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

void Count(Metrics::Counter& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

Outcome WriteOutcome(absl::StatusOr<WriteResult> result, const PreparedWrite::MakeReply& make_reply,
                     int64_t since_us) {
  if (!result.ok()) return Outcome(Reply::Error(result.status()));
  const uint64_t lsn = result->lsn.value;
  Outcome outcome(make_reply(*std::move(result)));
  if (lsn > 0) outcome.lsn = lsn;
  outcome.took_us = NowMicros() - since_us;
  return outcome;
}

}  // namespace

// More requests may be taken: the client reads its replies and has not sent too much ahead.
bool Connection::MayTakeMore() const {
  const Limits& limits = *services_->limits;
  return !held_ && slots_.size() < limits.pipelined && UnreadBytes() < limits.unread_pause_bytes &&
         open_request_bytes_ < limits.batch_bytes;
}

bool Connection::CanStart(const Command& command) const {
  if (command.IsRead()) return open_writes_ == 0;
  if (command.IsWrite()) return !busy_ && reads_.empty();
  return true;
}

void Connection::OnRequest(Request&& request) {
  Count(services_->metrics->requests);
  if (refusing_) {
    return Fail(MakeError(ErrorCode::kLimit, "too many connections (limit max_connections)"));
  }
  const Command* command = nullptr;
  if (request.error.ok()) {
    command = services_->commands->Find(&request);
    if (command == nullptr) {
      return Answer(request,
                    Outcome(services_->commands->UnknownCommand(request.verb, session_.is_resp)));
    }
    request.error = Shape(command->style, &request);
    const bool words = command->style == ArgStyle::kWords || command->style == ArgStyle::kEdit;
    if (request.error.ok() && words) {
      request.error = services_->commands->CheckArity(*command, request);
    }
  }
  if (!request.error.ok()) {
    if (ErrorCodeOf(request.error) == ErrorCode::kTooLong) Count(services_->metrics->too_long);
    return Answer(request, Outcome(Reply::Error(request.error)));
  }
  if (CanStart(*command)) return StartRequest(*command, std::move(request));
  held_ = std::move(request);
  held_command_ = command;
}

void Connection::StartRequest(const Command& command, Request&& request) {
  if (const auto* control = std::get_if<ControlHandler>(&command.handler)) {
    const Outcome outcome = (*control)(*services_, &session_, request);
    Answer(request, outcome);
  } else if (command.IsRead()) {
    QueueRead(command, std::move(request));
  } else {
    StartWrite(std::get<WriteHandler>(command.handler), std::move(request));
  }
}

void Connection::QueueRead(const Command& command, Request&& request) {
  Count(services_->metrics->reads);
  const uint64_t sequence = OpenSlot(request);
  reads_.push_back({.sequence = sequence,
                    .handler = std::get<ReadHandler>(command.handler),
                    .slow = command.slow,
                    .slot = slots_.back(),
                    .session = session_,
                    .request = std::move(request)});
}

// Reads on their way through a worker. Thread: whoever has it.
struct Connection::ReadRun {
  std::shared_ptr<Connection> connection;
  std::vector<Read> reads;
  size_t next = 0;
  TaskQueue* queue = nullptr;  // of the threads that run them
};

// Gives the reads that stand one behind the other to one worker: pipelined reads cost one change of
// threads, not one each.
void Connection::DispatchReads() {
  busy_ = true;
  reading_ = true;
  session_.cancellation->cancelled = closed_;  // one that came too late for the last one is over
  auto run = std::make_shared<ReadRun>();
  run->connection = shared_from_this();
  run->reads = std::exchange(reads_, {});
  const bool slow =
      std::any_of(run->reads.begin(), run->reads.end(), [](const Read& read) { return read.slow; });
  run->queue = slow ? runtime_->keeper : runtime_->workers;
  TaskQueue* const queue = run->queue;
  queue->Post([run = std::move(run)]() mutable { RunReads(std::move(run)); });
}

// Thread: a worker. Works for one time slice, then lets others have their turn. The last reference
// to the connection must not end here: it travels on with the replies.
void Connection::RunReads(std::shared_ptr<ReadRun> run) {
  Runtime* const runtime = run->connection->runtime_;
  const int64_t until_us = NowMicros() + kReadSliceMicros;
  auto finished = std::make_shared<std::vector<Finished>>();
  do {
    Read& read = run->reads[run->next++];
    const Connection& connection = *run->connection;
    const Outcome outcome = read.handler(*connection.services_, read.session, read.request);
    Cancellation& cancellation = *read.session.cancellation;
    cancellation.cancelled = false;
    if (cancellation.closed) cancellation.cancelled = true;
    finished->push_back(
        {read.sequence, connection.Encode(read.slot, outcome), outcome.close_after});
  } while (run->next < run->reads.size() && NowMicros() < until_us);
  const bool last = run->next == run->reads.size();
  auto connection = last ? std::move(run->connection) : run->connection;
  runtime->network->Post([connection = std::move(connection), finished, last] {
    if (last) connection->busy_ = connection->reading_ = false;
    for (Finished& reply : *finished) {
      connection->Complete(reply.sequence, std::move(reply.bytes), reply.close_after);
    }
    connection->Pump();
  });
  TaskQueue* const queue = run->queue;
  if (!last) queue->Post([run = std::move(run)]() mutable { RunReads(std::move(run)); });
}

bool Connection::Cancel() {
  if (reading_) session_.cancellation->cancelled = true;
  return reading_;
}

void Connection::StartWrite(WriteHandler handler, Request&& request) {
  Count(services_->metrics->writes);
  ++open_writes_;
  const uint64_t sequence = OpenSlot(request);
  const int64_t since_us = NowMicros();
  if (request.bytes <= kInlineWriteBytes) {
    return SubmitWrite(sequence, handler(session_, request), since_us, request.bytes);
  }
  busy_ = true;
  runtime_->workers->Post([self = shared_from_this(), handler, sequence, since_us,
                           session = session_, request = std::move(request)]() mutable {
    auto prepared = std::make_shared<absl::StatusOr<PreparedWrite>>(handler(session, request));
    TaskQueue* const network = self->runtime_->network;
    network->Post([self = std::move(self), sequence, since_us, prepared, bytes = request.bytes] {
      self->busy_ = false;
      self->SubmitWrite(sequence, std::move(*prepared), since_us, bytes);
      self->Pump();
    });
  });
}

void Connection::SubmitWrite(uint64_t sequence, absl::StatusOr<PreparedWrite> prepared,
                             int64_t since_us, size_t request_bytes) {
  if (!prepared.ok()) return OnWritten(sequence, Outcome(Reply::Error(prepared.status())));
  Batch batch = std::move(prepared->batch);
  if (batch.items.empty()) {
    return OnWritten(sequence, WriteOutcome(WriteResult{}, prepared->make_reply, since_us));
  }
  auto done = [self = shared_from_this(), sequence, since_us,
               make_reply =
                   std::move(prepared->make_reply)](absl::StatusOr<WriteResult> result) mutable {
    TaskQueue* const network = self->runtime_->network;
    network->Post([self = std::move(self), sequence, since_us, make_reply = std::move(make_reply),
                   result = std::move(result)]() mutable {
      self->OnWritten(sequence, WriteOutcome(std::move(result), make_reply, since_us));
      self->PostPump();
    });
  };
  if (request_bytes > kEnqueueBytes) {
    return services_->database->WriteAsync(std::move(batch), std::move(done));
  }
  services_->database->Enqueue(std::move(batch), std::move(done));
  PostFlush();
}

// Flushes behind all that this turn of the network thread takes in, of every connection.
void Connection::PostFlush() {
  if (runtime_->flush_posted) return;
  runtime_->flush_posted = true;
  runtime_->network->PostLate([runtime = runtime_, database = services_->database] {
    runtime->flush_posted = false;
    database->Flush();
  });
}

void Connection::OnWritten(uint64_t sequence, const Outcome& outcome) {
  --open_writes_;
  if (closed_) return;
  Complete(sequence, Encode(slots_[sequence - first_sequence_], outcome), outcome.close_after);
}

uint64_t Connection::OpenSlot(const Request& request) {
  Slot& slot = slots_.emplace_back();
  slot.is_resp = session_.is_resp;
  slot.resp_version = session_.resp_version;
  slot.output_json = session_.output_json;
  slot.id = request.id;
  slot.request_bytes = request.bytes;
  open_request_bytes_ += request.bytes;
  return first_sequence_ + slots_.size() - 1;
}

void Connection::Answer(const Request& request, const Outcome& outcome) {
  const uint64_t sequence = OpenSlot(request);
  Complete(sequence, Encode(slots_.back(), outcome), outcome.close_after);
}

void Connection::Complete(uint64_t sequence, std::string bytes, bool close_after) {
  if (closed_) return;
  Slot& slot = slots_[sequence - first_sequence_];
  open_request_bytes_ -= slot.request_bytes;
  slot.done = true;
  slot.bytes = std::move(bytes);
  finished_bytes_ += slot.bytes.size();
  if (close_after) ending_ = true;
}

// Thread: any; it reads what does not change.
std::string Connection::Encode(const Slot& slot, const Outcome& outcome) const {
  const size_t max_bytes = services_->limits->MaxReplyBytes();
  if (outcome.reply.IsError()) Count(services_->metrics->errors);
  std::string bytes;
  bool fits = true;
  if (!slot.is_resp) {
    fits = AppendLineReply(outcome, slot.id, max_bytes, &bytes);
  } else if (slot.output_json && outcome.json_payload) {
    std::string json;
    fits = AppendJson(outcome.reply, max_bytes, &json) &&
           AppendResp(Reply::Text(std::move(json)), slot.resp_version, max_bytes, &bytes);
  } else if (const auto* map = std::get_if<Reply::Map>(&outcome.reply.node());
             map != nullptr && !outcome.durable) {
    Reply::Map marked = *map;
    marked.emplace_back("durable", Reply::Boolean(false));
    fits = AppendResp(Reply(std::move(marked)), slot.resp_version, max_bytes, &bytes);
  } else {
    fits = AppendResp(outcome.reply, slot.resp_version, max_bytes, &bytes);
  }
  if (fits) return bytes;
  Outcome error(Reply::Error("LIMIT", "the reply is longer than " + std::to_string(max_bytes) +
                                          " bytes; ask for less, with limit or fewer columns"));
  return Encode(slot, error);
}

}  // namespace roster::server
