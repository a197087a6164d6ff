#pragma once
// bcrypt_pbkdf: how OpenSSH makes a cipher's key from a passphrase.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace opshost::ssh {

/// `size` bytes. Slow on purpose: 16 rounds are about 50 ms. Throws std::invalid_argument where a part is empty.
std::string bcrypt_pbkdf(std::string_view passphrase, std::string_view salt, std::uint32_t rounds, std::size_t size);

}  // namespace opshost::ssh
