// SPDX-License-Identifier: Apache-2.0
//
// The words that the generated data set is made of. All are made up or general; addresses end in
// .example. Lists are in a fixed order: their places are the codes of `Dataset`.
// Thread rule: constants and a table that is built once.
#ifndef ROSTER_SERVER_TOOLS_DATASET_WORDS_H_
#define ROSTER_SERVER_TOOLS_DATASET_WORDS_H_

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace roster::server {

// In thousandths of all events; the sum is 1,000.
struct EventTypeShare {
  std::string_view name;
  int permille;
};
inline constexpr std::array<EventTypeShare, 12> kEventTypes = {{{"page_view", 450},
                                                                {"product_view", 180},
                                                                {"session_start", 100},
                                                                {"message_received", 80},
                                                                {"email_open", 70},
                                                                {"add_to_cart", 40},
                                                                {"email_click", 30},
                                                                {"purchase", 30},
                                                                {"form_submit", 10},
                                                                {"goal_completed", 5},
                                                                {"signup", 3},
                                                                {"support_ticket", 2}}};

inline constexpr std::array<std::string_view, 8> kChannels = {
    "web", "ios", "android", "email", "sms", "whatsapp", "messenger", "store"};
inline constexpr std::array<std::string_view, 4> kPlans = {"free", "pro", "team", "enterprise"};
inline constexpr std::array<std::string_view, 6> kMailDomains = {"gmail.example", "outlook.example",
                                                                 "yahoo.example", "icloud.example",
                                                                 "mail.example",  "work.example"};

// Lists that are put together from parts.
struct DatasetWords {
  std::vector<std::string> first_names;  // 1,000
  std::vector<std::string> last_names;   // 1,000
  std::vector<std::string> companies;    // 50,000
  std::vector<std::string> countries;    // 60, the most frequent first
  std::vector<std::string> cities;       // 2,000
  std::vector<std::string> categories;   // 50
  std::vector<std::string> topics;       // 200
  std::vector<std::string> campaigns;    // 100
  std::vector<std::string> labels;       // 40
};

// The one table; never destroyed.
const DatasetWords& Words();

}  // namespace roster::server

#endif  // ROSTER_SERVER_TOOLS_DATASET_WORDS_H_
