// SPDX-License-Identifier: Apache-2.0
//
// Fetching memory ahead of its use. Thread rule: any thread.
#ifndef ROSTER_STORAGE_BASE_PREFETCH_H_
#define ROSTER_STORAGE_BASE_PREFETCH_H_

namespace roster {

// Has the processor fetch the cache line of an address, which need not be valid.
inline void PrefetchLine(const void* address) {
  __builtin_prefetch(address);
  // GCC takes a function that does nothing else for one without effect, and drops the calls of it.
  asm volatile("");
}

}  // namespace roster

#endif  // ROSTER_STORAGE_BASE_PREFETCH_H_
