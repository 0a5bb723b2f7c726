// SPDX-License-Identifier: Apache-2.0
//
// INFO: counts of the server and of the store, as Redis shows them (text in RESP, an object in the
// line dialect).
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "roster/json.h"
#include "server/commands/commands.h"
#include "server/version.h"

namespace roster::server {
namespace {

using Fields = Reply::Map;

Reply Number(const Metrics::Counter& counter) {
  return Reply::Unsigned(counter.load(std::memory_order_relaxed));
}

Fields ServerSection(const Services& services) {
  const int64_t uptime_s = (services.now_ms() - services.started_ms) / 1000;
  return {{"redis_version", Reply::Text(kRedisVersion)},
          {"roster_version", Reply::Text(kVersion)},
          {"redis_mode", Reply::Text("standalone")},
          {"role", Reply::Text("master")},
          {"process_id", Reply::Integer(getpid())},
          {"uptime_in_seconds", Reply::Integer(uptime_s)}};
}

Fields ClientsSection(const Services& services) {
  const Metrics& m = *services.metrics;
  return {{"connected_clients", Number(m.connections_open)},
          {"maxclients", Reply::Unsigned(services.limits->max_connections)},
          {"accepted_connections", Number(m.connections_accepted)},
          {"refused_connections", Number(m.connections_refused)},
          {"closed_http", Number(m.http_closed)},
          {"closed_tls", Number(m.tls_closed)},
          {"closed_protocol_errors", Number(m.protocol_errors)},
          {"closed_slow_requests", Number(m.slow_requests_closed)},
          {"closed_slow_readers", Number(m.slow_readers_closed)}};
}

// "p12=340 p7=21": profile ids and how many identities each has.
std::string LargestText(const Stats& stats) {
  std::string text;
  for (const LargeProfile& profile : stats.largest_profiles) {
    if (!text.empty()) text += " ";
    text += FormatProfileId(profile.id) + "=" + std::to_string(profile.num_identities);
  }
  return text;
}

Fields StatsSection(const Services& services, const Stats& stats) {
  const Metrics& m = *services.metrics;
  return {{"requests", Number(m.requests)},
          {"reads", Number(m.reads)},
          {"writes", Number(m.writes)},
          {"error_replies", Number(m.errors)},
          {"requests_too_long", Number(m.too_long)},
          {"bytes_in", Number(m.bytes_in)},
          {"bytes_out", Number(m.bytes_out)},
          {"profiles", Reply::Unsigned(stats.num_profiles)},
          {"events", Reply::Unsigned(stats.num_events)},
          {"identities", Reply::Unsigned(stats.num_identities)},
          {"largest_profiles", Reply::Text(LargestText(stats))},
          {"blocked_identities", Reply::Unsigned(stats.num_blocked_identities)},
          {"statements", Reply::Unsigned(stats.num_statements)}};
}

std::string_view DurabilityName(Durability durability) {
  switch (durability) {
    case Durability::kNone:
      return "none";
    case Durability::kInterval:
      return "interval";
    case Durability::kSync:
      return "sync";
  }
  return "";
}

// A store that has had no snapshot shows 0.
Fields SnapshotFields(const Stats& stats) {
  const SnapshotInfo last = stats.snapshots.last.value_or(SnapshotInfo{});
  const int64_t age_ms = stats.snapshots.last ? stats.clock.ms - last.clock.ms : 0;
  return {{"log_bytes_behind_snapshot", Reply::Unsigned(stats.log_bytes)},
          {"snapshot_running", Reply::Boolean(stats.snapshots.running)},
          {"snapshot_steps_done", Reply::Unsigned(stats.snapshots.steps_done)},
          {"snapshot_steps_total", Reply::Unsigned(stats.snapshots.steps_total)},
          {"snapshot_lsn", Reply::Unsigned(last.lsn.value)},
          {"snapshot_age_s", Reply::Integer(age_ms / 1000)},
          {"snapshot_bytes", Reply::Unsigned(last.bytes)},
          {"snapshot_us", Reply::Integer(last.took_us)},
          {"snapshots_made", Reply::Unsigned(stats.snapshots.num_made)},
          {"snapshots_failed", Reply::Unsigned(stats.snapshots.num_failed)},
          {"snapshot_error", Reply::Text(stats.snapshots.last_error)},
          {"backup_running", Reply::Boolean(stats.backup.running)},
          {"backup_steps_done", Reply::Unsigned(stats.backup.steps_done)},
          {"backup_steps_total", Reply::Unsigned(stats.backup.steps_total)}};
}

Fields PersistenceSection(const Stats& stats) {
  Fields fields = {
      {"loading", Reply::Integer(0)},
      {"durability", Reply::Text(std::string(DurabilityName(stats.durability)))},
      {"read_only", Reply::Boolean(stats.read_only)},
      {"read_only_reason", Reply::Text(stats.read_only_reason)},
      {"disk_full", Reply::Boolean(stats.disk_full)},
      {"lsn", Reply::Unsigned(stats.lsn.value)},
      {"durable_lsn", Reply::Unsigned(stats.durable_lsn.value)},
      {"clock", Reply::FromTime(stats.clock)},
      {"commits", Reply::Unsigned(stats.num_commits)},
      {"syncs", Reply::Unsigned(stats.num_syncs)},
      {"recovered_commits", Reply::Unsigned(stats.recovery.num_commits)},
      {"recovery_torn_bytes", Reply::Unsigned(stats.recovery.torn_bytes)},
      {"recovery_us", Reply::Integer(stats.recovery.took_us)},
      {"recovered_from_older_snapshot", Reply::Boolean(!stats.recovery.fallback.empty())}};
  for (auto& field : SnapshotFields(stats)) fields.push_back(std::move(field));
  return fields;
}

// The name of a line: what a name may not have in it there becomes "_".
std::string LineName(const MemoryEntry& entry) {
  std::string name = entry.kind;
  if (!entry.name.empty()) name += "_" + entry.name;
  for (char& c : name) {
    if (static_cast<unsigned char>(c) < ' ' || c == ':') c = '_';
  }
  return name;
}

Fields MemorySection(const Services& services, const Stats& stats, bool in_detail) {
  Fields fields = {{"used_memory", Reply::Unsigned(stats.memory_bytes)},
                   {"memory_limit", Reply::Unsigned(stats.memory_limit_bytes)},
                   {"pinned_by_snapshots", Reply::Unsigned(stats.pinned_bytes)},
                   {"buffers", Number(services.metrics->buffer_bytes)},
                   {"buffers_limit", Reply::Unsigned(services.limits->all_buffers_bytes)}};
  if (!in_detail) return fields;
  for (const MemoryEntry& entry : services.database->GetMemory()) {
    Fields parts = {{"bytes", Reply::Unsigned(entry.bytes)}};
    for (const auto& [part, bytes] : entry.parts) parts.emplace_back(part, Reply::Unsigned(bytes));
    fields.emplace_back(LineName(entry), Reply(std::move(parts)));
  }
  return fields;
}

std::string FieldText(const Reply& reply) {
  const Reply::Node& node = reply.node();
  if (const auto* text = std::get_if<std::string>(&node)) return *text;
  if (const auto* number = std::get_if<int64_t>(&node)) return std::to_string(*number);
  if (const auto* flag = std::get_if<bool>(&node)) return *flag ? "1" : "0";
  if (const auto* fields = std::get_if<Fields>(&node)) {  // as Redis shows key spaces
    std::string text;
    for (const auto& [key, value] : *fields) {
      text += (text.empty() ? "" : ",") + key + "=" + FieldText(value);
    }
    return text;
  }
  return "";
}

std::string SectionText(std::string name, const Fields& fields) {
  name.front() = static_cast<char>(name.front() - 'a' + 'A');
  std::string text = "# " + name + "\r\n";
  for (const auto& [key, value] : fields) text += key + ":" + FieldText(value) + "\r\n";
  return text + "\r\n";
}

bool IsNamed(const std::string& section, const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& word) { return ToLower(word) == section; });
}

