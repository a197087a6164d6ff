#include "bindings/ssh/known_hosts.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "bindings/ssh/wildcard.hpp"
#include "bindings/ssh/wire.hpp"

namespace opshost::ssh {

namespace {

std::string_view next_word(std::string_view& line) {
  const std::size_t begin = line.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return line = {};
  line.remove_prefix(begin);
  const std::string_view word = line.substr(0, line.find_first_of(" \t\r"));
  line.remove_prefix(word.size());
  return word;
}

/// "|1|salt|hash": HMAC-SHA1 of the name under the salt.
bool is_hash_of(std::string_view entry, const std::string& name) {
  entry.remove_prefix(3);
  const std::size_t bar = entry.find('|');
  if (bar == std::string_view::npos) return false;
  const std::string salt = from_base64(entry.substr(0, bar));
  const std::string wanted = from_base64(entry.substr(bar + 1));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const void* text = name.data();
  if (salt.empty() || HMAC(EVP_sha1(), salt.data(), static_cast<int>(salt.size()),
                           static_cast<const unsigned char*>(text), name.size(), digest.data(), &size) == nullptr) {
    return false;
  }
  const void* bytes = digest.data();
  return wanted == std::string_view(static_cast<const char*>(bytes), size);
}

bool names_host(std::string_view names, const std::string& name) {
  if (names.starts_with("|1|")) return is_hash_of(names, name);
  return matches_list(names, name);
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text;
}

}  // namespace

KnownHosts KnownHosts::parse(std::string_view text, const std::string& file) {
  KnownHosts hosts;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    std::string_view names = next_word(line);
    if (names.empty() || names.front() == '#') continue;
    const bool revoked = names == "@revoked";
    if (names.front() == '@' && !revoked) continue;
    if (revoked) names = next_word(line);
    const std::string_view type = next_word(line);
    std::string key = from_base64(next_word(line));
    if (names.empty() || key.empty() || key_type(key) != type) continue;
    hosts.entries_.push_back({std::string(names), {std::string(type), std::move(key), revoked, file, number}});
  }
  return hosts;
}

std::vector<KnownKey> KnownHosts::keys_of(const std::string& name) const {
  const std::string wanted = lower_case(name);
  std::vector<KnownKey> keys;
  for (const Entry& entry : entries_) {
    if (names_host(entry.names, wanted)) keys.push_back(entry.key);
  }
  return keys;
}

std::string known_name(const std::string& host, int port) {
  return port == 22 ? host : "[" + host + "]:" + std::to_string(port);
}

std::string known_line(const std::string& name, std::string_view public_key) {
  return name + " " + key_type(public_key) + " " + base64(public_key) + "\n";
}

}  // namespace opshost::ssh
