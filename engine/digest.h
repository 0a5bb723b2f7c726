// SPDX-License-Identifier: Apache-2.0
//
// A digest of a command's content, to tell a client's retry from another command under the same
// request id. Stands in commits. Thread rule: pure.
#ifndef ROSTER_ENGINE_DIGEST_H_
#define ROSTER_ENGINE_DIGEST_H_

#include <cstdint>

#include "roster/write.h"

namespace roster {

uint64_t DigestOf(const Batch& batch);

}  // namespace roster

#endif  // ROSTER_ENGINE_DIGEST_H_
