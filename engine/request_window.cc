// SPDX-License-Identifier: Apache-2.0
#include "engine/request_window.h"

namespace roster {

const FirstOutcome* RequestWindow::Find(std::string_view request_id) const {
  const auto it = outcomes_.find(request_id);
  return it == outcomes_.end() ? nullptr : &it->second;
}

void RequestWindow::Add(std::string_view request_id, const FirstOutcome& outcome) {
  if (!outcomes_.try_emplace(std::string(request_id), outcome).second) return;
  order_.emplace_back(request_id);
  if (order_.size() <= kMaxRequests) return;
  outcomes_.erase(order_.front());
  order_.pop_front();
}

}  // namespace roster
