// SPDX-License-Identifier: Apache-2.0
//
// `roster serve`: opens a store and answers on a port until SIGTERM or SIGINT.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "server/metrics.h"
#include "server/server.h"
#include "server/tools/store.h"
#include "server/tools/tools.h"

namespace roster::server {
namespace {

struct ServeFlags {
  std::string data;
  std::string durability = "sync";
  Options store{.disk_reserve_bytes = 64ull << 20};
  ServerOptions server;
};

// Ends the process when stopping takes too long, for whoever sent SIGTERM waits for the end. What
// was acknowledged is durable by then. Thread: its own.
class Watchdog {
 public:
  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  void Start() {
    thread_ = std::thread([this] {
      std::unique_lock lock(mutex_);
      constexpr std::chrono::milliseconds kPatience{9'500};
      if (wake_.wait_for(lock, kPatience, [this] { return done_; })) return;
      Log("stop_failed", {{"reason", "stopping took more than 9.5 s"}});
      std::_Exit(kExitError);
    });
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;  // guarded by mutex_
  std::thread thread_;
};

int Fail(std::string_view event, const absl::Status& status) {
  Log(event, {{"reason", ErrorText(status)}});
  return ExitCodeFor(status);
}

Durability DurabilityOf(std::string_view name) {
  if (name == "none") return Durability::kNone;
  return name == "interval" ? Durability::kInterval : Durability::kSync;
}

// Of all files in a directory; 0 when there are none.
uint64_t MegabytesIn(const std::string& directory) {
  std::error_code error;
  uint64_t bytes = 0;
  for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code unknown;
    const uintmax_t size = it->file_size(unknown);
    if (!unknown) bytes += size;
  }
  return bytes >> 20;
}

// Until the store is open a signal ends the process at once: opening can be cut off anywhere.
void EndAtSignals() {
  for (const int signal : {SIGTERM, SIGINT}) {
    std::signal(signal, [](int) { _exit(kExitOk); });
  }
}

int Serve(ServeFlags flags) {
  flags.store.durability = DurabilityOf(flags.durability);
  EndAtSignals();
  // What can be refused is refused before the store is loaded, which may take minutes.
  if (const absl::Status checked = Server::CheckAddress(flags.server); !checked.ok()) {
    Fail("bad_flags", checked);
    return kExitUsage;
  }
  // Outlives the server, whose threads ask it until they end.
  absl::StatusOr<std::unique_ptr<Database>> database = std::unique_ptr<Database>();
  Server server(nullptr, flags.server);
  if (const absl::Status bound = server.Bind(); !bound.ok()) return Fail("listen_failed", bound);
  Log("opening", {{"data", flags.data}, {"mib", std::to_string(MegabytesIn(flags.data))}});
  database = Database::Open(flags.data, flags.store);
  if (!database.ok()) return Fail("open_failed", database.status());
  const RecoveryReport recovery = (*database)->GetStats().recovery;
  Log("opened", {{"recovery", RecoveryText(recovery)}});
  if (!recovery.fallback.empty()) {
    Log("SNAPSHOT_DAMAGED", {{"reason", recovery.fallback},
                             {"stood_in", "an older snapshot and the log; nothing is lost"}});
  }

  server.SetDatabase(database->get());
  const absl::Status listening = server.Listen();
  if (!listening.ok()) return Fail("listen_failed", listening);
  std::printf("ready on %s\n", server.Address().c_str());
  std::fflush(stdout);

  Watchdog watchdog;
  const bool all_ended = server.Run([&] {
    Log("stopping", {});
    // The snapshot of closing takes the time that it takes.
    if (!flags.store.snapshot_at_close) watchdog.Start();
  });
  const absl::Status closed = (*database)->Close();
  if (!closed.ok()) return Fail("close_failed", closed);
  Log("stopped", {{"queries", all_ended ? "ended" : "abandoned"}});
  // A query that still runs cannot be interrupted; nothing of it is lost by leaving it.
  if (!all_ended) std::_Exit(kExitOk);
  return kExitOk;
}

void AddStatementOptions(CLI::App* tool, Options* store) {
  tool->add_option("--statement-timeout-ms", store->statement_timeout_ms,
                   "A statement that takes longer gets TIMEOUT, unless it says a time itself")
      ->check(CLI::Range(1, 86'400'000))
      ->capture_default_str();
  tool->add_option("--statement-memory", store->statement_memory_bytes,
                   "Bytes; a statement that holds more in memory gets LIMIT")
      ->check(CLI::Range(uint64_t{1} << 16, uint64_t{1} << 40))
      ->capture_default_str();
  tool->add_option("--statement-rows", store->statement_rows,
                   "A result of more rows gets LIMIT, unless the statement has a limit itself")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 30))
      ->capture_default_str();
}

}  // namespace

