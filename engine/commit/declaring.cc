// SPDX-License-Identifier: Apache-2.0
#include "engine/commit/declaring.h"

#include "roster/error.h"

namespace roster {

absl::Status DoDeclare(const Declare&, Effects*) {
  return MakeError(ErrorCode::kParse, "no declarations yet");
}

}  // namespace roster
