// SPDX-License-Identifier: Apache-2.0
//
// The logical state as lines of JSON and back: nothing of rows, chunks or files is in them.
// Thread rule: one call per thread. Source: engine/README.md "Dumps".
#ifndef ROSTER_ENGINE_MAINTENANCE_DUMP_H_
#define ROSTER_ENGINE_MAINTENANCE_DUMP_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "roster/maintenance.h"
#include "storage/memory/store.h"

namespace roster {

inline constexpr int kDumpVersion = 1;

// Writes the lines of a view. `digest`: of the view, in hexadecimal. `at`: nothing in the state is
// known from later. Errors: of `take`.
absl::Status DumpView(const ReadView& view, std::string_view digest, Timestamp at,
                      const std::function<absl::Status(std::string_view line)>& take,
                      const ProgressFn& progress);

// Reads a dump into an empty store. `next` gives its lines, and nothing at the end. Returns its
// `at`.
// Errors: PARSE with the number of the line, also when the state does not have the digest that the
// dump says; ERR for a newer version; of `next`.
absl::StatusOr<Timestamp> ReadDump(
    const std::function<absl::StatusOr<std::optional<std::string>>()>& next, Store* store);

}  // namespace roster

#endif  // ROSTER_ENGINE_MAINTENANCE_DUMP_H_