void AddServeTool(CLI::App* app, int* exit_code) {
  auto flags = std::make_shared<ServeFlags>();
  CLI::App* tool = app->add_subcommand("serve", "Answer on a port from a data directory");
  tool->add_option("--data", flags->data, "Data directory, created when missing")->required();
  tool->add_option("--port", flags->server.port, "Port; 0 takes a free one")->required();
  tool->add_option("--bind", flags->server.bind_address, "Address to listen on")
      ->capture_default_str();
  tool->add_flag("--allow-unsafe-bind", flags->server.allow_unsafe_bind,
                 "Accept that whoever reaches the address can read and change every profile: "
                 "there is no password and no encryption");
  tool->add_option("--durability", flags->durability, "When a write is answered")
      ->check(CLI::IsMember({"sync", "interval", "none"}))
      ->capture_default_str();
  tool->add_option("--sync-interval-ms", flags->store.sync_interval_ms,
                   "With --durability interval: what a power failure may lose")
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  tool->add_flag("!--shared-disk", flags->store.write_in_flush,
                 "The disk may stop for seconds: the thread that serves clients never writes to it "
                 "itself, which makes single writes slower");
  tool->add_flag("!--declared-traits-only", flags->store.declare_on_first_use,
                 "A trait that nobody declared is refused, instead of being declared when it is "
                 "first written");
  tool->add_option(
          "--page-idle-ms", flags->store.page_idle_ms,
          "How long the view of a chain of pages is held when nobody asks for a page of it; "
          "0: cursors are not given")
      ->check(CLI::Range(0, 3'600'000))
      ->capture_default_str();
  AddStatementOptions(tool, &flags->store);
  tool->add_option("--memory-limit", flags->store.memory_limit_bytes,
                   "Bytes; growing commands get OOM above it; 0: no limit")
      ->capture_default_str();
  tool->add_option("--pinned-limit", flags->store.pinned_limit_bytes,
                   "Bytes; no snapshot or backup is begun while those that run keep more of the "
                   "store twice; 0: no limit")
      ->capture_default_str();
  tool->add_option(
          "--region", flags->store.default_region,
          "Where telephone numbers without a calling code are from (ISO 3166), or none; as "
          "when the store was last open if not given")
      ->type_name("NL");
  tool->add_option("--log-file-bytes", flags->store.log_file_bytes,
                   "A log file that is longer gets a successor")
      ->check(CLI::Range(uint64_t{4096}, uint64_t{1} << 40))
      ->capture_default_str();
  tool->add_option("--backup-folder", flags->server.backup_folder,
                   "Existing folder in which BACKUP makes its own; without it BACKUP is refused")
      ->check(CLI::ExistingDirectory);
  tool->add_option("--snapshot-log-bytes", flags->store.snapshot_log_bytes,
                   "A snapshot is made when so much log lies behind the newest; 0: not by that")
      ->capture_default_str();
  tool->add_option("--snapshot-interval-ms", flags->store.snapshot_interval_ms,
                   "The same by age, when anything was written since; 0: not by that")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 40))
      ->capture_default_str();
  tool->add_option("--keep-snapshots", flags->store.keep_snapshots, "The newest that are kept")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  tool->add_flag("--snapshot-on-stop", flags->store.snapshot_at_close,
                 "Make one when stopping, however long that takes");
  tool->add_option("--disk-reserve", flags->store.disk_reserve_bytes,
                   "Bytes of the disk held back for when it is full; 0: none")
      ->capture_default_str();
  tool->add_option("--max-connections", flags->server.limits.max_connections, "Connections")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  tool->callback([flags, exit_code] { *exit_code = Serve(*flags); });
}

}  // namespace roster::server
