// SPDX-License-Identifier: Apache-2.0
#include "query/statements/scan_helper.h"

#include <utility>

namespace roster::query {

ScanHelper::ScanHelper(Executor* executor)
    : loop_(executor->StartLoop([this] {
        Run();
        return NextStep::WhenWoken();
      })) {}

ScanHelper::Help::Help(ScanHelper* helper, std::function<void()> work)
    : helper_(helper->Give(std::move(work)) ? helper : nullptr) {}

ScanHelper::Help::~Help() {
  if (helper_ != nullptr) helper_->TakeBack();
}

bool ScanHelper::Give(std::function<void()> work) {
  {
    MutexLock lock(&mutex_);
    if (taken_) return false;
    taken_ = true;
    work_ = std::move(work);
  }
  loop_->Wake();
  return true;
}

void ScanHelper::TakeBack() {
  MutexLock lock(&mutex_);
  work_ = nullptr;
  while (runs_) ended_.Wait(&mutex_);
  taken_ = false;
}

void ScanHelper::Run() {
  std::function<void()> work;
  {
    MutexLock lock(&mutex_);
    work = std::exchange(work_, nullptr);
    runs_ = work != nullptr;
  }
  if (work == nullptr) return;  // it was taken back
  work();
  MutexLock lock(&mutex_);
  runs_ = false;
  ended_.NotifyAll();
}

}  // namespace roster::query
