// SPDX-License-Identifier: Apache-2.0
#include "engine/reading/messages.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "storage/base/text.h"
#include "storage/base/unicode.h"

namespace roster {
namespace {

// The first that an event has names its message.
constexpr std::array<std::string_view, 5> kIds = {"message_id", "email_id", "sms_id", "push_id",
                                                  "notification_id"};
constexpr std::array<std::string_view, 3> kCampaigns = {kCampaignProperty, "campaign_name",
                                                        "campaign_id"};
// Channels that the name of a type may tell of.
constexpr std::array<std::string_view, 9> kChannels = {
    "email", "sms", "push", "whatsapp", "messenger", "instagram", "telegram", "rcs", "viber"};

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsCapital(char c) { return c >= 'A' && c <= 'Z'; }

// The last word of `Email Opened`, `email_opened`, `emailOpened`.
std::string LastWord(std::string_view type) {
  size_t begin = type.size();
  while (begin > 0 && IsLetter(type[begin - 1])) {
    --begin;
    if (IsCapital(type[begin]) && begin > 0 && !IsCapital(type[begin - 1])) break;
  }
  return ToLower(type.substr(begin));
}

// What is asked of the events of a type, which are none of a message when it has no step.
struct Form {
  std::optional<MessageStep> step;
  std::string_view channel;
  std::vector<PropertyId> ids;
  std::optional<PropertyId> channel_property;
  std::vector<PropertyId> campaigns;
};

Form FormOf(const EventTypeInfo& type) {
  Form form;
  form.step = StepOf(type.name);
  if (!form.step) return form;
  const std::string lower = ToLower(type.name);
  for (const std::string_view channel : kChannels) {
    if (form.channel.empty() && lower.find(channel) != std::string::npos) form.channel = channel;
  }
  for (const std::string_view id : kIds) {
    if (const auto property = type.FindProperty(id)) form.ids.push_back(*property);
  }
  for (const std::string_view campaign : kCampaigns) {
    if (const auto property = type.FindProperty(campaign)) form.campaigns.push_back(*property);
  }
  form.channel_property = type.FindProperty(kChannelProperty);
  return form;
}

// A text, or a whole number as its digits.
std::string NameOf(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<int64_t>(&value)) return std::to_string(*integer);
  const auto* number = std::get_if<double>(&value);
  constexpr double kExact = 9007199254740992;
  const bool whole =
      number != nullptr && std::abs(*number) <= kExact && *number == std::floor(*number);
  return whole ? std::to_string(static_cast<int64_t>(*number)) : std::string();
}

// A message as its events tell it, oldest first.
struct Life {
  MessageEntry entry;
  Timestamp begin;
  std::string_view channel_of_type;
  std::optional<Timestamp> last_delivered;
  std::optional<Timestamp> last_failed;

  void Note(MessageStep step, Timestamp time) {
    static constexpr std::array<std::optional<Timestamp> MessageEntry::*, 5> kTimes = {
        &MessageEntry::sent, &MessageEntry::delivered, &MessageEntry::opened,
        &MessageEntry::clicked, &MessageEntry::failed};
    std::optional<Timestamp>& first = entry.*kTimes[static_cast<size_t>(step)];
    if (!first) first = time;
    if (step == MessageStep::kDelivered) last_delivered = time;
    if (step == MessageStep::kFailed) last_failed = time;
  }

  // Who opened it has it, whatever failed.
  std::string State() const {
    if (entry.clicked) return "clicked";
    if (entry.opened) return "opened";
    if (last_failed && (!last_delivered || *last_failed >= *last_delivered)) return "failed";
    return last_delivered ? "delivered" : "sent";
  }
};

class Joiner {
 public:
  Joiner(const State& state, RowId row) : state_(state), row_(row) {
    forms_.resize(state.schema->events().size());
  }

  void Add(const FoundEvent& event) {
    std::optional<Form>& form = forms_[event.type.value];
    if (!form) form = FormOf(state_.schema->event(event.type));
    if (!form->step) return;
    std::string id = First(event, form->ids);
    if (id.empty()) return;
    const auto [known, is_new] = lives_.try_emplace(std::move(id));
    Life& life = known->second;
    if (is_new) {
      life.entry.id = known->first;
      life.begin = event.time;
    }
    life.Note(*form->step, event.time);
    if (life.entry.channel.empty() && form->channel_property) {
      life.entry.channel = First(event, {&*form->channel_property, 1});
    }
    if (life.channel_of_type.empty()) life.channel_of_type = form->channel;
    if (life.entry.campaign.empty()) life.entry.campaign = First(event, form->campaigns);
  }

  std::vector<MessageEntry> Newest(uint32_t limit) && {
    std::vector<Life*> newest;
    for (auto& [id, life] : lives_) newest.push_back(&life);
    std::sort(newest.begin(), newest.end(), [](const Life* a, const Life* b) {
      return std::tie(a->begin, a->entry.id) > std::tie(b->begin, b->entry.id);
    });
    if (newest.size() > limit) newest.resize(limit);
    std::vector<MessageEntry> entries;
    for (Life* life : newest) {
      if (life->entry.channel.empty()) life->entry.channel = life->channel_of_type;
      life->entry.state = life->State();
      entries.push_back(std::move(life->entry));
    }
    return entries;
  }

 private:
  // The first of these properties that says something.
  std::string First(const FoundEvent& event, absl::Span<const PropertyId> properties) const {
    const EventPartition& partition = state_.partition(event.type);
    for (const PropertyId property : properties) {
      const auto bits = PropertyOf(partition.block(ChunkOf(row_)), event.ref, property);
      if (!bits) continue;
      std::string name = NameOf(DecodeCell(partition.properties()[property.value], *bits));
      if (!name.empty()) return name;
    }
    return {};
  }

  const State& state_;
  const RowId row_;
  std::vector<std::optional<Form>> forms_;  // by EventTypeId
  std::map<std::string, Life> lives_;       // by message
};

}  // namespace

std::optional<MessageStep> StepOf(std::string_view type) {
  using enum MessageStep;
  constexpr std::array<std::pair<std::string_view, MessageStep>, 13> kSteps = {
      {{"sent", kSent},
       {"delivered", kDelivered},
       {"opened", kOpened},
       {"read", kOpened},
       {"seen", kOpened},
       {"viewed", kOpened},
       {"clicked", kClicked},
       {"tapped", kClicked},
       {"failed", kFailed},
       {"bounced", kFailed},
       {"dropped", kFailed},
       {"rejected", kFailed},
       {"undelivered", kFailed}}};
  const std::string last = LastWord(type);
  for (const auto& [word, step] : kSteps) {
    if (last == word) return step;
  }
  // Of a chat it is what the person wrote.
  const bool push = last == "received" && ToLower(type).find("push") != std::string::npos;
  return push ? std::optional(kDelivered) : std::nullopt;
}

std::vector<MessageEntry> MessagesOf(const State& state, RowId row,
                                     absl::Span<const FoundEvent> come, uint32_t limit) {
  Joiner joiner(state, row);
  for (const FoundEvent& event : come) joiner.Add(event);  // by time
  return std::move(joiner).Newest(limit);
}

}  // namespace roster
