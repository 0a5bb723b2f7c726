// SPDX-License-Identifier: Apache-2.0
//
// What became of messages: events of several types joined by the message's id.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "engine/reading/messages.h"
#include "tests/engine/people.h"

namespace roster {
namespace {

TEST_CASE("the last word of a type says which step it tells of", "[C30]") {
  using enum MessageStep;
  CHECK(StepOf("Email Sent") == kSent);
  CHECK(StepOf("Email Delivered") == kDelivered);
  CHECK(StepOf("email_opened") == kOpened);
  CHECK(StepOf("Email Link Clicked") == kClicked);
  CHECK(StepOf("Email Bounced") == kFailed);
  CHECK(StepOf("messageDelivered") == kDelivered);
  CHECK(StepOf("MESSAGE_FAILED") == kFailed);
  CHECK(StepOf("whatsapp.message.read") == kOpened);
  CHECK(StepOf("Push Notification Received") == kDelivered);
  CHECK(StepOf("Push Notification Tapped") == kClicked);
  CHECK(StepOf("sms-undelivered") == kFailed);
  CHECK(StepOf("sent") == kSent);
  for (const char* none : {"", "consent", "Consent", "thread", "Message Received", "Unsubscribed",
                           "Email Marked as Spam", "sent by mail", "Email Sent 2", "\u00e9sent!"}) {
    CAPTURE(none);
    CHECK_FALSE(StepOf(none).has_value());
  }
}

struct Told {
  std::string type;
  int minute;
  std::string message;
};

Track Of(const Told& told, int number) {
  Track track = Event("u", told.type, "m" + std::to_string(number), {{"message_id", told.message}},
                      At(told.minute * kMinuteMs));
  if (told.type == "Email Opened") track.properties.push_back({"campaign", "spring"});
  return track;
}

TEST_CASE("a message's life is the same in whatever order it was told", "[C30][R12]") {
  std::vector<Told> told = {
      {"Email Sent", 0, "a"},       {"Email Delivered", 1, "a"},    {"Email Opened", 2, "a"},
      {"Email Opened", 5, "a"},     {"Email Link Clicked", 3, "a"}, {"Email Bounced", 9, "a"},
      {"Email Opened", 20, "b"},    {"Email Sent", 10, "c"},        {"Email Bounced", 11, "c"},
      {"Email Delivered", 12, "c"}, {"Email Sent", 30, "d"},        {"Email Bounced", 32, "d"},
      {"Email Delivered", 31, "d"}};
  const auto less = [](const Told& a, const Told& b) {
    return std::tie(a.message, a.minute) < std::tie(b.message, b.minute);
  };
  std::sort(told.begin(), told.end(), less);
  for (int round = 0; round < 3; ++round) {
    People people;
    for (size_t i = 0; i < told.size(); ++i) people.Ok(Of(told[i], static_cast<int>(i)));
    people.Always([&] {
      const std::vector<MessageEntry> messages = people.Get(User("u")).messages;
      REQUIRE(messages.size() == 4);
      CHECK(messages[0].id == "d");
      CHECK(messages[0].state == "failed");
      CHECK(messages[1].id == "b");
      CHECK(messages[1].state == "opened");
      CHECK_FALSE(messages[1].sent.has_value());
      CHECK(messages[1].campaign == "spring");
      CHECK(messages[2].id == "c");
      CHECK(messages[2].state == "delivered");
      CHECK(messages[2].failed == At(11 * kMinuteMs));
      CHECK(messages[3].id == "a");
      CHECK(messages[3].state == "clicked");
      CHECK(messages[3].opened == At(2 * kMinuteMs));
      CHECK(messages[3].failed == At(9 * kMinuteMs));
      CHECK(messages[3].channel == "email");
    });
    std::rotate(told.begin(), told.begin() + 5, told.end());
    if (round == 1) std::reverse(told.begin(), told.end());
  }
}

TEST_CASE("messages are asked for by a section, with a limit", "[C30]") {
  People people;
  for (int i = 0; i < 30; ++i) people.Ok(Of({"sms_sent", i, std::to_string(i)}, i));
  CHECK(people.Get(User("u")).messages.size() == 20);
  const auto some = people.db()->Get(User("u"), {.max_messages = 3});
  REQUIRE(some.ok());
  REQUIRE(some->profile.messages.size() == 3);
  CHECK(some->profile.messages[0].id == "29");
  CHECK(some->profile.messages[0].channel == "sms");
  const auto none =
      people.db()->Get(User("u"), {.sections = static_cast<uint32_t>(Section::kTraits)});
  REQUIRE(none.ok());
  CHECK(none->profile.messages.empty());
}

}  // namespace
}  // namespace roster
