// SPDX-License-Identifier: Apache-2.0
//
// Little-endian bytes to and from memory: the primitives of every file format of ours.
// Thread rule: not shared. Source: storage/FORMAT.md, "Primitives".
#ifndef ROSTER_STORAGE_BASE_BYTES_H_
#define ROSTER_STORAGE_BASE_BYTES_H_

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace roster {

static_assert(std::endian::native == std::endian::little, "the formats are written as in memory");

// Appends primitives to a string.
class ByteWriter {
 public:
  explicit ByteWriter(std::string* out) : out_(out) {}

  template <typename T>
  void Fixed(T value) {
    static_assert(std::is_trivially_copyable_v<T>);
    out_->append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void Byte(uint8_t value) { out_->push_back(static_cast<char>(value)); }
  void Varint(uint64_t value) {
    std::array<char, 10> bytes;
    size_t size = 0;
    for (; value >= 0x80; value >>= 7) bytes[size++] = static_cast<char>(value | 0x80);
    bytes[size++] = static_cast<char>(value);
    out_->append(bytes.data(), size);  // to grow a byte at a time is dearer
  }
  // Zigzag, so that small negative numbers are short.
  void Signed(int64_t value) {
    Varint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
  }
  // Length, then the bytes.
  void Text(std::string_view text) {
    Varint(text.size());
    out_->append(text);
  }

 private:
  std::string* out_;
};

// Reads primitives; a read past the end or a malformed varint sets `failed` for good and gives
// zeros and empty text, so that a decoder checks once at its end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  T Fixed() {
    static_assert(std::is_trivially_copyable_v<T>);
    T value{};
    if (!Has(sizeof(T))) return value;
    std::memcpy(&value, bytes_.data() + position_, sizeof(T));
    position_ += sizeof(T);
    return value;
  }
  uint8_t Byte() { return Fixed<uint8_t>(); }
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = Byte();
      if (failed_) return 0;
      if (shift == 63 && byte > 1) break;
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    failed_ = true;
    return 0;
  }
  int64_t Signed() {
    const uint64_t raw = Varint();
    return static_cast<int64_t>(raw >> 1) ^ -static_cast<int64_t>(raw & 1);
  }
  // Lifetime: the view points into the reader's bytes.
  std::string_view Text() { return Bytes(Varint()); }
  // So many bytes as they are. Lifetime: as Text.
  std::string_view Bytes(uint64_t size) {
    if (failed_ || !Has(size)) return {};
    const std::string_view bytes = bytes_.substr(position_, size);
    position_ += size;
    return bytes;
  }

  bool failed() const { return failed_; }
  bool at_end() const { return position_ == bytes_.size(); }
  size_t position() const { return position_; }
  size_t remaining() const { return bytes_.size() - position_; }
  void Fail() { failed_ = true; }

 private:
  bool Has(uint64_t size) {
    if (!failed_ && size <= bytes_.size() - position_) return true;
    failed_ = true;
    return false;
  }

  std::string_view bytes_;
  size_t position_ = 0;
  bool failed_ = false;
};

}  // namespace roster

#endif  // ROSTER_STORAGE_BASE_BYTES_H_
