// SPDX-License-Identifier: Apache-2.0
//
// One table of commands for both dialects: who handles a verb, how it runs, and what HELP and
// COMMAND say about it. Thread rule: filled once, then read from any thread.
// Source: PROTOCOL.md "Commands".
#ifndef ROSTER_SERVER_COMMAND_TABLE_H_
#define ROSTER_SERVER_COMMAND_TABLE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "roster/database.h"
#include "server/limits.h"
#include "server/metrics.h"
#include "server/reply.h"
#include "server/request.h"

namespace roster::server {

class CommandTable;

// How the statements of a connection are ended early. Thread: any.
struct Cancellation {
  std::atomic<bool> cancelled = false;  // the one that runs
  std::atomic<bool> closed = false;     // all: nobody waits for the answers
};

// What a client has set for its connection. Thread: the connection's; reads get a copy.
struct Session {
  uint64_t id = 0;
  std::string peer;
  bool is_resp = false;
  int resp_version = 2;
  bool output_json = false;  // OUTPUT json
  std::string name;          // CLIENT SETNAME
  std::string library;       // CLIENT SETINFO
  std::string library_version;
  std::string time_zone = "UTC";  // CLIENT TZ
  int64_t connected_ms = 0;
  std::shared_ptr<Cancellation> cancellation = nullptr;  // null: its statements run to their end
};

// Tells CLIENT LIST who is connected, and ends what they wait for. Thread: the network thread's.
class ClientDirectory {
 public:
  virtual ~ClientDirectory() = default;
  virtual std::vector<Session> Clients() const = 0;
  // Ends the statement that runs for a client with CANCELLED. False: none does, or no such client.
  virtual bool Cancel(uint64_t id) const = 0;
};

// What all connections share. Lifetime: outlives every connection.
struct Services {
  Database* database = nullptr;
  const CommandTable* commands = nullptr;
  const Limits* limits = nullptr;
  Metrics* metrics = nullptr;
  const ClientDirectory* clients = nullptr;  // may be null
  std::string backup_folder;                 // where BACKUP makes its own; empty: nowhere
  int64_t started_ms = 0;
  std::function<int64_t()> now_ms;
};

// A write, ready to be handed to the store, and how its result becomes a reply.
struct PreparedWrite {
  using MakeReply = std::function<Reply(WriteResult)>;
  Batch batch;
  MakeReply make_reply;
};

// How a command runs:
//   control  at once, on the network thread; never blocks;
//   read     on a worker (a slow one beside them), after the connection's earlier writes were
//            answered;
//   write    prepared on the network thread, then Enqueue and, at the end of its turn, Flush; a
//            long one WriteAsync.
using ControlHandler = Outcome (*)(const Services&, Session*, const Request&);
using ReadHandler = Outcome (*)(const Services&, const Session&, const Request&);
using WriteHandler = absl::StatusOr<PreparedWrite> (*)(const Session&, const Request&);
using Handler = std::variant<ControlHandler, ReadHandler, WriteHandler>;

struct Command {
  std::string_view name;   // upper-case; of a verb with forms both: "MERGE APPLY"
  std::string_view usage;  // behind the name: "json [IDEM key]"
  std::string_view group;  // "query", "declare", "write", "profile", "session", "server", "keep"
  std::string_view summary;
  // Words with the name as one; negative: at least so many. As Redis counts, checked for kWords,
  // kEdit.
  int arity = -1;
  ArgStyle style = ArgStyle::kWords;
  RequestSize size = RequestSize::kStatement;
  bool slow = false;  // a read that takes long: it runs beside the workers
  Handler handler;

  bool IsWrite() const { return std::holds_alternative<WriteHandler>(handler); }
  bool IsRead() const { return std::holds_alternative<ReadHandler>(handler); }
};

class CommandTable : public RequestSizer {
 public:
  // All commands of this server. Lifetime: `limits` outlives the table.
  explicit CommandTable(const Limits* limits);

  // Requires: the name is not there yet.
  void Add(Command command);

  // `name` in any case. Null: unknown.
  const Command* Find(std::string_view name) const;
  // The command that a request names. Of a verb with forms the word behind it is moved to the verb.
  // Null: unknown.
  const Command* Find(Request* request) const;
  // All of a verb: itself, or its forms. By name.
  std::vector<const Command*> FormsOf(std::string_view verb) const;
  // By name.
  const std::map<std::string, Command, std::less<>>& commands() const { return commands_; }

  // The verb nearest to `verb`, or empty.
  std::string_view Nearest(std::string_view verb) const;
  // The error for a verb that is not there: as Redis says it for RESP, with a suggestion else.
  Reply UnknownCommand(std::string_view verb, bool is_resp) const;
  // The error for a wrong number of words, or OK.
  absl::Status CheckArity(const Command& command, const Request& request) const;

  Limit LimitFor(std::string_view verb) const override;

 private:
  const Limits* limits_;
  std::map<std::string, Command, std::less<>> commands_;
};

}  // namespace roster::server

#endif  // ROSTER_SERVER_COMMAND_TABLE_H_
