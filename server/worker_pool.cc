// SPDX-License-Identifier: Apache-2.0
//
// Threads that take tasks from one queue.
#include "server/worker_pool.h"

#include <utility>

namespace roster::server {

WorkerPool::WorkerPool(int num_threads) {
  for (int i = 0; i < num_threads; ++i) threads_.emplace_back([this] { Run(); });
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::Post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
}

bool WorkerPool::Idle() {
  const std::lock_guard lock(mutex_);
  return tasks_.empty() && num_running_ == 0;
}

void WorkerPool::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    ++num_running_;
    lock.unlock();
    task();
    task = nullptr;  // what it holds goes before the pool says that it is idle
    lock.lock();
    --num_running_;
  }
}

}  // namespace roster::server
