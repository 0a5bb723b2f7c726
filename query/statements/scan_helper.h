// SPDX-License-Identifier: Apache-2.0
//
// A second thread for scans. One for a store, so that statements take no more than one processor
// from who writes: who finds it busy goes on alone. Thread rule: any thread.
#ifndef ROSTER_QUERY_STATEMENTS_SCAN_HELPER_H_
#define ROSTER_QUERY_STATEMENTS_SCAN_HELPER_H_

#include <functional>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "storage/base/environment.h"
#include "storage/base/mutex.h"

namespace roster::query {

class ScanHelper {
 public:
  explicit ScanHelper(Executor* executor);

  // Somebody's use of the helper, from asking until it is destroyed; then the work has ended, or
  // has not begun and never will.
  class Help {
   public:
    // Cost: waking a thread. Nothing happens when the helper is somebody else's.
    Help(ScanHelper* helper, std::function<void()> work);
    ~Help();
    Help(const Help&) = delete;
    Help& operator=(const Help&) = delete;

   private:
    ScanHelper* const helper_;  // null: it is somebody else's
  };

 private:
  bool Give(std::function<void()> work);
  void TakeBack();
  void Run();

  Mutex mutex_;
  CondVar ended_;
  bool taken_ ABSL_GUARDED_BY(mutex_) = false;
  bool runs_ ABSL_GUARDED_BY(mutex_) = false;
  std::function<void()> work_ ABSL_GUARDED_BY(mutex_);  // what has not begun
  const std::unique_ptr<Loop> loop_;                    // last, so that it ends first
};

}  // namespace roster::query

#endif  // ROSTER_QUERY_STATEMENTS_SCAN_HELPER_H_
