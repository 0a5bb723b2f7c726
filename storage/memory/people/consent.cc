// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/people/consent.h"

#include <map>
#include <tuple>
#include <utility>

#include "storage/memory/people/own_names.h"

namespace roster {
namespace {

// The greater one stays.
int Guard(ConsentDecision decision) {
  switch (decision) {
    case ConsentDecision::kGranted:
      return 0;
    case ConsentDecision::kUnknown:
      return 1;
    case ConsentDecision::kWithdrawn:
      return 2;
  }
  return 1;
}

}  // namespace

std::vector<StandingConsent> ConsentStanding(const State& state, RowId row,
                                             std::optional<Timestamp> until) {
  // By channel, and address or home.
  std::map<std::tuple<std::string, std::string, ProfileId>, StandingConsent> latest;
  for (const OwnRecord& record : OwnRecordsOf(state, row, kConsentRecords)) {
    if (until && record.time() > *until) break;
    StandingConsent said{record.Text("channel"),
                         static_cast<ConsentDecision>(record.Integer("decision")), record};
    const std::string address = record.Text("address");
    const ProfileId home = address.empty() ? record.home() : ProfileId{};
    const auto [known, is_new] = latest.try_emplace({said.channel, address, home}, said);
    const auto later = [](const StandingConsent& a, const StandingConsent& b) {
      return std::pair(a.record.time(), Guard(a.decision)) <
             std::pair(b.record.time(), Guard(b.decision));
    };
    if (!is_new && later(known->second, said)) known->second = std::move(said);
  }
  std::vector<StandingConsent> consent;
  for (auto& [of, said] : latest) {
    if (consent.empty() || consent.back().channel != said.channel) {
      consent.push_back(std::move(said));
      continue;
    }
    const auto guarded = [](const StandingConsent& a, const StandingConsent& b) {
      return std::pair(Guard(a.decision), a.record.time()) <
             std::pair(Guard(b.decision), b.record.time());
    };
    if (guarded(consent.back(), said)) consent.back() = std::move(said);
  }
  return consent;
}

}  // namespace roster
