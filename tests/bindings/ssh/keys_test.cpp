// Private keys, known hosts and configuration, without a server.
#include <map>

#include "bindings/ssh/bcrypt_pbkdf.hpp"
#include "bindings/ssh/client_config.hpp"
#include "bindings/ssh/command_line.hpp"
#include "bindings/ssh/known_hosts.hpp"
#include "bindings/ssh/private_key.hpp"
#include "bindings/ssh/wildcard.hpp"
#include "bindings/ssh/wire.hpp"
#include "tests/bindings/ssh/support.hpp"

namespace opshost::ssh::test {

namespace {

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4U];
    text += kDigits[static_cast<unsigned char>(byte) & 15U];
  }
  return text;
}

ClientConfig config_for(const std::string& host, const std::map<std::string, std::string>& files) {
  ClientConfigReader reader(host, "/home/ops", [&](const std::string& path) {
    const auto found = files.find(path);
    return found == files.end() ? std::nullopt : std::optional(found->second);
  });
  reader.add_file("/home/ops/.ssh/config");
  reader.add_file("/etc/ssh/ssh_config");
  return reader.take();
}

}  // namespace

TEST_CASE("bcrypt_pbkdf gives what OpenBSD's gives") {
  CHECK(hex(bcrypt_pbkdf("password", "salt", 4, 32)) ==
        "5bbf0cc293587f1c3635555c27796598d47e579071bf427e9d8fbe842aba34d9");
  CHECK(hex(bcrypt_pbkdf("password", "salt", 8, 64)) ==
        "e1367ec5151a33faac4cc1c144cd23fa15d5548493ecc99b9b5d9c0d3b27bec7"
        "6227ea66088b849b20ab7aa478010246e74bba51723fefa9f9474d6508845e8d");
}

TEST_CASE("private keys of every format have the public key that stands beside them") {
  for (const char* name : {"user_ed25519", "user_ecdsa", "user_rsa", "user_rsa_pem", "user_ed25519_passphrase"}) {
    CAPTURE(name);
    const auto key = PrivateKey::parse(text_of(lab_key(name)), lab("LAB_SSH_PASSPHRASE"));
    std::istringstream line(text_of(lab_key(std::string(name) + ".pub")));
    std::string type;
    std::string blob;
    line >> type >> blob;
    CHECK(key->type() == type);
    CHECK(base64(key->public_key()) == blob);
  }
}

TEST_CASE("damaged keys are refused, wherever they are cut") {
  const std::string text = text_of(lab_key("user_ed25519"));
  for (std::size_t size = 0; size + 40 < text.size(); size += 7) {
    const Error error = error_of([&] { PrivateKey::parse(text.substr(0, size), std::nullopt); });
    CHECK(error.code() == "ssh.key");
  }
}

TEST_CASE("known_hosts: names, patterns, ports, hashes, revoked keys, and lines that are none") {
  const std::string key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2kBv5kRlVwGcfZAhC9Yf1aEfL0b1rP8vQ0Xq6hV3Zb";
  const auto hosts =
      KnownHosts::parse("# comment\n\ndb1,DB2 " + key + " me\n[db3]:2222 " + key + "\n*.lan,!bad.lan " + key +
                            "\n@revoked db4 " + key + "\n@cert-authority * " + key + "\ndb5 ssh-rsa AAAA\ndb6\n",
                        "/k");
  CHECK(hosts.keys_of("db1").size() == 1);
  CHECK(hosts.keys_of("db2").at(0).line == 3);
  CHECK(hosts.keys_of("db3").empty());
  CHECK(hosts.keys_of("[db3]:2222").size() == 1);
  CHECK(hosts.keys_of("a.lan").size() == 1);
  CHECK(hosts.keys_of("bad.lan").empty());
  CHECK(hosts.keys_of("db4").at(0).revoked);
  CHECK(hosts.keys_of("db5").empty());
  CHECK(hosts.keys_of("db6").empty());
}

