// SPDX-License-Identifier: Apache-2.0
//
// What an input of the snapshot fuzz target is made of. Thread rule: plain values.
#ifndef ROSTER_TESTS_STORAGE_SNAPSHOT_INPUT_H_
#define ROSTER_TESTS_STORAGE_SNAPSHOT_INPUT_H_

#include <string_view>

namespace roster {

// One of every kind of section of a small store, by the byte that names it. An input is a run of:
// that byte, two bytes of length, the raw content.
inline constexpr std::string_view kFuzzedSections[] = {"store/schema",
                                                       "store/head",
                                                       "store/ids/0",
                                                       "store/rows/0",
                                                       "store/identities/names/0",
                                                       "store/identities/rows/0",
                                                       "store/trait/0/cells/0",
                                                       "store/trait/1/cells/0",
                                                       "store/trait/2/cells/0",
                                                       "store/trait/3/texts/0",
                                                       "store/trait/3/cells/0",
                                                       "store/trait/4/texts/0",
                                                       "store/trait/4/cells/0",
                                                       "store/trait/5/texts/0",
                                                       "store/trait/5/cells/0",
                                                       "store/trait/6/cells/0",
                                                       "store/event/0/blocks/0",
                                                       "store/event/0/blocks/1",
                                                       "store/event/0/1/texts/0",
                                                       "store/identities/homes/0",
                                                       "store/event/1/blocks/0",
                                                       "store/event/1/1/texts/0",
                                                       "store/event/2/blocks/0"};

}  // namespace roster

#endif  // ROSTER_TESTS_STORAGE_SNAPSHOT_INPUT_H_
