// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/people/device_owners.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace roster {

std::vector<DeviceSpan> DeviceSpans(std::vector<DeviceMark> marks) {
  // Of one time a logout comes first: who identifies then has the device.
  std::sort(marks.begin(), marks.end(), [](const DeviceMark& a, const DeviceMark& b) {
    return std::tuple(a.time, a.person.value != 0, a.order) <
           std::tuple(b.time, b.person.value != 0, b.order);
  });
  marks.insert(marks.begin(), {Timestamp{std::numeric_limits<int64_t>::min()}, 0, {}});
  std::vector<DeviceSpan> spans;
  for (size_t i = 0; i < marks.size(); ++i) {
    ProfileId owner = marks[i].person;
    if (owner.value == 0 && i + 1 < marks.size()) owner = marks[i + 1].person;
    if (!spans.empty() && spans.back().begin == marks[i].time) spans.pop_back();
    if (!spans.empty() && owner.value != 0 && spans.back().owner == owner) continue;
    spans.push_back({marks[i].time, owner});
  }
  return spans;
}

size_t SpanAt(absl::Span<const DeviceSpan> spans, Timestamp time) {
  const auto behind = std::upper_bound(spans.begin(), spans.end(), time,
                                       [](Timestamp t, const auto& s) { return t < s.begin; });
  return static_cast<size_t>(behind - spans.begin()) - 1;
}

}  // namespace roster
