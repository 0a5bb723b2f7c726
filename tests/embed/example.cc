// SPDX-License-Identifier: Apache-2.0
//
// The README's example as a program of somebody who embeds Roster: it sees the contract only.
#include <cstdio>
#include <string>

#include "roster/database.h"

int main(int argc, char** argv) {
  const std::string directory = argc > 1 ? argv[1] : "data";
  auto db = roster::Database::Open(directory, {});
  if (!db.ok()) return 1;
  (void)(*db)->Write(roster::Track{.identities = {{"email", "jo@example.com"}}, .event = "order"});
  auto answer = (*db)->Execute("find email where did \"order\" at least 1 times", {});
  if (!answer.ok()) return 1;
  const auto& table = std::get<roster::Table>(answer->data);
  std::printf("%s\n", std::get<std::string>(table.rows.at(0).at(0)).c_str());
  return std::get<std::string>(table.rows.at(0).at(0)) == "jo@example.com" ? 0 : 1;
}
