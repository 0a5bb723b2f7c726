// SPDX-License-Identifier: Apache-2.0
//
// The digest of a state: a sum of hashes over all that a client can see of it. Equal for states
// that show the same, however they came to be: rows, chunks, codes, numbers of identities and the
// order of arrival do not enter. Thread rule: pure function of an immutable view.
// Source: storage/FORMAT.md, "Digest of the state".
#ifndef ROSTER_STORAGE_MEMORY_DIGEST_H_
#define ROSTER_STORAGE_MEMORY_DIGEST_H_

#include "storage/base/digest.h"
#include "storage/memory/read_view.h"

namespace roster {

// Cost: a pass over all cells and events (bench/snapshot_bench.cc); memory of 8 bytes for each
// identity and for each text of one trait or event type at a time.
StateDigest DigestOf(const ReadView& view);

}  // namespace roster

#endif  // ROSTER_STORAGE_MEMORY_DIGEST_H_
