// SPDX-License-Identifier: Apache-2.0
//
// The server: one network thread for all sockets, two workers for queries, the engine's own
// threads behind. Thread rule: `Run` blocks its thread; `Stop` from any thread.
// Source: PROTOCOL.md "Process".
#ifndef ROSTER_SERVER_SERVER_H_
#define ROSTER_SERVER_SERVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "roster/database.h"
#include "server/limits.h"

namespace roster::server {

struct ServerOptions {
  std::string bind_address = "127.0.0.1";
  uint16_t port = 0;  // 0: any free one
  // Without it only loopback addresses are accepted: there is no password and no encryption yet.
  bool allow_unsafe_bind = false;
  int num_workers = 2;
  bool handle_signals = true;  // SIGTERM and SIGINT drain
  int64_t drain_ms = 7'000;    // for clients to take their replies
  std::string backup_folder;   // where BACKUP makes its own; empty: it is refused
  Limits limits;
};

class Server {
 public:
  // `database`: null when it is to come by SetDatabase. Lifetime: it outlives the server; the
  // server does not close it.
  Server(Database* database, ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Errors: the address is malformed, or not loopback and that is not allowed.
  static absl::Status CheckAddress(const ServerOptions& options);
  // Takes the address; nobody can connect yet. Errors: as CheckAddress; it is in use.
  absl::Status Bind();
  void SetDatabase(Database* database);
  // Binds, unless Bind did, and listens. Requires: there is a database. Errors: as Bind.
  absl::Status Listen();
  // "127.0.0.1:7000", once it listens.
  std::string Address() const;
  uint16_t port() const;

  // Serves until a signal or `Stop`, then drains; snapshots and backups are given up. `on_stopping`
  // is called when that begins.
  // True: all work has ended; false: a query was still running when the time was up.
  bool Run(std::function<void()> on_stopping = nullptr);
  void Stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace roster::server

#endif  // ROSTER_SERVER_SERVER_H_
