// SPDX-License-Identifier: Apache-2.0
//
// Random mutations that fit a store, of every kind: values of every type, merges and what takes
// them apart, clears, things of the future, late declarations. Thread rule: not shared.
#ifndef ROSTER_TESTS_STORAGE_RANDOM_CHANGES_H_
#define ROSTER_TESTS_STORAGE_RANDOM_CHANGES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "storage/memory/store.h"

namespace roster {

class RandomChanges {
 public:
  explicit RandomChanges(uint64_t seed) : random_(seed) {}

  // What declares a few of everything; each is to be applied before the next is asked for.
  std::vector<Mutation> Declarations();
  // A mutation that fits `store`. Equal seeds and equal states give equal ones.
  Mutation Next(const Store& store);
  Mutation Create(const Store& store);

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  std::string Name() { return "name" + std::to_string(next_name_++); }
  ProfileId AnyProfile(const State& state);
  IdentityId AnyOrigin(const State& state);
  Timestamp AnyTime(const Store& store);
  IdentityId AnyAttached(const State& state);
  Value AnyValue(ValueType type, uint8_t scale);
  Mutation Declare(const State& state);
  Mutation Take(const Store& store);
  Mutation Change(const Store& store);
  Mutation Merge(const Store& store);
  Mutation Unmerge(const Store& store);
  Mutation Move(const Store& store);
  Mutation MoveName(const Store& store);
  Mutation Remove(const Store& store);
  Mutation Mark(const Store& store);
  Mutation Alter(const State& state);
  Mutation Expire(const Store& store);
  Mutation Attach(const Store& store);
  Mutation Set(const Store& store);
  Mutation Add(const Store& store);

  std::mt19937_64 random_;
  uint64_t next_name_ = 0;
  std::optional<MergeProfiles> merge_;  // whose record was the last mutation
};

// All that a client can see of a state, as text: by profile its ids, identities in order, cells
// with time and origin, events and records. Equal for states that show the same.
std::map<uint64_t, std::string> PictureOf(const ReadView& view);

// Whose each device is, as text: what is derived from marks.
std::string DevicesOf(const Store& store);

// Applies as a commit of its own. Fails the test when it does not fit.
void ApplyTo(Store* store, const Mutation& mutation);

}  // namespace roster

#endif  // ROSTER_TESTS_STORAGE_RANDOM_CHANGES_H_
