// SPDX-License-Identifier: Apache-2.0
//
// The logical state as lines of JSON and back: nothing of rows, chunks or files is in them.
// Thread rule: one call per thread. Source: engine/maintenance/DUMP.md.
#ifndef ROSTER_ENGINE_MAINTENANCE_DUMP_H_
#define ROSTER_ENGINE_MAINTENANCE_DUMP_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "roster/maintenance.h"
#include "storage/memory/read_view.h"

namespace roster {

inline constexpr int kDumpVersion = 1;

// Writes the lines of a view. `digest`: of the view, in hexadecimal. Errors: of `take`.
absl::Status DumpView(const ReadView& view, std::string_view digest,
                      const std::function<absl::Status(std::string_view line)>& take,
                      const ProgressFn& progress);

// What a dump holds.
struct DumpedState {
  State state;
  Lsn lsn;
  Timestamp clock;
  std::string digest;  // that the dump says the state has
};

// Builds the state of a dump. `next` gives its lines, and nothing at the end.
// Errors: PARSE with the number of the line; of `next`.
absl::StatusOr<DumpedState> ReadDump(
    const std::function<absl::StatusOr<std::optional<std::string>>()>& next);

}  // namespace roster

#endif  // ROSTER_ENGINE_MAINTENANCE_DUMP_H_
