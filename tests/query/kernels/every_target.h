// SPDX-License-Identifier: Apache-2.0
//
// Runs kernels for every target that this machine has, not only for the best. Thread rule: one
// thread, no other running kernels.
#ifndef ROSTER_TESTS_QUERY_KERNELS_EVERY_TARGET_H_
#define ROSTER_TESTS_QUERY_KERNELS_EVERY_TARGET_H_

#include <cstdint>

#include <hwy/targets.h>

namespace roster::query::kernels {

// Calls f() once for each target, which TargetName then says.
template <typename F>
void ForEveryTarget(F&& f) {
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    f();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().DeInit();
}

// Calls f() with the kernels that every machine has: what no optimisation is in.
template <typename F>
void OnPlainTarget(F&& f) {
  int64_t plain = 0;
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) plain = target;  // the last
  hwy::SetSupportedTargetsForTest(plain);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  f();
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().DeInit();
}

}  // namespace roster::query::kernels

#endif  // ROSTER_TESTS_QUERY_KERNELS_EVERY_TARGET_H_