TEST_CASE("ssh_config: the first value counts, identities add up, Match and Include") {
  const auto config = config_for("db1", {{"/home/ops/.ssh/config",
                                          "Host db*\n  HostName=%h.lan\n  Port 2222\n  IdentityFile ~/.ssh/a\n"
                                          "Host !db1 *\n  User wrong\nMatch host db1.lan\n  User ops\n"
                                          "Match exec \"true\"\n  User never\n"},
                                         {"/etc/ssh/ssh_config",
                                          "Port 22\nIdentityFile \"/keys/my key\"\nConnectTimeout 7\n"
                                          "ServerAliveInterval 3\nProxyJump none\n"}});
  CHECK(config.host_name == "db1.lan");
  CHECK(config.port == 2222);
  CHECK(config.user == "ops");
  CHECK(config.identity_files == std::vector<std::string>{"/home/ops/.ssh/a", "/keys/my key"});
  CHECK(config.connect_timeout == std::chrono::seconds(7));
  CHECK(config.alive_every == std::chrono::seconds(3));
  CHECK(config.proxy_jump == "");
  const Error error = error_of([] { config_for("x", {{"/etc/ssh/ssh_config", "Port 99999\n"}}); });
  CHECK(error.message() == "/etc/ssh/ssh_config:1: \"99999\" is no number that fits here; correct the file");
}

TEST_CASE("ssh_config: of ProxyJump and ProxyCommand the first is the way") {
  const auto config = [](const std::string& text) { return config_for("x", {{"/etc/ssh/ssh_config", text}}); };
  CHECK(config("ProxyCommand nc %h %p\nProxyJump j\n").proxy_command == "nc %h %p");
  CHECK(config("ProxyCommand nc %h %p\nProxyJump j\n").proxy_jump == std::nullopt);
  CHECK(config("ProxyJump j\nProxyCommand nc %h %p\n").proxy_command == std::nullopt);
  CHECK(config("ProxyCommand none\n").proxy_command == "");
  CHECK(config("IdentityAgent ~/agent\n").identity_agent == "/home/ops/agent");
}

TEST_CASE("ssh_config: times as OpenSSH writes them") {
  const auto timeout = [](const std::string& text) {
    return config_for("x", {{"/etc/ssh/ssh_config", "ConnectTimeout " + text + "\n"}}).connect_timeout;
  };
  CHECK(timeout("90") == std::chrono::seconds(90));
  CHECK(timeout("1m") == std::chrono::seconds(60));
  CHECK(timeout("1H30m5") == std::chrono::seconds(5405));
  CHECK(timeout("1d") == std::chrono::hours(24));
  CHECK(timeout("none") == Duration::zero());
  CHECK(timeout("0") == Duration::zero());
  CHECK(config_for("x", {{"/etc/ssh/ssh_config", "ServerAliveInterval 0\n"}}).alive_every == Duration::zero());
  for (const char* text : {"m", "1x", "-1", "1.5"}) {
    const Error error = error_of([&] { timeout(text); });
    CHECK(error.message() == std::string("/etc/ssh/ssh_config:1: \"") + text +
                                 "\" is no time (as \"90\", \"1m\", \"1h30m\"); correct the file");
  }
}

TEST_CASE("ProxyJump: users, ports, and addresses of both kinds") {
  const auto hops = jump_hops("ops@jump1:2222,jump2,[2001:db8::1]:22,2001:db8::2");
  REQUIRE(hops.size() == 4);
  CHECK(hops[0].user == "ops");
  CHECK(hops[0].port == 2222);
  CHECK(hops[1].host == "jump2");
  CHECK(hops[2].host == "2001:db8::1");
  CHECK(hops[3].host == "2001:db8::2");
  CHECK(!hops[3].port);
}

TEST_CASE("patterns with many stars take no time") {
  CHECK(matches_pattern("*.example.*", "db.EXAMPLE.com"));
  CHECK(!matches_pattern("db?", "db"));
  CHECK(!matches_pattern(std::string("*a*a*a*a*a*a*a*a*a*a*a*a") + "b", std::string(5000, 'a')));
}

TEST_CASE("words are quoted so that a shell reads them back") {
  CHECK(quoted("plain-1.2/x") == "plain-1.2/x");
  CHECK(quoted("") == "''");
  CHECK(quoted("it's") == "'it'\\''s'");
}

}  // namespace opshost::ssh::test
