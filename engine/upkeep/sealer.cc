// SPDX-License-Identifier: Apache-2.0
#include "engine/upkeep/sealer.h"

#include <optional>
#include <utility>

namespace roster {

Sealer::Sealer(Executor* executor, SharedStore* store)
    : shared_(store), loop_(executor->StartLoop([this] { return Step(); })) {
  shared_->upkeep = loop_.get();
  MutexLock lock(&shared_->mutex);
  shared_->store.SealInBackground();
}

NextStep Sealer::Step() {
  std::optional<SealJob> job;
  {
    MutexLock lock(&shared_->mutex);
    job = shared_->store.TakeSealJob();
  }
  if (!job) return NextStep::WhenWoken();
  std::shared_ptr<const SealedEvents> sealed = job->Run();
  MutexLock lock(&shared_->mutex);
  shared_->store.InstallSeal(*job, std::move(sealed));
  return NextStep::Again();
}

}  // namespace roster
