// SPDX-License-Identifier: Apache-2.0
//
// ROSTER_CHECK: our own mistakes only, never input or file content. Prints and aborts.
#ifndef ROSTER_STORAGE_BASE_CHECK_H_
#define ROSTER_STORAGE_BASE_CHECK_H_

#include <cstdio>
#include <cstdlib>

#define ROSTER_CHECK(condition)                                                          \
  do {                                                                                   \
    if (!(condition)) {                                                                  \
      std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                      \
    }                                                                                    \
  } while (false)

#ifdef NDEBUG
#define ROSTER_DCHECK(condition) \
  do {                           \
  } while (false && (condition))
#else
#define ROSTER_DCHECK(condition) ROSTER_CHECK(condition)
#endif

#endif  // ROSTER_STORAGE_BASE_CHECK_H_
