// SPDX-License-Identifier: Apache-2.0
//
// SNAPSHOT, LASTSNAPSHOT, RESUME: what keeps a store safe. They run beside the workers, so that a
// long one keeps no query waiting.
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
  add("LASTSNAPSHOT", "Shows the newest snapshot, and why the last attempt failed", false,
      &LastSnapshot);
  add("RESUME", "After the log has failed: snapshot, new log file, writes again", true, &Resume);
}

}  // namespace roster::server
