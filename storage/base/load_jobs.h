// SPDX-License-Identifier: Apache-2.0
//
// What is to be done to load a state: jobs that know nothing of each other, and behind each of them
// what puts its result in place. Thread rule: filled and run by one thread; the jobs on others.
#ifndef ROSTER_STORAGE_BASE_LOAD_JOBS_H_
#define ROSTER_STORAGE_BASE_LOAD_JOBS_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "storage/base/environment.h"
#include "storage/base/status_macros.h"

namespace roster {

class LoadJobs {
 public:
  using Part = std::function<absl::Status()>;

  // `cost`: of `run`, beside the others. `join` is called behind it, in the order of the plan.
  void Plan(uint64_t cost, Part run, Part join) {
    jobs_.push_back({cost, std::move(run), std::move(join), absl::OkStatus()});
  }
  // Something to be done between the joins before and behind it.
  void PlanJoin(Part join) {
    Plan(
        0, [] { return absl::OkStatus(); }, std::move(join));
  }

  // All jobs on the threads of an executor, then all joins. Errors: the first, in order.
  absl::Status RunTogether(Executor* executor) {
    std::vector<Job*> by_cost;
    for (Job& job : jobs_) by_cost.push_back(&job);
    // The longest first, so that all threads end together.
    std::stable_sort(by_cost.begin(), by_cost.end(),
                     [](const Job* a, const Job* b) { return a->cost > b->cost; });
    std::vector<std::function<void()>> tasks;
    tasks.reserve(jobs_.size());
    for (Job* job : by_cost) {
      tasks.push_back([job] { job->result = std::exchange(job->run, {})(); });
    }
    executor->RunAll(std::move(tasks));
    for (const Job& job : jobs_) ROSTER_RETURN_IF_ERROR(job.result);
    for (Job& job : jobs_) ROSTER_RETURN_IF_ERROR(std::exchange(job.join, {})());
    return absl::OkStatus();
  }

  // Each job with its join before the next, so that no more than one result is kept.
  absl::Status RunInTurn() {
    for (Job& job : jobs_) {
      ROSTER_RETURN_IF_ERROR(std::exchange(job.run, {})());
      ROSTER_RETURN_IF_ERROR(std::exchange(job.join, {})());
    }
    return absl::OkStatus();
  }

 private:
  struct Job {
    uint64_t cost = 0;
    Part run;
    Part join;
    absl::Status result;
  };

  std::vector<Job> jobs_;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_BASE_LOAD_JOBS_H_
