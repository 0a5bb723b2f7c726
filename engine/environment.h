// SPDX-License-Identifier: Apache-2.0
//
// The seams of one engine together, and the entry for those who bring their own (tests,
// simulations). Thread rule: set once, before opening.
#ifndef ROSTER_ENGINE_ENVIRONMENT_H_
#define ROSTER_ENGINE_ENVIRONMENT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "roster/database.h"
#include "storage/base/environment.h"
#include "storage/disk/file_system.h"

namespace roster {

// Lifetime: everything outlives the database.
struct Environment {
  FileSystem* files = RealFileSystem();
  Clock* clock = SystemClock();
  Random* random = SystemRandom();
  Executor* executor = ThreadExecutor();
};

// As Database::Open.
absl::StatusOr<std::unique_ptr<Database>> OpenDatabase(const std::string& path,
                                                       const Options& options,
                                                       const Environment& environment);

}  // namespace roster

#endif  // ROSTER_ENGINE_ENVIRONMENT_H_
