// SPDX-License-Identifier: Apache-2.0
//
// A few threads that run queries, so that a long one keeps nobody waiting but its own client.
// Thread rule: every method from any thread, but for the destructor.
#ifndef ROSTER_SERVER_WORKER_POOL_H_
#define ROSTER_SERVER_WORKER_POOL_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "server/transport.h"

namespace roster::server {

class WorkerPool : public TaskQueue {
 public:
  explicit WorkerPool(int num_threads);
  // Runs what was posted, then joins.
  ~WorkerPool() override;
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void Post(std::function<void()> task) override;
  // No task is running or waiting.
  bool Idle();

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable wake_;
  // Guarded by mutex_.
  std::deque<std::function<void()>> tasks_;
  int num_running_ = 0;
  bool stopping_ = false;
  // Set by the constructor.
  std::vector<std::thread> threads_;
};

}  // namespace roster::server

#endif  // ROSTER_SERVER_WORKER_POOL_H_
