// SPDX-License-Identifier: Apache-2.0
//
// Bytes as a client may send them, in pieces of the length that the first byte says, to a
// connection over a simulated line: nothing may crash, hang or grow.
#include <cstddef>
#include <cstdint>

#include "tests/server/simulation.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  roster::server::Simulation simulation;
  roster::server::SimulatedClient client = simulation.Connect();
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  for (const size_t piece = data[0] + 1; !bytes.empty();
       bytes.remove_prefix(std::min(piece, bytes.size()))) {
    client.Send(bytes.substr(0, piece));
  }
  client.End();
  return 0;
}
