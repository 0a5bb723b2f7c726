// SPDX-License-Identifier: Apache-2.0
//
// Saves and loads a store as a snapshot file of its own. Thread rule: not shared.
#ifndef ROSTER_TESTS_STORAGE_STORE_FILE_H_
#define ROSTER_TESTS_STORAGE_STORE_FILE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/base/status_macros.h"
#include "storage/memory/digest.h"
#include "storage/store_snapshot.h"

namespace roster {

// Runs tasks one after the other, as a simulation does; has no loops.
class InlineExecutor final : public Executor {
 public:
  std::unique_ptr<Loop> StartLoop(std::function<NextStep()>) override { return nullptr; }
  bool RunOne() override { return false; }
  void RunAll(std::vector<std::function<void()>> tasks) override {
    for (const std::function<void()>& task : tasks) task();
  }
};

inline absl::Status SaveStore(FileSystem* fs, const std::string& path, const Store& store) {
  const ReadView view = store.TakeView(store.clock());
  ROSTER_ASSIGN_OR_RETURN(const auto writer,
                          SnapshotWriter::Create(fs, path, {{}, view.lsn(), view.clock()}));
  ROSTER_RETURN_IF_ERROR(WriteStoreSections(view, store.Pending(), writer.get()));
  return writer->Finish(DigestOf(view));
}

inline absl::Status OpenStore(FileSystem* fs, const std::string& path, Executor* executor,
                              Store* store) {
  ROSTER_ASSIGN_OR_RETURN(const auto reader, SnapshotReader::Open(fs, path));
  return LoadStore(*reader, executor, store);
}

inline StateDigest DigestOf(const Store& store) { return DigestOf(store.TakeView(store.clock())); }

}  // namespace roster

#endif  // ROSTER_TESTS_STORAGE_STORE_FILE_H_
