// SPDX-License-Identifier: Apache-2.0
#include "engine/recovery.h"

#include <algorithm>
#include <memory>

#include "engine/replay.h"
#include "roster/error.h"
#include "storage/base/status_macros.h"
#include "storage/base/text.h"
#include "storage/mutation.h"

namespace roster {
namespace {

std::vector<Mutation> InitialDeclarations() {
  std::vector<Mutation> mutations;
  const auto name_space = [&](const char* name, NamespaceKind kind, uint8_t rank, uint32_t limit) {
    mutations.push_back(DeclareNamespace{{name, kind, rank, limit}});
  };
  name_space("external_id", NamespaceKind::kPerson, 1, 1);
  name_space("email", NamespaceKind::kPerson, 2, 5);
  name_space("phone", NamespaceKind::kPerson, 3, 5);
  name_space("whatsapp", NamespaceKind::kContact, 4, 10);
  name_space("messenger", NamespaceKind::kContact, 4, 10);
  name_space("device_id", NamespaceKind::kDevice, 5, 50);
  name_space("anonymous_id", NamespaceKind::kAnonymous, 6, 100);
  for (const char* name :
       {"name", "first_name", "last_name", "email", "phone", "company", "title", "location",
        "country", "city", "language", "timezone", "avatar", "gender"}) {
    mutations.push_back(DeclareTrait{name, ValueType::kText});
  }
  mutations.push_back(DeclareTrait{"birthday", ValueType::kDate});
  mutations.push_back(DeclareTrait{"age", ValueType::kInteger});
  return mutations;
}

}  // namespace

absl::StatusOr<Recovered> Recover(LogDirectory* log, Executor* executor, Store* store) {
  Recovered recovered;
  ROSTER_ASSIGN_OR_RETURN(const std::unique_ptr<WalReader> reader, log->Reader());
  ROSTER_RETURN_IF_ERROR(Replay(reader.get(), executor, store, &recovered.requests));
  const WalEnd& end = reader->end();
  recovered.clock = std::max(store->clock(), end.clock_ceiling);
  recovered.report.num_commits = end.num_commits;
  recovered.report.torn_bytes = end.torn_bytes;
  if (end.torn_bytes != 0) recovered.report.torn_file = StrCat("log file ", end.file_number);
  ROSTER_RETURN_IF_ERROR(log->StartWriting(end));
  return recovered;
}

absl::Status WriteInitialCommit(Timestamp now, LogDirectory* log, Store* store) {
  std::string payload;
  EncodeCommitHeader({.received_at = now, .request_id = {}, .actor = {}, .outcome = {}}, &payload);
  ChangeSet changes;
  for (const Mutation& mutation : InitialDeclarations()) {
    EncodeMutation(mutation, &payload);
    store->Apply(mutation, &changes);
  }
  ROSTER_RETURN_IF_ERROR(log->Reserve(payload.size()));
  ROSTER_ASSIGN_OR_RETURN(const Lsn lsn, log->AppendCommit(payload, now));
  ROSTER_RETURN_IF_ERROR(log->Write());
  ROSTER_RETURN_IF_ERROR(log->Sync().status());
  store->FinishCommit(lsn);
  return absl::OkStatus();
}

}  // namespace roster