bool IsWanted(const std::string& section, const std::vector<std::string>& words) {
  if (words.empty()) return true;
  for (const std::string& word : words) {
    const std::string lower = ToLower(word);
    if (lower == section || lower == "all" || lower == "default" || lower == "everything") {
      return true;
    }
  }
  return false;
}

Outcome Info(const Services& services, const Session&, const Request& request) {
  const Stats stats = services.database->GetStats();
  std::vector<std::pair<std::string, Fields>> sections;
  sections.emplace_back("server", ServerSection(services));
  sections.emplace_back("clients", ClientsSection(services));
  sections.emplace_back("stats", StatsSection(services, stats));
  sections.emplace_back("persistence", PersistenceSection(stats));
  sections.emplace_back("memory", MemorySection(services, stats, IsNamed("memory", request.words)));
  std::string text;
  Reply::Map tree;
  for (auto& [name, fields] : sections) {
    if (!IsWanted(name, request.words)) continue;
    text += SectionText(name, fields);
    tree.emplace_back(name, Reply(std::move(fields)));
  }
  auto shared = std::make_shared<const Reply>(std::move(tree));
  return Outcome(Reply(Reply::Report{std::move(text), std::move(shared)}));
}

}  // namespace

void AddInfoCommands(CommandTable* table) {
  table->Add({.name = "INFO",
              .usage = "[section]",
              .group = "server",
              .summary = "Shows counts: server, clients, stats, persistence, memory",
              .arity = -1,
              .handler = &Info});
}

}  // namespace roster::server
