// SPDX-License-Identifier: Apache-2.0
//
// SNAPSHOT, BACKUP, LASTSNAPSHOT, RESUME: what keeps a store safe. They run beside the workers, so
// that a long one keeps no query waiting.
#include <algorithm>
#include <cctype>

#include "server/commands/commands.h"

namespace roster::server {
namespace {

Reply SnapshotReply(const SnapshotInfo& info) {
  return Reply(Reply::Map{{"lsn", Reply::Unsigned(info.lsn.value)},
                          {"clock", Reply::FromTime(info.clock)},
                          {"bytes", Reply::Unsigned(info.bytes)},
                          {"took_us", Reply::Integer(info.took_us)}});
}

Outcome ReplyOf(const absl::StatusOr<SnapshotInfo>& info) {
  if (!info.ok()) return Outcome(Reply::Error(info.status()));
  Outcome outcome(SnapshotReply(*info));
  outcome.lsn = info->lsn.value;
  return outcome;
}

Outcome Snapshot(const Services& services, const Session&, const Request&) {
  return ReplyOf(services.database->Snapshot());
}

Outcome Resume(const Services& services, const Session&, const Request&) {
  return ReplyOf(services.database->Resume());
}

// A client names a folder below the one that the operator has given, never a path.
Outcome Backup(const Services& services, const Session&, const Request& request) {
  if (services.backup_folder.empty()) {
    return Outcome(Reply::Error("MISCONF", "no place for backups: start with --backup-folder"));
  }
  const std::string& name = request.words[0];
  const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
  if (!plain || name.empty() || name.front() == '.') {
    return Outcome(Reply::Error(
        "ERR", "the name of a backup has letters, digits, hyphens, underscores and dots"));
  }
  return ReplyOf(services.database->Backup(services.backup_folder + "/" + name));
}

Outcome LastSnapshot(const Services& services, const Session&, const Request&) {
  const SnapshotStats stats = services.database->GetStats().snapshots;
  Reply::Map map{{"running", Reply::Boolean(stats.running)},
                 {"last_error", stats.last_error.empty() ? Reply() : Reply::Text(stats.last_error)},
                 {"last", stats.last ? SnapshotReply(*stats.last) : Reply()}};
  return Outcome(Reply(std::move(map)));
}

}  // namespace

void AddKeepCommands(CommandTable* table) {
  const auto add = [table](std::string_view name, std::string_view summary, bool slow,
                           ReadHandler handler) {
    table->Add({.name = name,
                .usage = "",
                .group = "keep",
                .summary = summary,
                .arity = 1,
                .slow = slow,
                .handler = handler});
  };
  add("SNAPSHOT", "Makes a snapshot while serving, and waits for it", true, &Snapshot);
  table->Add({.name = "BACKUP",
              .usage = "name",
              .group = "keep",
              .summary = "Makes a store of its own with all that is there now, while serving",
              .arity = 2,
              .slow = true,
              .handler = &Backup});
  add("LASTSNAPSHOT", "Shows the newest snapshot, and why the last attempt failed", false,
      &LastSnapshot);
  add("RESUME", "After the log has failed: snapshot, new log file, writes again", true, &Resume);
}

}  // namespace roster::server
