#pragma once
// What a fuzz target says of every input; libFuzzer keeps the input that makes one false.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

inline void holds(bool property, const char* what) {
  if (property) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

inline std::string text_of(const std::uint8_t* data, std::size_t size) { return {data, data + size}; }
