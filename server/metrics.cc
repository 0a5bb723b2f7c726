// SPDX-License-Identifier: Apache-2.0
//
// Writes log lines; compares the store's figures with those of the last look.
#include "server/metrics.h"

#include <unistd.h>

#include <chrono>

#include "roster/json.h"

namespace roster::server {
namespace {

void AppendField(std::string_view value, std::string* line) {
  const bool plain = !value.empty() && value.find_first_of(" \"\\=\n") == std::string_view::npos;
  if (plain) {
    *line += value;
    return;
  }
  *line += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') *line += '\\';
    *line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  *line += '"';
}

}  // namespace

void Log(std::string_view event,
         std::initializer_list<std::pair<std::string_view, std::string>> fields) {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  std::string line = FormatTimestamp(Timestamp{ms});
  line += ' ';
  line += event;
  for (const auto& [name, value] : fields) {
    line += ' ';
    line += name;
    line += '=';
    AppendField(value, &line);
  }
  line += '\n';
  // One call, so that lines of several threads do not mix. Nobody can be told when it fails.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

void StoreWatch::Look(const Stats& stats) {
  const SnapshotStats& snapshots = stats.snapshots;
  const uint64_t failed = snapshots.num_failed;
  if (std::exchange(snapshots_failed_, failed) != failed) {
    // A success since then has cleared the reason.
    say_("SNAPSHOT_FAILED", {{"reason", snapshots.last_error}, {"failed", std::to_string(failed)}});
  }
  const uint64_t made = snapshots.num_made;
  if (std::exchange(snapshots_made_, made) != made && snapshots.last) {
    say_("snapshot", {{"lsn", std::to_string(snapshots.last->lsn.value)},
                      {"bytes", std::to_string(snapshots.last->bytes)},
                      {"took_ms", std::to_string(snapshots.last->took_us / 1000)}});
  }
  if (std::exchange(read_only_, stats.read_only) != stats.read_only) {
    if (stats.read_only) {
      say_("READONLY", {{"reason", stats.read_only_reason},
                        {"lsn", std::to_string(stats.lsn.value)},
                        {"durable_lsn", std::to_string(stats.durable_lsn.value)}});
    } else {
      say_("resumed", {{"lsn", std::to_string(stats.lsn.value)}});
    }
  }
  if (std::exchange(disk_full_, stats.disk_full) != stats.disk_full) {
    say_(stats.disk_full ? "DISKFULL" : "disk_has_space",
         {{"lsn", std::to_string(stats.lsn.value)}});
  }
}

}  // namespace roster::server
