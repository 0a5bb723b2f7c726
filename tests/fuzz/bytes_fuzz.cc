// SPDX-License-Identifier: Apache-2.0
//
// ByteReader over any bytes: it never reads past the end, a failure stays, and what it read is
// written back to bytes that read the same. The first byte of each step chooses what is read.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/bytes.h"
#include "storage/base/check.h"

namespace roster {
namespace {

// Reads one value of the kind that `choice` names and writes it to `writer`.
void Copy(uint8_t choice, ByteReader* reader, ByteWriter* writer) {
  switch (choice % 4) {
    case 0:
      return writer->Fixed(reader->Fixed<uint64_t>());
    case 1:
      return writer->Varint(reader->Varint());
    case 2:
      return writer->Signed(reader->Signed());
    default:
      return writer->Text(reader->Text());
  }
}

void Check(std::string_view bytes) {
  ByteReader reader(bytes);
  while (!reader.failed() && !reader.at_end()) {
    const uint8_t choice = reader.Byte();
    std::string once;
    ByteWriter first(&once);
    Copy(choice, &reader, &first);
    ROSTER_CHECK(reader.position() + reader.remaining() == bytes.size());
    ByteReader again(once);
    std::string twice;
    ByteWriter second(&twice);
    Copy(choice, &again, &second);
    ROSTER_CHECK(!again.failed() && again.at_end() && once == twice);
  }
  if (!reader.failed()) return;
  ROSTER_CHECK(reader.Varint() == 0 && reader.Text().empty() && reader.Fixed<uint32_t>() == 0);
  ROSTER_CHECK(reader.failed());
}

}  // namespace
}  // namespace roster

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  roster::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
