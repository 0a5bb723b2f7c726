// SPDX-License-Identifier: Apache-2.0
//
// People who order things, what a store of them leaves, and all that is known of them. Thread rule:
// that of the database.
#ifndef ROSTER_TESTS_ENGINE_ORDERS_H_
#define ROSTER_TESTS_ENGINE_ORDERS_H_

#include <catch2/catch.hpp>
#include <string>
#include <variant>
#include <vector>

#include "tests/disk/faulty_file_system.h"
#include "tests/engine/simulation.h"

namespace roster {

// Writes `count` things from number `first` on: events of six users, traits, a merge now and then.
inline int Script(Database* db, int first, int count) {
  int done = 0;
  for (int i = first; i < first + count; ++i) {
    const std::string user = "u" + std::to_string(i % 6);
    absl::Status status =
        db->Write(Event(user, "order", "m" + std::to_string(i), {{"n", double(i)}, {"t", user}}),
                  {.request_id = "r" + std::to_string(i), .actor = {}})
            .status();
    if (status.ok() && i % 4 == 1) {
      status = db->Write(Traits({User(user), {"device_id", "d" + std::to_string(i % 3)}},
                                {{"plan", "p" + std::to_string(i)}}))
                   .status();
    }
    if (!status.ok()) break;
    ++done;
  }
  return done;
}

// All that a client can ask for, as text.
inline std::string Everything(Database* db) {
  std::string text;
  for (int user = 0; user < 6; ++user) {
    const auto got = db->Get(User("u" + std::to_string(user)), {.max_events = 1000});
    if (!got.ok()) continue;
    const Profile& profile = got->profile;
    text += "p" + std::to_string(profile.id.value) + ":" + std::to_string(profile.created_at.ms);
    for (const auto& [id, retired] : profile.identities) {
      text += " " + id.space + "=" + id.value + (retired ? " retired" : "");
    }
    for (const TraitEntry& trait : profile.traits) {
      text += " " + trait.name + "@" + std::to_string(trait.time.ms);
      if (const auto* value = std::get_if<std::string>(&trait.value)) text += "=" + *value;
    }
    for (const EventEntry& event : profile.events) {
      text += " e" + std::to_string(event.id) + "@" + std::to_string(event.time.ms) + "/" +
              std::to_string(event.properties.size());
    }
    text += "\n";
  }
  return text;
}

// Leaves a store of several snapshots with a log behind them, all of it in the directory still;
// returns Everything of it.
inline std::string LeaveSnapshots(FaultyFileSystem* files) {
  World world(files);
  const auto db = world.Open({.log_file_bytes = 5000});
  for (int round = 0; round < 3; ++round) {
    REQUIRE(Script(db.get(), round * 10, 10) == 10);
    REQUIRE(db->Snapshot().ok());
  }
  REQUIRE(Script(db.get(), 30, 4) == 4);
  return Everything(db.get());
}

// The paths of the snapshots, oldest first.
inline std::vector<std::string> SnapshotPaths(const FaultyFileSystem& files) {
  std::vector<std::string> snapshots;
  for (const auto& [path, bytes] : files.Files()) {
    if (path.ends_with(".snap")) snapshots.push_back(path);
  }
  return snapshots;
}

inline size_t NumFiles(const FaultyFileSystem& files, const std::string& part) {
  size_t count = 0;
  for (const auto& [path, bytes] : files.Files()) count += path.find(part) != std::string::npos;
  return count;
}

}  // namespace roster

#endif  // ROSTER_TESTS_ENGINE_ORDERS_H_
