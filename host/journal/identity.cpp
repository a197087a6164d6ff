#include "host/journal/identity.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "host/base/account.hpp"

namespace opshost::journal {

namespace {

std::string user_name() {
  const auto account = find_account_with_id(::getuid());
  return account ? account->name : "uid " + std::to_string(::getuid());
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

}  // namespace

Value identity() {
  ValueMap who{{"user", user_name()}};
  if (const auto sudo = environment("SUDO_USER"); !sudo.empty()) who.emplace_back("sudo_user", sudo);
  // "CLIENT PORT SERVER PORT"
  auto client = environment("SSH_CONNECTION");
  if (client.empty()) client = environment("SSH_CLIENT");
  if (!client.empty()) who.emplace_back("client", client.substr(0, client.find(' ')));
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) == 0) who.emplace_back("host", std::string(host.data()));
  who.emplace_back("pid", static_cast<std::int64_t>(::getpid()));
  return who;
}

std::string identity_text(const Value& identity) {
  const auto sudo = text_field(identity, "sudo_user");
  const auto user = text_field(identity, "user");
  std::string text = sudo.empty() ? user : sudo + " (as " + user + ")";
  if (const auto client = text_field(identity, "client"); !client.empty()) text += " from " + client;
  if (const auto host = text_field(identity, "host"); !host.empty()) text += " on " + host;
  return text;
}

}  // namespace opshost::journal
