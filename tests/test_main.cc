// SPDX-License-Identifier: Apache-2.0
//
// The main of every test program. `ROSTER_SEED=n` repeats a random test; each prints its seed.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
