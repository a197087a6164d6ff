// A secret is not to be found in a redacted text, wherever it stood. The first byte of the input says how long the
// secret is, the rest is the secret and the text around it.
#include <algorithm>

#include "host/base/secret_index.hpp"
#include "tests/fuzz/property.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string rest = text_of(data + 1, size - 1);
  const std::size_t length = std::min<std::size_t>(data[0], rest.size());
  const std::string secret = rest.substr(0, length);
  const std::string around = rest.substr(length);

  opshost::SecretIndex index;
  index.add(secret);
  const std::string text = around.substr(0, around.size() / 2) + secret + around.substr(around.size() / 2);
  const std::string redacted = index.redact(text);
  // Asterisks of its own could be those that stand for it.
  const bool is_sought = secret.size() >= opshost::SecretIndex::kMinLength && secret.find('*') == std::string::npos;
  holds(!is_sought || redacted.find(secret) == std::string::npos, "the secret is gone");
  return 0;
}
