// SPDX-License-Identifier: Apache-2.0
//
// Stands in for libFuzzer where it is not: feeds a fuzz target the empty input, the files in the
// folders that are its arguments, each also with bytes changed, and random bytes from ROSTER_SEED.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr int kVariants = 100;
constexpr int kRandomInputs = 2000;
constexpr size_t kMaxRandomBytes = 300;

void Feed(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

std::vector<std::string> ReadFolder(const char* folder) {
  std::vector<std::string> inputs;
  if (!std::filesystem::is_directory(folder)) return inputs;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

}  // namespace

int main(int argc, char** argv) {
  const char* given = std::getenv("ROSTER_SEED");
  const uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "ROSTER_SEED=" << seed << std::endl;
  std::mt19937_64 random(seed);
  int fed = 1;
  Feed("");
  for (int i = 1; i < argc; ++i) {
    for (const std::string& input : ReadFolder(argv[i])) {
      Feed(input);
      for (int variant = 0; variant < kVariants && !input.empty(); ++variant, ++fed) {
        std::string changed = input;
        changed[random() % changed.size()] = static_cast<char>(random());
        if (variant % 4 == 0) changed.resize(random() % changed.size());
        Feed(changed);
      }
    }
  }
  for (int i = 0; i < kRandomInputs; ++i, ++fed) {
    std::string input(random() % kMaxRandomBytes, '\0');
    for (char& byte : input) byte = static_cast<char>(random());
    Feed(input);
  }
  std::cout << "fed " << fed << " inputs" << std::endl;
  return 0;
}
